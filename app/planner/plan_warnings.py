"""Say what a plan could not do, in sentences that begin with a stable word."""

from datetime import date

import polars as pl

from app.planner import water_days
from app.planner.consolidation import runs_of
from app.planner.context import Context
from app.planner.sequential import lists

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
                    "too few usable slots are left"
                )
    return (*found, *_manual_warnings(frame, ctx))


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
