"""How long the event loop is held up while the real service starts and plans back to back.

``python benchmarks/event_loop.py --plans 30`` runs the application in this process against
stand-ins for every outside service (a process of their own), on SQLite and, where it answers, on
MariaDB. ``--blame 30`` also says where the loop stood when it was held up for longer than 30 ms.
A machine with other work shows its own waits too: ``own max`` is the longest the loop's thread
computed without a pause.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from app.jobs.warm_up import warm_up
from app.main import create_app
from app.settings import Settings
from app.settings.store.sources import load_settings

ROOT = Path(__file__).resolve().parent.parent
MARIADB = "mariadb+asyncmy://root@127.0.0.1:3306"
PROBE_SECONDS = 0.002


class Probe:
    """Wakes up every 2 ms and notes by phase how late it was and how long the loop computed, ms."""

    def __init__(self, blame_ms: float) -> None:
        """Note where the loop stood whenever it is held up for longer than ``blame_ms``."""
        self.lags_ms: dict[str, list[float]] = {}
        self.own_ms: dict[str, float] = {}
        self.blamed: Counter[str] = Counter()
        self.phase = "start"
        self._blame_ms = blame_ms
        self._beat = time.perf_counter()
        self._ended = threading.Event()

    async def watch(self) -> None:
        """Measure until cancelled."""
        loop_thread = threading.get_ident()
        watcher = threading.Thread(target=self._blame, args=(loop_thread,), daemon=True)
        watcher.start()
        try:
            while True:
                before, computed = time.perf_counter(), time.thread_time()
                await asyncio.sleep(PROBE_SECONDS)
                self._beat = time.perf_counter()
                lag_ms = 1000 * (self._beat - before - PROBE_SECONDS)
                self.lags_ms.setdefault(self.phase, []).append(lag_ms)
                own_ms = 1000 * (time.thread_time() - computed)
                self.own_ms[self.phase] = max(own_ms, self.own_ms.get(self.phase, 0.0))
        finally:
            self._ended.set()
            watcher.join()

    def _blame(self, loop_thread: int) -> None:
        seen = 0.0
        while self._blame_ms and not self._ended.wait(PROBE_SECONDS):
            beat = self._beat
            if beat == seen or 1000 * (time.perf_counter() - beat) < self._blame_ms:
                continue
            seen = beat
            stack = traceback.extract_stack(sys._current_frames()[loop_thread])  # noqa: SLF001
            ours = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in stack[-30:]]
            self.blamed[f"{self.phase}: " + " > ".join(ours[-12:])] += 1

    def row(self, phase: str) -> str:
        """Return one line of the table."""
        lags = sorted(self.lags_ms.get(phase, [0.0]))
        p50, p99 = (lags[int(len(lags) * share)] for share in (0.5, 0.99))
        late = sum(lag > 50 for lag in lags)  # noqa: PLR2004 - the promise
        numbers = f"{len(lags):>8}{p50:>8.1f}{p99:>8.1f}{lags[-1]:>8.1f}{late:>8}"
        return f"{phase:<24}{numbers}{self.own_ms.get(phase, 0.0):>8.1f}"


@contextmanager
def stand_ins() -> Iterator[dict[str, str]]:
    """Run the outside services in a process of their own; gives the environment that uses them."""
    command = [sys.executable, "-m", "tests.fakes", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        environ = {}
        while process.stdout and (line := process.stdout.readline()).startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            environ[name] = value
        try:
            yield environ
        finally:
            process.terminate()


@asynccontextmanager
async def databases(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Give the databases to measure on; one of MariaDB is made and dropped again."""
    found = {"SQLite": f"sqlite:///{folder}/darkstar.db"}
    name = f"darkstar_bench_{uuid.uuid4().hex[:10]}"
    engine = create_async_engine(f"{MARIADB}/mysql", isolation_level="AUTOCOMMIT")
    with suppress(OperationalError):
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        found["MariaDB"] = f"{MARIADB}/{name}"
    try:
        yield found
    finally:
        if "MariaDB" in found:
            async with engine.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name}"))
        await engine.dispose()


async def measure(settings: Settings, probe: Probe, *, database: str, plans: int) -> None:
    """Start the service, plan ``plans`` times, and look at the page after each."""
    probe.phase = f"{database}: start"
    watching = asyncio.create_task(probe.watch())
    app = create_app(settings)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")
    async with app.router.lifespan_context(app), client:
        log = app.state.services.job.log
        while log.last_outcome == "none":  # noqa: ASYNC110 - nothing of the service is changed
            await asyncio.sleep(PROBE_SECONDS)
        await client.get("/")
        for _ in range(plans):
            probe.phase = f"{database}: planning"
            state = (await client.post("/api/run_planner", timeout=60)).json()
            if state["last_outcome"] != "ok":
                raise SystemExit(f"{database}: {state}")
            probe.phase = f"{database}: page and REST"
            for path in ("/", "/api/schedule", "/api/status"):
                await client.get(path)
        probe.phase = f"{database}: stop"
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def main(plans: int, blame_ms: float) -> None:
    """Print the table of every database that answers."""
    probe = Probe(blame_ms)
    with tempfile.TemporaryDirectory() as folder, stand_ins() as environ:
        async with databases(Path(folder)) as urls:
            for database, url in urls.items():
                mine = {"DARKSTAR_DATA_DIR": folder, "DARKSTAR_DATABASE__URL": url}
                settings = load_settings(environ=environ | mine).settings
                await measure(settings, probe, database=database, plans=plans)
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {plans} plans")
    print(
        f"{'lag, ms':<24}{'samples':>8}{'p50':>8}{'p99':>8}{'max':>8}{'> 50 ms':>8}{'own max':>8}"
    )
    for phase in probe.lags_ms:
        print(probe.row(phase))
    for where, times in probe.blamed.most_common():
        print(f"{times} x {where}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--plans", type=int, default=30)
    asked.add_argument("--blame", type=float, default=0, metavar="MS")
    given = asked.parse_args()
    warm_up()
    asyncio.run(main(given.plans, given.blame))
