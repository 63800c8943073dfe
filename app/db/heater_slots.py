"""What the plans had for slots that are over: each slot as the plan in force had it."""

from datetime import datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.frames import SLOT_HOURS, UTC_TIME
from app.db.tables.models import HistorySlot

HEATED: Final = pl.Schema({"slot_start": UTC_TIME, "water_kwh": pl.Float64()})
PRICED: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
    }
)

MOVED: Final = pl.Schema(
    {"slot_start": UTC_TIME, "charge_kw": pl.Float64(), "discharge_kw": pl.Float64()}
)


async def executed(session: AsyncSession, *, start: datetime, end: datetime) -> pl.DataFrame:
    """Return the heater's energy of each planned slot of [start, end), oldest first (``HEATED``).

    What counts is the last plan made before the slot began; a slot no plan knew is left out.
    """
    found = await _in_force(session, HistorySlot.water_kw, start=start, end=end)
    rows = [(row.slot_start, row.water_kw * SLOT_HOURS) for row in found]
    return pl.DataFrame(rows, schema=HEATED, orient="row")


async def prices_used(session: AsyncSession, *, start: datetime, end: datetime) -> pl.DataFrame:
    """Return the prices that the plan in force had for each slot of [start, end) (``PRICED``)."""
    found = await _in_force(
        session,
        HistorySlot.import_price_per_kwh,
        HistorySlot.export_price_per_kwh,
        start=start,
        end=end,
    )
    return pl.DataFrame([tuple(row) for row in found], schema=PRICED, orient="row")


async def battery_moves(session: AsyncSession, *, start: datetime, end: datetime) -> pl.DataFrame:
    """Return what the plan in force had the battery do in each slot of [start, end) (``MOVED``)."""
    found = await _in_force(
        session, HistorySlot.charge_kw, HistorySlot.discharge_kw, start=start, end=end
    )
    return pl.DataFrame([tuple(row) for row in found], schema=MOVED, orient="row")


async def _in_force(
    session: AsyncSession,
    *columns: InstrumentedAttribute[Any],
    start: datetime,
    end: datetime,
) -> list[Row[Any]]:
    """Return slot_start and some columns of the last plan made before each slot began."""
    in_force = (
        select(HistorySlot.slot_start, func.max(HistorySlot.plan_run_id).label("plan_run_id"))
        .where(
            HistorySlot.slot_start >= start,
            HistorySlot.slot_start < end,
            HistorySlot.planned_at <= HistorySlot.slot_start,
        )
        .group_by(HistorySlot.slot_start)
        .subquery()
    )
    found = await session.execute(
        select(HistorySlot.slot_start, *columns)
        .join(
            in_force,
            and_(
                HistorySlot.slot_start == in_force.c.slot_start,
                HistorySlot.plan_run_id == in_force.c.plan_run_id,
            ),
        )
        .order_by(HistorySlot.slot_start)
    )
    return list(found)
