"""How much memory the service and its planner take over a month of hourly plans.

``python -m benchmarks.month_of_memory --days 30`` runs the demo home in this process, as the
service does, on SQLite, with nothing to reach outside; only the clock is moved on. Every hour all
jobs of the scheduler are done and the dashboard is read. The planner's process is the real one; at
the end it is given its rest. Figures are in MB: RSS counts what processes share in each of them,
PSS once.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# As `darkstar serve` begins; what imports them comes after.
sys.modules |= {"pygments": None, "rich": None}  # type: ignore[dict-item]

import httpx  # noqa: E402
import time_machine  # noqa: E402

from app.core import logs  # noqa: E402
from app.ingest.http import client as http  # noqa: E402
from app.jobs.warm_up import warm_up  # noqa: E402
from app.main import create_app  # noqa: E402
from app.settings.store.sources import load_settings  # noqa: E402

BEGIN = datetime(2026, 3, 1, 0, 5, tzinfo=UTC)
JOBS = ("look", "planner", "prices", "record", "plan", "alerts")
DAILY = ("retention", "scores")
NOWHERE = "http://127.0.0.1:9"


def memory_mb(pid: int) -> tuple[float, float]:
    """Return resident and proportional size of a process; zeros where there is none."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    sizes = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines[1:])}
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024


def say(when: str, planner: Any) -> None:
    """Print a line of the table."""
    gc.collect()
    process = planner.process._process  # noqa: SLF001 - its size is what is asked for
    own, other = memory_mb(os.getpid()), memory_mb(process.pid) if process else (0.0, 0.0)
    figures = (*own, *other, own[0] + other[0], own[1] + other[1])
    print(f"{when:<22}" + "".join(f"{mb:>9.1f}" for mb in figures), flush=True)


async def live(days: int, folder: str) -> None:
    """Go through the days hour by hour."""
    environ = {
        "DARKSTAR_DATA_DIR": folder,
        "DARKSTAR_DEMO_HOME": "true",
        "DARKSTAR_NORDPOOL__BASE_URL": NOWHERE,
        "DARKSTAR_OPEN_METEO__BASE_URL": NOWHERE,
        "DARKSTAR_PRICES__PROVIDERS": '["nordpool"]',
    }
    app = create_app(load_settings(environ=environ).settings)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")
    print(f"{'':<22}" + f"{'service':>18}{'planner':>18}{'together':>18}")
    print(f"{'MB':<22}" + f"{'RSS':>9}{'PSS':>9}" * 3)
    with time_machine.travel(BEGIN, tick=False) as clock:
        async with app.router.lifespan_context(app), client:
            services = app.state.services
            while services.job.log.last_outcome == "none":  # noqa: ASYNC110 - no event of its own
                await asyncio.sleep(0.05)
            say("first plan", services.job.planner)
            services.scheduler.pause()
            for hour in range(1, 24 * days + 1):
                clock.move_to(BEGIN + timedelta(hours=hour))
                for name in (*JOBS, *(DAILY if hour % 24 == 0 else ())):
                    if (job := services.scheduler.get_job(name)) is not None:
                        await job.func()
                for path in ("/", "/api/schedule", "/api/status"):
                    (await client.get(path)).raise_for_status()
                if services.job.log.last_outcome != "ok":
                    raise SystemExit(f"hour {hour}: {services.job.log}")
                if hour % (24 * 5) == 0:
                    say(f"day {hour // 24}", services.job.planner)
            planner = services.job.planner
            planner.process.rest_seconds = 0.01
            await planner.warm()
            until = time.monotonic() + 30
            while not planner.process.is_resting and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            say("while it rests", planner)


async def at_once(_: float) -> None:
    """Ask again without the calm between two tries: it is no memory."""


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=30)
    http.pause = at_once  # type: ignore[assignment] # as the tests do
    logs.set_up("ERROR")
    warm_up()
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(live(asked.parse_args().days, data))
