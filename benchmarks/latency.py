"""How long things take: planning, from inputs to a published plan, and the API. Run it by hand.

    .venv/bin/python benchmarks/latency.py [--runs 30]

Medians and ratios of one run on one machine; nothing is asserted, machines being noisy.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from app.bench import scenario
from app.main import create_app
from app.planner.run import make_plan
from app.settings import Settings

CASES = sorted((Path(__file__).parent / "scenarios").glob("*.json"))
NOWHERE = "http://127.0.0.1:9"


def timed(work: Callable[[], Any], runs: int) -> list[float]:
    """Return the times of the runs in ms, sorted, after one warm-up."""
    work()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return sorted(times)


async def timed_async(work: Callable[[], Awaitable[Any]], runs: int) -> list[float]:
    """Return the times of the runs in ms, sorted, after one warm-up."""
    await work()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - begun))
    return sorted(times)


def show(name: str, times: list[float], of: float) -> None:
    """Print median, p95 and the ratio to a reference median."""
    p95 = times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
    median = statistics.median(times)
    print(f"{name:34}{median:9.1f}{p95:9.1f}{median / of:8.2f}")


def planner(runs: int) -> float:
    """Time both engines and the meter on every case; return the median of the exact engine."""
    found: dict[str, list[float]] = {}
    for path in CASES:
        case = scenario.read(path)
        slots = scenario.slots_of(case)
        for engine in ("optimal", "cascade"):
            ctx = scenario.context_of(case, shipped=False, engine=engine)
            times = timed(lambda slots=slots, ctx=ctx: make_plan(slots, ctx), max(3, runs // 10))
            found.setdefault(f"plan, {engine}", []).extend(times)
        plan = make_plan(slots, scenario.context_of(case, shipped=True, engine="optimal"))
        found.setdefault("optimality meter", []).extend(timed(plan.optimality, 3))
    reference = statistics.median(found["plan, optimal"])
    for name, times in found.items():
        show(name, sorted(times), reference)
    return reference


async def service(runs: int, reference: float) -> None:
    """Time a whole run of the demo home on SQLite, and the API's answers."""
    with tempfile.TemporaryDirectory() as folder:
        home = {
            "demo_home": True,
            "data_dir": folder,
            "automation": {"enable_scheduler": False},
            "prices": {"providers": ["nordpool"]},
            "nordpool": {"base_url": NOWHERE},
            "open_meteo": {"base_url": NOWHERE},
        }
        app = create_app(Settings.model_validate(home))
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            run = app.state.services.run_planner
            show("inputs to published plan", await timed_async(lambda: run("button"), 5), reference)
            for path in ("/api/schedule", "/api/status", "/", "/health"):
                times = await timed_async(lambda path=path: client.get(path), runs)
                show(f"GET {path}", times, reference)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="runs of each measurement")
    runs = parser.parse_args().runs
    print(f"{'what':34}{'median':>9}{'p95':>9}{'ratio':>8}   (ms; ratio to plan, optimal)")
    reference = planner(runs)
    asyncio.run(service(runs, reference))


if __name__ == "__main__":
    main()
