"""Pass 6: simulate every slot in order and see what the battery would do."""

import polars as pl

from app.planner.model.context import Context
from app.planner.model.sequential import Columns, add_columns
from app.planner.passes import dispatch
from app.planner.passes.pass5_charging import NEEDS as _CHARGING_NEEDS

NEEDS = pl.Schema({**_CHARGING_NEEDS, "planned_purchase_kwh": pl.Float64()})
ADDS = pl.Schema({"draft_label": pl.String(), "draft_soc_kwh": pl.Float64()})


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the label and the stored energy of the plan before smoothing."""
    return add_columns(lf, ADDS, lambda df: _draft(df, ctx))


def _draft(df: pl.DataFrame, ctx: Context) -> Columns:
    controls = dispatch.controls(df, df["planned_purchase_kwh"].to_list(), ctx)
    flows = dispatch.simulated(controls, ctx)
    return {
        "draft_label": [dispatch.label(flow) for flow in flows],
        "draft_soc_kwh": [flow.soc_end_kwh for flow in flows],
    }
