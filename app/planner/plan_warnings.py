"""Say what a plan could not do, in sentences that begin with a stable word."""

from datetime import date

import polars as pl

from app.planner.engine import water_days
from app.planner.model.context import Context
from app.planner.model.sequential import lists
from app.planner.passes.consolidation import runs_of

_TINY = 1e-6


def warnings(frame: pl.DataFrame, ctx: Context) -> tuple[str, ...]:
    """Name what the plan could not do."""
    found: list[str] = []
    limit_kw = ctx.settings.grid.max_import_kw
    over_kw = [kw for kw in frame["import_kw"].to_list() if kw > limit_kw + _TINY]
    if over_kw:
        found.append(
            f"fuse_exceeded_by_load: the house alone needs up to {max(over_kw):.1f} kW, "
            f"the grid gives {limit_kw:g} kW, in {len(over_kw)} slots"
        )
    served: dict[date | None, float] = {}
    for day, kwh in zip(*lists(frame, "water_for_day", "water_kwh"), strict=True):
        served[day] = served.get(day, 0.0) + kwh
    if ctx.settings.water_heating.power_kw > 0:
        for day, need_kwh in water_days.needs_kwh(frame["slot_start"].to_list(), ctx).items():
            short_kwh = need_kwh - served.get(day, 0.0)
            if short_kwh > _TINY:
                found.append(
                    f"water_short: {day} gets {short_kwh:.2f} kWh less than {need_kwh:.2f} kWh; "
                    f"{_heat_limit(frame, day, ctx)}"
                )
    return (*found, *_manual_warnings(frame, ctx))


def _heat_limit(frame: pl.DataFrame, day: date, ctx: Context) -> str:
    """Say what keeps a day from its heat: too few slots, or too few blocks to reach them."""
    heat_kwh = water_days.slot_energy_kwh(ctx)
    needed_kwh = pl.col("cautious_load_kwh") + heat_kwh - pl.col("cautious_pv_kwh")
    local_day = pl.col("slot_start").dt.convert_time_zone(ctx.settings.timezone).dt.date()
    free = frame.filter(
        (local_day == day)
        & (pl.col("water_kwh") == 0)
        & (needed_kwh <= ctx.limits.import_kwh + _TINY)
    )
    if free.is_empty():
        return "too few usable slots are left"
    blocks = ctx.settings.water_heating.max_blocks_per_day
    return f"usable slots are left, but not in {blocks} blocks (max_blocks_per_day)"


def _manual_warnings(frame: pl.DataFrame, ctx: Context) -> list[str]:
    """Name every manual block in which nothing of what was asked can be done."""
    actions: list[str | None] = frame["manual_action"].to_list()
    done = [
        water_kwh > 0 if action == "water" else word
        for action, word, water_kwh in zip(
            actions, *lists(frame, "classification", "water_kwh"), strict=True
        )
    ]
    found = []
    for action in ("charge", "export", "water"):
        for first, last in runs_of([each == action for each in actions]):
            if not {action, True} & set(done[first : last + 1]):
                begins = frame["slot_start"][first].astimezone(ctx.settings.zone)
                found.append(
                    f"manual_{action}_not_possible: nothing can be done in the "
                    f"{last - first + 1} slots from {begins:%Y-%m-%d %H:%M}"
                )
    return found
