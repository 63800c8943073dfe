"""What the value of energy left at the horizon's end earns, in closed loop. Run it by hand.

    .venv/bin/python benchmarks/closed_loop.py --table YEAR.parquet [--days 14] [--stretches 6]

The table has `start` (aware UTC quarters), `import_price`, `export_price` (per kWh), `pv_kwh` and
`load_kwh`. Stretches spread over the year are replanned four times a day with the prices that were
out at that time, perfect PV and load, and no heater, so that nothing but the edge of the horizon
differs; the share is of what perfect foresight over the whole stretch saves over self-consumption.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from app.core.frames import FORECAST, SLOTS
from app.forecast import lookahead
from app.planner.model.context import Context, HomeState
from app.planner.model.neutral import NEUTRAL_RULES
from app.planner.run import make_plan
from app.settings import Settings

ZONE = ZoneInfo("Europe/Stockholm")
PUBLISHED_FROM = time(13, 0)
REPLAN_EVERY = timedelta(hours=6)
START_SOC_PERCENT = 50.0
HOMES = {
    "34 kWh": {"capacity_kwh": 34, "max_charge_kw": 8, "max_discharge_kw": 8},
    "10 kWh": {
        "capacity_kwh": 10,
        "max_charge_kw": 5,
        "max_discharge_kw": 5,
        "roundtrip_efficiency_percent": 90,
    },
}
# The value of a stored kWh at the end: from recent days' curves (what ships), or one flat number.
ENDS = ("recent days", "nothing", "mean price", "cheapest tenth")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Money of one stretch: paid for energy and wear, less what is left at the common value."""

    cost: float
    self_consumption: float
    best: float

    @property
    def saved(self) -> float:
        """What was saved over self-consumption."""
        return self.self_consumption - self.cost


def settings_of(home: dict[str, float]) -> Settings:
    """Return the home without the owner's rules, so that only the end value differs."""
    return Settings.model_validate(
        {
            "battery": home,
            "water_heating": {"power_kw": 0},
            "inverter": {"can_curtail_pv": False},
            "s_index": {"static_factor": 1},
            **NEUTRAL_RULES,
        }
    )


def known_until(now: datetime) -> datetime:
    """Return the end of the published prices: tomorrow's from 13 o'clock on."""
    local = now.astimezone(ZONE)
    days = 2 if local.time() >= PUBLISHED_FROM else 1
    midnight = datetime.combine(local.date() + timedelta(days=days), time(0), ZONE)
    return midnight.astimezone(now.tzinfo)


def end_of(kind: str, slots: pl.DataFrame, settings: Settings) -> float | None:
    """Return the flat value of a stored kWh, None for the curves of recent days."""
    price = slots["import_price_per_kwh"]
    wear = settings.battery.wear_cost_per_kwh
    efficiency = (settings.battery.roundtrip_efficiency_percent / 100) ** 0.5
    if kind == "mean price":
        return efficiency * float(price.mean()) - wear  # type: ignore[arg-type]
    if kind == "cheapest tenth":
        return float(price.quantile(0.1)) / efficiency  # type: ignore[arg-type]
    return 0.0 if kind == "nothing" else None


def between(year: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """Return the rows of [start, end)."""
    return year.filter(pl.col("slot_start").is_between(start, end, closed="left"))


def context(
    year: pl.DataFrame, now: datetime, soc_percent: float, kind: str, settings: Settings
) -> Context:
    """Return what a run at ``now`` knows, with one way to value what is left at the end."""
    end = known_until(now)
    known = between(year, now - timedelta(days=lookahead.RECENT_DAYS + 1), end)
    ahead = between(year, now, end + lookahead.AHEAD)
    return Context(
        settings=settings,
        home=HomeState(soc_percent=soc_percent),
        lookahead=lookahead.lookahead(known, ahead.select(FORECAST.names()), end=end, zone=ZONE),
        # A flat value overrides the look-ahead.
        terminal_value_per_kwh=end_of(kind, between(year, now, end), settings),
        without_rules=True,
    )


def in_closed_loop(
    year: pl.DataFrame, begin: datetime, end: datetime, kind: str, settings: Settings
) -> tuple[float, float]:
    """Return what the stretch cost in energy and wear, and the charge left, percent."""
    soc_percent, cost, now = START_SOC_PERCENT, 0.0, begin
    while now < end:
        ctx = context(year, now, soc_percent, kind, settings)
        until = min(now + REPLAN_EVERY, end)
        plan = make_plan(between(year, now, known_until(now)), ctx).schedule
        done = plan.filter(pl.col("slot_start") < until)
        cost += float(done["planned_cost"].sum())
        soc_percent, now = float(done["soc_projected"][-1]), until
    return cost, soc_percent


def stretch(
    year: pl.DataFrame, begin: datetime, end: datetime, kind: str, settings: Settings
) -> Outcome:
    """Replay one stretch; energy left is credited at the stretch's mean price for everyone."""
    slots = between(year, begin, end)
    value = end_of("mean price", slots, settings)
    whole = Context(
        settings=settings,
        home=HomeState(soc_percent=START_SOC_PERCENT),
        terminal_value_per_kwh=value,
        without_rules=True,
    )
    plan = make_plan(slots, whole)
    cost, soc_percent = in_closed_loop(year, begin, end, kind, settings)
    left_kwh = (soc_percent - START_SOC_PERCENT) / 100 * settings.battery.capacity_kwh
    return Outcome(
        cost=cost - left_kwh * (value or 0.0),
        self_consumption=plan.totals.cost_self_consumption,
        best=plan.totals.cost,
    )


def read(path: Path) -> pl.DataFrame:
    """Return the table as planner slots."""
    return (
        pl.read_parquet(path)
        .select(
            pl.col("start").cast(SLOTS["slot_start"]).alias("slot_start"),
            import_price_per_kwh="import_price",
            export_price_per_kwh="export_price",
            pv_kwh="pv_kwh",
            load_kwh="load_kwh",
            manual_action=pl.lit(None, pl.String()),
            manual_target_soc_percent=pl.lit(None, pl.Float64()),
            manual_power_kw=pl.lit(None, pl.Float64()),
        )
        .sort("slot_start")
    )


def main() -> None:
    """Replay the stretches for both homes and print the share of every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--stretches", type=int, default=6)
    given = parser.parse_args()
    year = read(given.table)
    first = year["slot_start"][0].astimezone(ZONE).date() + timedelta(days=10)
    last = year["slot_start"][-1].astimezone(ZONE).date() - timedelta(days=given.days + 3)
    step = (last - first) / given.stretches
    print(f"{'home':10}{'end value':18}{'saved':>10}{'of':>10}{'share %':>10}")
    for name, home in HOMES.items():
        settings = settings_of(home)
        for kind in ENDS:
            outcomes = []
            for index in range(given.stretches):
                begin = datetime.combine(first + index * step, time(1), ZONE).astimezone(UTC)
                end = begin + timedelta(days=given.days)
                outcomes.append(stretch(year, begin, end, kind, settings))
            saved = sum(each.saved for each in outcomes)
            best = sum(each.self_consumption - each.best for each in outcomes)
            print(f"{name:10}{kind:18}{saved:10.2f}{best:10.2f}{100 * saved / best:10.2f}")


if __name__ == "__main__":
    main()
