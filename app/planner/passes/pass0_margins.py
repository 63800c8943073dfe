"""Pass 0: distrust the forecasts as much as the owner asks, so that the plan survives a bad day."""

import polars as pl

from app.planner.model.context import Context

NEEDS = pl.Schema({"pv_kwh": pl.Float64(), "load_kwh": pl.Float64()})
ADDS = pl.Schema({"cautious_pv_kwh": pl.Float64(), "cautious_load_kwh": pl.Float64()})


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Scale PV and load by the configured confidence; neither goes below zero."""
    forecasting = ctx.settings.forecasting
    pv_ratio = forecasting.pv_confidence_percent / 100
    load_ratio = forecasting.load_safety_margin_percent / 100
    return lf.with_columns(
        cautious_pv_kwh=(pl.col("pv_kwh") * pv_ratio).clip(lower_bound=0),
        cautious_load_kwh=(pl.col("load_kwh") * load_ratio).clip(lower_bound=0),
    )
