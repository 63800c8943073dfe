"""A year of hourly plans with four settings: how long each takes, that none fails or hangs.

    .venv/bin/python -m benchmarks.year_of_plans --table YEAR.parquet [--texture 0.05]
        [--first 2024-01-01] [--days 366] [--every 1] [--done FILE.jsonl]

The table is that of `closed_loop.py`. Every hour is planned with the prices that were out, seven
recent days for what comes after, perfect PV and load, and the home as the plan before left it.
Prices of before October 2025 are hourly, each repeated four times: `--texture` multiplies every
quarter by 1 plus or minus that share (seeded), as quarter-hour prices move within their hour, so
that they are no real quarter-hour prices but as uneven. `--done` keeps what was planned, a line an
hour: started again it goes on there. Times are CPU time of the process, the 10 million additions
beside them the same: machines differ, and a busy one takes longer by the clock.
"""

import argparse
import json
import random
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from app.core.clock import local_midnight
from app.core.errors import DarkstarError
from app.core.frames import FORECAST, PRICES, SLOT_HOURS
from app.forecast import lookahead
from app.planner import checker
from app.planner.model.context import Context, HomeState
from app.planner.model.neutral import NEUTRAL_RULES
from app.planner.run import ENGINE_FAULTS, make_plan
from app.settings import Settings
from benchmarks.closed_loop import START_SOC_PERCENT, ZONE, between, known_until, read
from benchmarks.following import home_after

BIG = {"capacity_kwh": 34, "max_charge_kw": 8, "max_discharge_kw": 8}
SMALL = {"capacity_kwh": 10, "roundtrip_efficiency_percent": 90}
# Consolidation stays on where margins and gates are off: on such plans it once never ended.
FREE = {name: rules for name, rules in NEUTRAL_RULES.items() if name != "charging"}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "shipped, 34 kWh": {"battery": BIG},
    "shipped, 10 kWh": {"battery": SMALL},
    "no margins or gates, 34 kWh": {"battery": BIG, **FREE},
    "cascade, peaks only, 10 kWh": {
        "battery": SMALL,
        "planner": {"engine": "cascade"},
        "arbitrage": {"enable_peak_only_export": True},
    },
}
HANGS_AFTER_S = 60.0
ADDITIONS = 10_000_000


class HungError(DarkstarError):
    """A plan took more CPU time than a plan ever may."""


@dataclass(frozen=True, slots=True)
class Done:
    """One planned hour: CPU time, what went wrong (empty if nothing), and the home after it."""

    setting: str
    at: str
    cpu_ms: float
    fault: str
    home: dict[str, Any]


def textured(year: pl.DataFrame, share: float) -> pl.DataFrame:
    """Return the table with every quarter's prices moved by up to ``share``, always the same."""
    chance = random.Random(2025)  # noqa: S311 - no secret
    noise = pl.Series([1 + chance.uniform(-share, share) for _ in range(year.height)])
    return year.with_columns(pl.col("import_price_per_kwh", "export_price_per_kwh") * noise)


def context(year: pl.DataFrame, now: datetime, home: HomeState, settings: Settings) -> Context:
    """Return what a run at ``now`` knows."""
    end = known_until(now)
    known = between(year, now - timedelta(days=lookahead.RECENT_DAYS + 1), end)
    ahead = between(year, now, end + lookahead.AHEAD)
    midnight = local_midnight(now.astimezone(ZONE).date(), ZONE)
    passed = between(year, midnight, now).with_columns(spot_price_per_kwh="import_price_per_kwh")
    return Context(
        settings=settings,
        home=home,
        lookahead=lookahead.lookahead(known, ahead.select(FORECAST.names()), end=end, zone=ZONE),
        published=passed.select(PRICES.names()),
    )


def hang(*_: object) -> None:
    """End a plan that goes on for ever."""
    raise HungError(f"more than {HANGS_AFTER_S:.0f} s of CPU time")


def hour(year: pl.DataFrame, name: str, now: datetime, home: HomeState) -> Done:
    """Plan one hour and follow the plan to the next."""
    ctx = context(year, now, home, Settings.model_validate(SETTINGS[name]))
    slots = between(year, now, known_until(now))
    fault = ""
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_AFTER_S)
    begun = time.process_time()
    try:
        plan = make_plan(slots, ctx)
    except (DarkstarError, *ENGINE_FAULTS) as error:
        fault = f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    cpu_ms = 1000 * (time.process_time() - begun)
    if not fault:
        checker.require_valid(plan.schedule, plan.ctx)
        fault = next((text for text in plan.warnings if "engine_failed" in text), "")
        home = home_after(plan, ctx, slots=round(1 / SLOT_HOURS))
    return Done(name, now.isoformat(), cpu_ms, fault, asdict(home))


def hours(first: date, days: int, every: int) -> Iterator[datetime]:
    """Yield the hours to plan: all of every ``every``-th day, so that a part covers the year."""
    for day in range(0, days, every):
        begin = local_midnight(first + timedelta(days=day), ZONE)
        end = local_midnight(first + timedelta(days=day + 1), ZONE)
        for step in range((end - begin) // timedelta(hours=1)):
            yield (begin + timedelta(hours=step)).astimezone(UTC)


def known_hours(path: Path | None) -> dict[tuple[str, str], Done]:
    """Return what an earlier start has done; a line cut short by its end is left out."""
    if path is None or not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            done = Done(**json.loads(line))
            found[done.setting, done.at] = done
    return found


def plan_all(
    year: pl.DataFrame, moments: list[datetime], path: Path | None
) -> dict[tuple[str, str], Done]:
    """Plan every hour with every setting that is not done yet, and write each down."""
    done, planned = known_hours(path), set(moments)
    homes = dict.fromkeys(SETTINGS, HomeState(soc_percent=START_SOC_PERCENT))
    for now in moments:
        for name in SETTINGS:
            key = (name, now.isoformat())
            if key not in done:
                done[key] = hour(year, name, now, homes[name])
                if path is not None:
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(done[key]), default=str) + "\n")
            home = TypeAdapter(HomeState).validate_python(done[key].home)
            # Days that are left out leave a home of which only the charge level is known.
            follows = now + timedelta(hours=1) in planned
            homes[name] = home if follows else HomeState(soc_percent=home.soc_percent)
    return done


def additions_s() -> float:
    """Return the CPU time that ten million additions take here."""
    begun, total = time.process_time(), 0
    for _ in range(ADDITIONS):
        total += 1  # noqa: SIM113 - the addition is what is timed
    return time.process_time() - begun


def show(done: Mapping[tuple[str, str], Done]) -> None:
    """Print how long the plans of every setting took, and what failed."""
    print(f"ten million additions take {additions_s():.2f} s here")
    print(f"{'setting':30}{'plans':>7}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}  faults")
    for name in SETTINGS:
        mine = [each for each in done.values() if each.setting == name]
        times = sorted(each.cpu_ms for each in mine)
        p50, p95, most = (times[round(share * (len(times) - 1))] for share in (0.5, 0.95, 1))
        faults = [f"{each.at}: {each.fault}" for each in mine if each.fault]
        print(f"{name:30}{len(mine):7}{p50:9.0f}{p95:9.0f}{most:9.0f}  {len(faults)}")
        for fault in faults[:5]:
            print(f"    {fault}")


def main() -> None:
    """Plan the hours asked for and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--texture", type=float, default=0.0)
    parser.add_argument("--first", type=date.fromisoformat, default=None)
    parser.add_argument("--days", type=int, default=None)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--done", type=Path, default=None)
    given = parser.parse_args()
    year = read(given.table)
    if given.texture:
        year = textured(year, given.texture)
    signal.signal(signal.SIGVTALRM, hang)
    # A run needs recent days behind it and a day of forecasts beyond the prices.
    begins = year["slot_start"][0].astimezone(ZONE).date() + timedelta(days=8)
    ends = year["slot_start"][-1].astimezone(ZONE).date() - timedelta(days=2)
    first = max(given.first or begins, begins)
    days = min(given.days or 366, (ends - first).days)
    moments = list(hours(first, days, given.every))
    show(plan_all(year, moments, given.done))


if __name__ == "__main__":
    main()
