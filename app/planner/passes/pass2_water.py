"""Pass 2: give every local day its hot water at the least marginal cost, in few true blocks.

Days are served in order and no slot serves two days; a block in progress is not cut; a day without
a cheap slot is still served. The engine may move the heat to where the whole plan is cheapest.
"""

import polars as pl

from app.core.frames import UTC_TIME
from app.planner.engine import engines
from app.planner.engine.water_days import place_by_price
from app.planner.model import terms as engine_terms
from app.planner.model.context import Context
from app.planner.model.sequential import Columns, add_columns

NEEDS = pl.Schema({"slot_start": UTC_TIME, **engine_terms.BEFORE_WATER})
ADDS = pl.Schema(
    {"water_kwh": pl.Float64(), "water_for_day": pl.Date(), "water_by_price_kwh": pl.Float64()}
)


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the heater's energy per slot, the local day it serves, and the placement by price."""
    return add_columns(lf, ADDS, lambda df: _place(df, ctx))


def _place(df: pl.DataFrame, ctx: Context) -> Columns:
    by_price = place_by_price(df, ctx)
    placed = engines.engine_of(ctx).heat(df, by_price, ctx)
    return {
        "water_kwh": placed.water_kwh,
        "water_for_day": placed.serves,
        "water_by_price_kwh": by_price.water_kwh,
    }
