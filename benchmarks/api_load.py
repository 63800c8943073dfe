"""How fast the plan is served to many clients at once, idle and while plans run back to back.

    .venv/bin/python -m benchmarks.api_load [--seconds 10] [--clients 50]

Starts the real service in a process of its own against stand-ins for every outside service, on
SQLite and, where it answers, on MariaDB (a database of its own, dropped again), and loads it with
``wrk`` on loopback. Nothing is asserted, machines being noisy: the promise is p99 < 50 ms idle and
< 150 ms while plans run, with 50 clients on 2 cores that have nothing else to do.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.event_loop import databases, stand_ins

HOW_TO_GET_WRK = "wrk makes the load and is not installed; get it with: apt-get install wrk"
START_SECONDS = 60
PLAN = "/api/schedule"
_LINE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """How hard the service is pressed, and for how long."""

    clients: int
    seconds: int

    def put_on(self, url: str, headers: Mapping[str, str]) -> str:
        """Return the figures of one run of ``wrk``, as a line of the table."""
        more = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        command = ["wrk", "-t1", f"-c{self.clients}", f"-d{self.seconds}s", "--timeout", "10s"]
        said = subprocess.run(  # noqa: S603
            [*command, "--latency", *more, url], check=True, capture_output=True, text=True
        ).stdout
        ms = {name: float(number) * _MS[unit] for name, number, unit in _LINE.findall(said)}
        rate = float(said.split("Requests/sec:")[1].split()[0])
        line = f"{ms['50']:>9.1f}{ms['99']:>9.1f}{rate:>11.0f}"
        wrong = [
            each.strip() for each in said.splitlines() if "Non-2xx" in each or "errors" in each
        ]
        return " ".join((line, *wrong))


class Planning:
    """Plans back to back from a thread, and keeps how long each run took."""

    def __init__(self, base: str) -> None:
        """Prepare to press the button of the service at ``base``."""
        self.took_ms: list[float] = []
        self._base = base
        self._enough = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Plan until the block ends."""
        thread = threading.Thread(target=self._press)
        thread.start()
        try:
            yield
        finally:
            self._enough.set()
            thread.join()

    def _press(self) -> None:
        with httpx.Client(base_url=self._base, timeout=60) as client:
            while not self._enough.is_set():
                begun = time.perf_counter()
                state = client.post("/api/run_planner").raise_for_status().json()
                if state["last_outcome"] != "ok":
                    raise SystemExit(f"a run under load was not ok: {state}")
                self.took_ms.append(1000 * (time.perf_counter() - begun))

    def __str__(self) -> str:
        """Say how many runs there were and how long the median took."""
        median = statistics.median(self.took_ms) if self.took_ms else float("nan")
        return f"{len(self.took_ms)} plans, {median:.0f} ms each"


@contextmanager
def service(environ: Mapping[str, str], port: int) -> Iterator[str]:
    """Run the service in a process of its own; gives its address once it has a plan."""
    base = f"http://127.0.0.1:{port}"
    mine = {"DARKSTAR_SERVER__PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env=os.environ | environ | mine,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for_plan(base)
            yield base
        finally:
            process.terminate()


def _wait_for_plan(base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(base + PLAN).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the service had no plan within {START_SECONDS} s")


def measure(name: str, base: str, load: Load) -> None:
    """Print the lines of one database: idle, with an entity tag, without a plan, planning."""
    load_now = f"{os.getloadavg()[0]:.1f}"
    answer = httpx.get(base + PLAN)
    print(f"{name}: {len(answer.content) // 1024} KiB a plan, load of the machine {load_now}")
    known = {"If-None-Match": answer.headers["ETag"]}
    print(f"  {'health, for comparison':<26}{load.put_on(base + '/health', {})}")
    print(f"  {'idle':<26}{load.put_on(base + PLAN, {})}")
    print(f"  {'idle, If-None-Match':<26}{load.put_on(base + PLAN, known)}")
    planning = Planning(base)
    with planning.going_on():
        line = load.put_on(base + PLAN, {})
    print(f"  {'planning back to back':<26}{line}   {planning}")
    alone = Planning(base)
    with alone.going_on():
        time.sleep(load.seconds)
    print(f"  {'planning without clients':<26}{'':>29}   {alone}", flush=True)


async def main(load: Load, port: int) -> None:
    """Print the table of every database that answers."""
    if shutil.which("wrk") is None:
        raise SystemExit(HOW_TO_GET_WRK)
    print(f"{load.clients} clients, {load.seconds} s each, {os.cpu_count()} cores")
    print(f"  {'':<26}{'p50 ms':>9}{'p99 ms':>9}{'requests/s':>11}")
    with tempfile.TemporaryDirectory() as folder, stand_ins() as environ:
        async with databases(Path(folder)) as urls:
            for name, url in urls.items():
                mine = {"DARKSTAR_DATA_DIR": folder, "DARKSTAR_DATABASE__URL": url}
                with service(environ | mine, port) as base:
                    await asyncio.to_thread(measure, name, base, load)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=10, help="of each measurement")
    asked.add_argument("--clients", type=int, default=50)
    asked.add_argument("--port", type=int, default=18973, help="of the service, on loopback")
    given = asked.parse_args()
    asyncio.run(main(Load(given.clients, given.seconds), given.port))
