"""Forecasts as they were issued, so that they can be reused when a source is down, and scored."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import Forecast
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
    await session.execute(
        delete(Forecast).where(Forecast.kind == issue.kind, Forecast.issued_at == issue.issued_at)
    )
    common = {"kind": issue.kind, "source": issue.source, "issued_at": issue.issued_at}
    rows = issue.frame.select("slot_start", "value").to_dicts()
    await session.execute(insert(Forecast), [row | common for row in rows])


async def latest(session: AsyncSession, *, kind: str, issued_after: datetime) -> Issue | None:
    """Return the newest issue of a kind, None if there is none after ``issued_after``."""
    newest = await session.scalar(select(func.max(Forecast.issued_at)).where(Forecast.kind == kind))
    if newest is None or newest < issued_after:
        return None
    result = await session.execute(
        select(Forecast.slot_start, Forecast.value, Forecast.source)
        .where(Forecast.kind == kind, Forecast.issued_at == newest)
        .order_by(Forecast.slot_start)
    )
    rows = result.all()
    frame = pl.DataFrame([(row[0], row[1]) for row in rows], schema=VALUES, orient="row")
    return Issue(kind=kind, source=rows[0][2], issued_at=newest, frame=frame)
