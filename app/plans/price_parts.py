"""What the price of one slot is made of, under the tariff it was planned with."""

import asyncio
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.frames import PRICE_PARTS, SLOT
from app.db import prices
from app.ingest import demo
from app.settings import Settings
from app.tariff import prices as tariff

_SAME = 1e-6


async def price_parts(
    session: AsyncSession, settings: Settings, slot: datetime, *, import_price: float
) -> dict[str, Any] | None:
    """Return ``frames.PRICE_PARTS`` of a slot and its ``provider`` as one row.

    None where the parts are not known any more: the price is no longer stored, or it is not the
    ``import_price`` per kWh that was planned with.
    """
    # A contract by the hour is billed at the mean of the clock hour around the slot.
    asked = [*tariff.quarters_before(slot, settings), *(slot + SLOT * step for step in range(4))]
    stored = await prices.load(
        session,
        area=settings.nordpool.price_area,
        currency=settings.nordpool.currency,
        start=asked[0],
        end=asked[-1] + SLOT,
    )
    known = stored.select("slot_start", "spot_price_per_kwh", "provider")
    row = await asyncio.to_thread(_row, known, settings, slot)
    if settings.is_demo and not _fits(row, import_price):
        row = await asyncio.to_thread(_sample_row, asked, settings, slot)
    return row if _fits(row, import_price) else None


def _fits(row: dict[str, Any] | None, import_price: float) -> bool:
    return row is not None and abs(row["import_price_per_kwh"] - import_price) <= _SAME


def _row(known: pl.DataFrame, settings: Settings, slot: datetime) -> dict[str, Any] | None:
    parts = tariff.with_parts(known, settings).select(PRICE_PARTS.names())
    found = parts.with_columns(known["provider"]).filter(pl.col("slot_start") == slot)
    return None if found.is_empty() else found.row(0, named=True)


def _sample_row(asked: list[datetime], settings: Settings, slot: datetime) -> dict[str, Any] | None:
    sample = demo.sample_slots(asked, zone=settings.zone, currency=settings.nordpool.currency)
    provider = pl.lit(demo.SOURCE).alias("provider")
    return _row(sample.select("slot_start", "spot_price_per_kwh", provider), settings, slot)
