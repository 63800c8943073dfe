"""Nothing grows for ever: old history goes, in batches small enough not to hold up a publish."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import CurrentSlot, Forecast, HistorySlot, Observation, PlanRun, Price


async def purge(session: AsyncSession, *, before: datetime, batch: int = 5_000) -> int:
    """Delete at most ``batch`` rows of each table older than ``before``; return how many went."""
    old = select(HistorySlot.id).where(HistorySlot.planned_at < before).limit(batch)
    ids = list(await session.scalars(old))
    gone = 0
    if ids:
        await session.execute(delete(HistorySlot).where(HistorySlot.id.in_(ids)))
        gone += len(ids)
    kept = select(HistorySlot.plan_run_id).union(select(CurrentSlot.plan_run_id))
    runs = list(
        await session.scalars(
            select(PlanRun.id)
            .where(PlanRun.planned_at < before, PlanRun.id.not_in(kept))
            .limit(batch)
        )
    )
    if runs:
        await session.execute(delete(PlanRun).where(PlanRun.id.in_(runs)))
        gone += len(runs)
    for table, time in (
        (Forecast, Forecast.issued_at),
        (Observation, Observation.observed_at),
        (Price, Price.slot_start),
    ):
        result = await session.execute(delete(table).where(time < before))
        gone += int(result.rowcount)  # type: ignore[attr-defined]
    return gone
