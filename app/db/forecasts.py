"""Forecasts as they were issued, so that they can be reused when a source is down, and scored."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import Forecast
from app.errors import FrameError
from app.frames import UTC_TIME

VALUES = pl.Schema({"slot_start": UTC_TIME, "value": pl.Float64()})


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of one kind of forecast; ``frame`` has ``slot_start`` and ``value``."""

    kind: str
    source: str
    issued_at: datetime
    frame: pl.DataFrame


async def save(session: AsyncSession, issue: Issue) -> None:
    """Store an issue whole, replacing one of the same instant."""
    if issue.frame.is_empty():
        raise FrameError(f"forecast {issue.kind} from {issue.source}: no slots to store")
    await session.execute(
        delete(Forecast).where(Forecast.kind == issue.kind, Forecast.issued_at == issue.issued_at)
    )
    common = {"kind": issue.kind, "source": issue.source, "issued_at": issue.issued_at}
    rows = issue.frame.select("slot_start", "value").to_dicts()
    await session.execute(insert(Forecast), [row | common for row in rows])


async def latest(
    session: AsyncSession,
    *,
    kind: str,
    issued_after: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Issue | None:
    """Return the newest issue of a kind, cut to [start, end) where given.

    None if none was issued at or after ``issued_after``, or it has no slot in that range.
    """
    newest = await session.scalar(select(func.max(Forecast.issued_at)).where(Forecast.kind == kind))
    if newest is None or newest < issued_after:
        return None
    query = (
        select(Forecast.slot_start, Forecast.value, Forecast.source)
        .where(Forecast.kind == kind, Forecast.issued_at == newest)
        .order_by(Forecast.slot_start)
    )
    if start is not None:
        query = query.where(Forecast.slot_start >= start)
    if end is not None:
        query = query.where(Forecast.slot_start < end)
    rows = (await session.execute(query)).all()
    if not rows:
        return None
    frame = pl.DataFrame([(row[0], row[1]) for row in rows], schema=VALUES, orient="row")
    return Issue(kind=kind, source=rows[0][2], issued_at=newest, frame=frame)
