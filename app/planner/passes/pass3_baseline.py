"""Pass 3: where the battery would go without buying, so that windows buy only what is missing."""

import polars as pl

from app.planner.engine import decisions
from app.planner.model import levels
from app.planner.model import terms as engine_terms
from app.planner.model.battery import start_kwh, walk
from app.planner.model.context import Context
from app.planner.model.sequential import Columns, add_columns

NEEDS = engine_terms.NEEDS
ADDS = pl.Schema({"baseline_soc_kwh": pl.Float64()})


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the stored energy at each slot's end, dispatched as in the plan but never bought."""
    return add_columns(lf, ADDS, lambda df: _baseline(df, ctx))


def _baseline(df: pl.DataFrame, ctx: Context) -> Columns:
    per_slot = decisions.value(df, ctx, may_buy=[False] * df.height).levels()
    controls = levels.controls_of(df, per_slot, [0.0] * df.height)
    flows = walk(controls, start_kwh=start_kwh(ctx), limits=ctx.limits)
    return {"baseline_soc_kwh": [flow.soc_end_kwh for flow in flows]}
