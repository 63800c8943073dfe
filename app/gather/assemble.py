"""Join what was gathered into planner input: by slot start, never by position."""

from datetime import datetime, timedelta

import polars as pl

from app.core.errors import InputError
from app.core.frames import FORECAST, PRICES, SLOT, SLOTS, check


def assemble(
    prices: pl.LazyFrame,
    forecast: pl.LazyFrame,
    manual: pl.LazyFrame,
    *,
    start: datetime,
    hours: int,
) -> pl.LazyFrame:
    """Return ``frames.SLOTS`` from ``start`` to the end of contiguous prices, at most ``hours``.

    A slot without a forecast keeps nulls, which the planner refuses by name: nothing is filled in.
    """
    check(prices, PRICES, by="prices")
    check(forecast, FORECAST, by="forecast")
    ahead = (
        prices.filter(
            pl.col("slot_start").is_between(start, start + timedelta(hours=hours), closed="left")
        )
        .sort("slot_start")
        .with_row_index("_row")
        .filter(pl.col("slot_start") == pl.lit(start) + pl.col("_row").cast(pl.Int64) * SLOT)
    )
    return (
        ahead.join(forecast, on="slot_start", how="left")
        .join(manual, on="slot_start", how="left")
        .sort("slot_start")
        .select(SLOTS.names())
    )


def require_now(slots: pl.DataFrame, *, start: datetime) -> pl.DataFrame:
    """Return the slots, or raise ``InputError`` when the slot in progress has no price."""
    if slots.is_empty() or slots["slot_start"][0] != start:
        raise InputError(f"prices: no price for {start:%Y-%m-%d %H:%M} UTC, the slot in progress")
    return slots
