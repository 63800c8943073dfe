"""Follow a plan hour by hour and plan anew with nothing learnt: what the whole would cost then."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from app.core.frames import PRICES
from app.planner.model import terminal
from app.planner.model.context import Context
from app.planner.run import make_plan
from benchmarks.following import home_after

HOUR = 4


def costs_by_hour(slots: pl.DataFrame, ctx: Context, *, hours: int) -> Iterator[float]:
    """Yield what executed and remaining slots cost together, planned anew every hour.

    Everything happens as planned; the first plan's prices beyond the horizon stay those of every
    later one, and the passed hours' prices stay known.
    """
    spent = 0.0
    spot = pl.col("import_price_per_kwh").alias("spot_price_per_kwh")
    for hour in range(hours):
        passed = slots.head(hour * HOUR).with_columns(spot).select(PRICES.names())
        ctx = replace(ctx, published=passed)
        plan = make_plan(slots.slice(hour * HOUR), ctx)
        left_kwh: float = plan.frame["soc_end_kwh"][-1]
        spent_and_planned = spent + float(plan.schedule["planned_cost"].sum())
        yield spent_and_planned - terminal.credit(left_kwh, plan.ctx)
        spent += float(plan.schedule["planned_cost"][:HOUR].sum())
        ctx = replace(ctx, home=home_after(plan, ctx, slots=HOUR))
