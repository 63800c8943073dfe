"""Forecasts as they were issued, so that they can be reused when a source is down, and scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import FrameError
from app.core.frames import UTC_TIME
from app.db.tables.models import Forecast

VALUES = pl.Schema(
    {"slot_start": UTC_TIME, "value": pl.Float64(), "p10": pl.Float64(), "p90": pl.Float64()}
)
_SPREAD = ("p10", "p90")


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of one kind of forecast.

    ``frame`` has ``slot_start`` and ``value``, and may have ``p10`` and ``p90`` (``VALUES`` when it
    comes back). ``made_for`` is a fingerprint of the home it was made for, None if it says nothing.
    """

    kind: str
    source: str
    issued_at: datetime
    frame: pl.DataFrame
    made_for: str | None = None


async def save(session: AsyncSession, issue: Issue) -> None:
    """Store an issue whole, replacing one of the same instant."""
    if issue.frame.is_empty():
        raise FrameError(f"forecast {issue.kind} from {issue.source}: no slots to store")
    await session.execute(
        delete(Forecast).where(Forecast.kind == issue.kind, Forecast.issued_at == issue.issued_at)
    )
    common = {
        "kind": issue.kind,
        "source": issue.source,
        "issued_at": issue.issued_at,
        "made_for": issue.made_for,
    }
    absent = [name for name in _SPREAD if name not in issue.frame.columns]
    whole = issue.frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in absent)
    rows = whole.select(VALUES.names()).to_dicts()
    await session.execute(insert(Forecast), [row | common for row in rows])


async def latest(
    session: AsyncSession,
    *,
    kind: str,
    issued_after: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    issued_before: datetime | None = None,
    made_for: str | None = None,
) -> Issue | None:
    """Return the newest issue of a kind, cut to [start, end) where given.

    None if none was issued at or after ``issued_after`` (and before ``issued_before``), or it has
    no slot in that range. With ``made_for``, issues for another home do not count.
    """
    wanted = [Forecast.kind == kind]
    if issued_before is not None:
        wanted.append(Forecast.issued_at < issued_before)
    if made_for is not None:
        wanted.append(Forecast.made_for == made_for)
    newest = await session.scalar(select(func.max(Forecast.issued_at)).where(*wanted))
    if newest is None or newest < issued_after:
        return None
    query = (
        select(
            Forecast.slot_start,
            Forecast.value,
            Forecast.p10,
            Forecast.p90,
            Forecast.source,
            Forecast.made_for,
        )
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
    frame = pl.DataFrame([tuple(row)[: len(VALUES)] for row in rows], schema=VALUES, orient="row")
    *_, source, home = rows[0]
    return Issue(kind=kind, source=source, issued_at=newest, frame=frame, made_for=home)


async def issue_times(session: AsyncSession, kind: str, *, before: datetime) -> list[datetime]:
    """Return when each stored issue of a kind made before ``before`` was made, oldest first."""
    found = await session.scalars(
        select(Forecast.issued_at)
        .where(Forecast.kind == kind, Forecast.issued_at < before)
        .distinct()
        .order_by(Forecast.issued_at)
    )
    return list(found)


async def kinds(session: AsyncSession) -> list[str]:
    """Return the kinds of forecasts there are."""
    return list(await session.scalars(select(Forecast.kind).distinct().order_by(Forecast.kind)))


async def forget(session: AsyncSession, kind: str, issued_at: Sequence[datetime]) -> int:
    """Delete whole issues of a kind; return how many rows went."""
    result = await session.execute(
        delete(Forecast).where(Forecast.kind == kind, Forecast.issued_at.in_(issued_at))
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
