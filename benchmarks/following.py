"""A home in which an hour went by as planned: what the next run knows of it."""

from dataclasses import replace
from datetime import datetime

import polars as pl

from app.planner.model.context import Context, HomeState
from app.planner.run import Plan


def home_after(plan: Plan, ctx: Context, *, slots: int) -> HomeState:
    """Return the home's state after the first ``slots`` of a plan made with ``ctx``."""
    gone, ahead = plan.frame.head(slots), plan.frame.slice(slots)
    today = ctx.local_day_of(plan.schedule["slot_end"][slots - 1])
    heated = gone.filter(pl.col("water_kwh") > 0)
    days = [ctx.local_day_of(start) for start in heated["slot_start"]]
    rows = list(zip(days, heated["water_for_day"], heated["water_kwh"], strict=True))
    same_day = ctx.local_day_of(gone["slot_start"][0]) == today
    home = ctx.home if same_day else HomeState(soc_percent=0)
    used_kwh = sum(kwh for day, _, kwh in rows if day == today)
    late_kwh = sum(kwh for day, served, kwh in rows if day == today and served < today)
    owed = ahead.filter(pl.col("water_for_day") < today)
    return replace(
        ctx.home,
        soc_percent=gone["soc_projected"][-1],
        water_used_today_kwh=home.water_used_today_kwh + used_kwh,
        water_caught_up_kwh=home.water_caught_up_kwh + late_kwh,
        water_owed_kwh=float(owed["water_kwh"].sum()),
        running_classification=gone["classification"][-1],
        running_water_until=_heats_until(ahead) if gone["water_kwh"][-1] > 0 else None,
    )


def _heats_until(ahead: pl.DataFrame) -> datetime | None:
    """Return the end of the block that goes on into ``ahead``, None where it does not."""
    until: datetime | None = None
    for heat_kwh, end in ahead.select("water_kwh", "slot_end").iter_rows():
        if heat_kwh <= 0:
            break
        until = end
    return until
