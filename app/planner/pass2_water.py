"""Pass 2: give every local day its hot water at the least marginal cost, in few true blocks.

PV surplus is worth what selling it would bring, the rest is bought. Days are served in order and
no slot serves two days; a block in progress is not cut; a day without a cheap slot is still served.
"""

import math
from datetime import date, datetime, time, timedelta
from itertools import takewhile

import polars as pl

from app.frames import SLOT_HOURS, UTC_TIME
from app.planner import worth
from app.planner.battery import limits_of
from app.planner.context import Context
from app.planner.sequential import Columns, add_columns
from app.planner.water_blocks import cheapest_blocks

NEEDS = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "cautious_pv_kwh": pl.Float64(),
        "cautious_load_kwh": pl.Float64(),
        "manual_action": pl.String(),
    }
)
ADDS = pl.Schema({"water_kwh": pl.Float64(), "water_for_day": pl.Date()})
_HALF_DAY_HOURS = 12


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the heater's energy per slot and the local day it serves."""
    costed = lf.with_columns(_water_cost=_slot_cost(ctx), _water_fits=_fits_the_fuse(ctx))
    return add_columns(costed, ADDS, lambda df: _place(df, ctx)).drop("_water_cost", "_water_fits")


def slot_energy_kwh(ctx: Context) -> float:
    """Return what the heater takes in one slot, kWh."""
    return ctx.settings.water_heating.power_kw * SLOT_HOURS


def needs_kwh(starts: list[datetime], ctx: Context) -> dict[date, float]:
    """Return the energy each local day still has to get, oldest day first, kWh."""
    water = ctx.settings.water_heating
    hours: dict[date, float] = {}
    for start in starts:
        day = ctx.local_day_of(start)
        hours[day] = hours.get(day, 0.0) + SLOT_HOURS
    if ctx.judged_water_rules:
        return {
            day: min(
                water.min_kwh_per_day * (1 if span >= _HALF_DAY_HOURS else span / 24),
                water.power_kw * span,
            )
            for day, span in hours.items()
        }
    today = min(hours)
    last = today + timedelta(days=water.plan_days_ahead)
    # A coming day of which only the first hours are priced waits for the rest: prices end at
    # Central European midnight, an hour into the day of a Finnish home.
    needs = {
        day: water.min_kwh_per_day
        for day, span in hours.items()
        if day == today or (day <= last and span >= _HALF_DAY_HOURS)
    }
    used_kwh = max(0.0, ctx.home.water_used_today_kwh - ctx.home.water_caught_up_kwh)
    needs[today] = max(0.0, water.min_kwh_per_day - used_kwh)
    return {today - timedelta(days=1): ctx.home.water_owed_kwh, **needs}


def _slot_cost(ctx: Context) -> pl.Expr:
    """Cost of heating through a slot: surplus at its sale price, the rest at import price."""
    heat = pl.lit(slot_energy_kwh(ctx))
    surplus = (pl.col("cautious_pv_kwh") - pl.col("cautious_load_kwh")).clip(lower_bound=0)
    from_pv = pl.min_horizontal(heat, surplus)
    return from_pv * worth.sale_price(ctx) + (heat - from_pv) * worth.buy_cost()


def _fits_the_fuse(ctx: Context) -> pl.Expr:
    net = pl.col("cautious_load_kwh") + slot_energy_kwh(ctx) - pl.col("cautious_pv_kwh")
    return net <= limits_of(ctx.settings).import_kwh


def _place(df: pl.DataFrame, ctx: Context) -> Columns:
    starts: list[datetime] = df["slot_start"].to_list()
    heat_kwh = slot_energy_kwh(ctx)
    serves: list[date | None] = [None] * df.height
    if heat_kwh > 0:
        costs = [
            cost if fits else math.inf
            for cost, fits in zip(df["_water_cost"], df["_water_fits"], strict=True)
        ]
        manual = [action == "water" for action in df["manual_action"]]
        _serve_manual(starts, manual, serves, ctx)
        for day, need_kwh in needs_kwh(starts, ctx).items():
            placed = sum(served == day for served in serves)
            wanted = math.ceil(need_kwh / heat_kwh - 1e-9) - placed
            _serve_day(day, wanted, starts, costs, serves, ctx)
    return {
        "water_kwh": [0.0 if day is None else heat_kwh for day in serves],
        "water_for_day": serves,
    }


def _serve_manual(
    starts: list[datetime], manual: list[bool], serves: list[date | None], ctx: Context
) -> None:
    """Manual water slots are on whatever they cost, and count for their own day."""
    for index, is_manual in enumerate(manual):
        if is_manual:
            serves[index] = ctx.local_day_of(starts[index])


def _serve_day(
    day: date,
    wanted: int,
    starts: list[datetime],
    costs: list[float],
    serves: list[date | None],
    ctx: Context,
) -> None:
    """Give ``day`` its cheapest free slots: its own, and those it may be deferred to."""
    water = ctx.settings.water_heating
    latest = (
        datetime.combine(day + timedelta(days=1), time(), tzinfo=ctx.settings.zone).timestamp()
        + 3600 * water.defer_up_to_hours
    )
    window = [
        index
        for index, start in enumerate(starts)
        if ctx.local_day_of(start) >= day and start.timestamp() < latest
    ]
    if wanted <= 0 or not window:
        return
    running = _still_running(window, starts, costs, ctx)
    chosen = window[: min(running, wanted)]
    rest = window[len(chosen) :]
    free = [math.inf if serves[index] is not None else costs[index] for index in rest]
    picks = cheapest_blocks(
        free,
        slots_needed=wanted - len(chosen),
        max_blocks=water.max_blocks_per_day,
        first_is_running=bool(chosen),
    )
    for index in chosen + [rest[pick] for pick in picks]:
        serves[index] = day


def _still_running(
    window: list[int], starts: list[datetime], costs: list[float], ctx: Context
) -> int:
    """Return how many first slots belong to the block in progress; the fuse ends it."""
    until = ctx.home.running_water_until
    if until is None or window[0] != 0:
        return 0
    going_on = (starts[index] < until and math.isfinite(costs[index]) for index in window)
    return sum(1 for _ in takewhile(bool, going_on))
