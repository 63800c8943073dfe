"""What really happened, slot by slot: written by the recorder, read by everything that learns."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.frames import UTC_TIME
from app.core.slot_quality import ESTIMATED, MEASURED, STATISTICS
from app.db.connection.upsert import upsert
from app.db.tables.models import ObservedSlot

__all__ = ["ESTIMATED", "KNOWN", "OBSERVED", "QUANTITIES", "QUANTITY"]
QUANTITIES: Final = (
    "soc_percent",
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    "load_kwh",
    "water_kwh",
    "charge_kwh",
    "discharge_kwh",
    "temperature_c",
    "import_price_per_kwh",
    "export_price_per_kwh",
)
# `quality` is a JSON object: how each quantity is known (see ``ObservedSlot``).
OBSERVED: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        **dict.fromkeys(QUANTITIES, pl.Float64()),
        "quality": pl.String(),
        "recorded_at": UTC_TIME,
    }
)

# Facts, in the words of ``quality``: read from a meter, or from long-term statistics of one.
KNOWN: Final = (MEASURED, STATISTICS)
QUANTITY: Final = pl.Schema(
    {"slot_start": UTC_TIME, "value": pl.Float64(), "known_as": pl.String()}
)


async def save(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store slots whole, replacing what was known of them before."""
    await upsert(session, ObservedSlot, rows)


async def load(session: AsyncSession, *, start: datetime, end: datetime) -> pl.DataFrame:
    """Return the recorded slots of [start, end), oldest first (``OBSERVED``)."""
    found = await session.execute(
        select(*(getattr(ObservedSlot, name) for name in OBSERVED.names()))
        .where(ObservedSlot.slot_start >= start, ObservedSlot.slot_start < end)
        .order_by(ObservedSlot.slot_start)
    )
    rows = [{**row, "quality": json.dumps(row["quality"])} for row in found.mappings()]
    return pl.DataFrame(rows, schema=OBSERVED)


async def rows(session: AsyncSession, *, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the recorded slots of [start, end) as ``save`` takes them, oldest first."""
    columns = ("slot_start", *QUANTITIES, "quality", "source", "recorded_at")
    found = await session.execute(
        select(*(getattr(ObservedSlot, name) for name in columns))
        .where(ObservedSlot.slot_start >= start, ObservedSlot.slot_start < end)
        .order_by(ObservedSlot.slot_start)
    )
    return [dict(row) for row in found.mappings()]


async def quantity(
    session: AsyncSession,
    name: str,
    *,
    start: datetime,
    end: datetime,
    known_as: Sequence[str] = KNOWN,
) -> pl.DataFrame:
    """Return one quantity of [start, end) where it is known in one of these ways (``QUANTITY``).

    By default only what was measured: an estimate is no fact to learn from.
    """
    value, how = getattr(ObservedSlot, name), ObservedSlot.quality[name].as_string()
    found = await session.execute(
        select(ObservedSlot.slot_start, value, how)
        .where(
            ObservedSlot.slot_start >= start,
            ObservedSlot.slot_start < end,
            value.is_not(None),
            how.in_(known_as),
        )
        .order_by(ObservedSlot.slot_start)
    )
    return pl.DataFrame([tuple(row) for row in found], schema=QUANTITY, orient="row")


async def newest_of(session: AsyncSession, name: str) -> datetime | None:
    """Return the start of the last slot in which a quantity is known, None without one."""
    found: datetime | None = await session.scalar(
        select(func.max(ObservedSlot.slot_start)).where(getattr(ObservedSlot, name).is_not(None))
    )
    return found


async def newest(session: AsyncSession) -> datetime | None:
    """Return the start of the last slot recorded, None before the first."""
    found: datetime | None = await session.scalar(select(func.max(ObservedSlot.slot_start)))
    return found
