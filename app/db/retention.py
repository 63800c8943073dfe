"""Nothing grows for ever: old history goes, in batches small enough not to hold up a publish."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.tables.models import (
    AlertRow,
    Base,
    CurrentSlot,
    Forecast,
    ForecastScore,
    HistorySlot,
    ManualAction,
    ManualChange,
    ModelledPv,
    Observation,
    ObservedSlot,
    PlanPointer,
    PlanRun,
    Price,
    SettingChange,
    SupersededPrice,
)

# A run's row carries its inputs, as much data as some 200 rows of history.
_ROWS_PER_RUN = 200


async def purge(session: AsyncSession, *, before: datetime, batch: int = 5_000) -> int:
    """Delete about ``batch`` rows of each table older than ``before``; return how many went.

    To purge everything, call it in one transaction after another until it returns 0. The plan in
    force and its run stay, however old they are.
    """
    gone = await _delete_ids(
        session,
        HistorySlot.id,
        select(HistorySlot.id).where(HistorySlot.planned_at < before).limit(batch),
    )
    # A run goes after its last row of history: one statement must not cascade over thousands.
    unused = (
        ~exists().where(table_run_id == PlanRun.id)
        for table_run_id in (
            HistorySlot.plan_run_id,
            CurrentSlot.plan_run_id,
            PlanPointer.plan_run_id,
        )
    )
    gone += await _delete_ids(
        session,
        PlanRun.id,
        select(PlanRun.id)
        .where(PlanRun.planned_at < before, *unused)
        .limit(max(1, batch // _ROWS_PER_RUN)),
    )
    for table, time in (
        (Forecast, Forecast.issued_at),
        (ForecastScore, ForecastScore.computed_at),
        (Observation, Observation.observed_at),
        (ObservedSlot, ObservedSlot.slot_start),
        (ModelledPv, ModelledPv.slot_start),
        (Price, Price.slot_start),
        (SupersededPrice, SupersededPrice.slot_start),
        (ManualAction, ManualAction.end_at),
        (ManualChange, ManualChange.at),
        (SettingChange, SettingChange.changed_at),
        # An open one has no end yet and stays.
        (AlertRow, AlertRow.recovered_at),
    ):
        gone += await _delete_oldest(session, table, time, before=before, batch=batch)
    return gone


async def _delete_ids(
    session: AsyncSession, column: InstrumentedAttribute[int], chosen: Any
) -> int:
    """Delete the rows whose ids a query chooses; MariaDB cannot limit a subquery of a delete."""
    ids = list(await session.scalars(chosen))
    if ids:
        await session.execute(delete(column.class_).where(column.in_(ids)))
    return len(ids)


async def _delete_oldest(
    session: AsyncSession,
    table: type[Base],
    time: InstrumentedAttribute[Any],
    *,
    before: datetime,
    batch: int,
) -> int:
    """Delete whole instants, oldest first: a batch, and the rest of the instant it ends in."""
    last = await session.scalar(
        select(time).where(time < before).order_by(time).limit(1).offset(batch - 1)
    )
    rule = time < before if last is None else time <= last
    result = await session.execute(delete(table).where(rule))
    return int(result.rowcount)  # type: ignore[attr-defined]
