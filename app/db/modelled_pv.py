"""What the panels should have given in slots that are over, beside what they gave."""

from datetime import datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.frames import UTC_TIME
from app.db.connection.upsert import upsert
from app.db.observed import KNOWN
from app.db.tables.models import ModelledPv, ObservedSlot

MODELLED: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "modelled_kwh": pl.Float64(),
        "snow_ratio": pl.Float64(),
        "is_limited": pl.Boolean(),
    }
)
# `export_price_per_kwh` is null where no price was recorded.
COMPARED: Final = pl.Schema(
    {**MODELLED, "measured_kwh": pl.Float64(), "export_price_per_kwh": pl.Float64()}
)


async def newest(session: AsyncSession, made_for: str) -> datetime | None:
    """Return the start of the last slot modelled of a plant, None before the first."""
    found: datetime | None = await session.scalar(
        select(func.max(ModelledPv.slot_start)).where(ModelledPv.made_for == made_for)
    )
    return found


async def save(session: AsyncSession, made_for: str, frame: pl.DataFrame) -> None:
    """Store slots (``MODELLED``), replacing what was modelled of them before."""
    rows: list[dict[str, Any]] = frame.select(MODELLED.names()).to_dicts()
    await upsert(session, ModelledPv, [row | {"made_for": made_for} for row in rows])


async def compared(
    session: AsyncSession, made_for: str, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Return the slots of [start, end) both modelled and measured, oldest first (``COMPARED``)."""
    found = await session.execute(
        select(
            ModelledPv.slot_start,
            ModelledPv.modelled_kwh,
            ModelledPv.snow_ratio,
            ModelledPv.is_limited,
            ObservedSlot.pv_kwh,
            ObservedSlot.export_price_per_kwh,
        )
        .join(ObservedSlot, ObservedSlot.slot_start == ModelledPv.slot_start)
        .where(
            ModelledPv.made_for == made_for,
            ModelledPv.slot_start >= start,
            ModelledPv.slot_start < end,
            ObservedSlot.pv_kwh.is_not(None),
            ObservedSlot.quality["pv_kwh"].as_string().in_(KNOWN),
        )
        .order_by(ModelledPv.slot_start)
    )
    return pl.DataFrame([tuple(row) for row in found], schema=COMPARED, orient="row")
