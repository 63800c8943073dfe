"""Alerts in and out of the database; the caller owns the transaction, nothing here commits."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.models import AlertRow


@dataclass(slots=True, eq=False)
class Alert:
    """One episode of one condition, with the columns of ``AlertRow``; bound to no session.

    ``id`` is None until the database has numbered it: the alert that the database is away waits
    in memory. A row of the mapper would lose its values with every transaction rolled back.
    """

    code: str
    severity: str
    message: str
    since: datetime
    open_code: str | None = None
    raised_at: datetime | None = None
    recovered_at: datetime | None = None
    deliveries: dict[str, Any] = field(default_factory=dict)
    id: int | None = None

    def columns(self) -> dict[str, Any]:
        """Return what the table keeps of it, without the number."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "id"}


def _read(row: AlertRow) -> Alert:
    return Alert(**{each.name: getattr(row, each.name) for each in fields(Alert)})


async def unsettled(session: AsyncSession, *, recovered_after: datetime) -> list[Alert]:
    """Return the open episodes, and those that ended since: somebody may have to be told."""
    found = await session.scalars(
        select(AlertRow)
        .where(AlertRow.open_code.is_not(None) | (AlertRow.recovered_at > recovered_after))
        .order_by(AlertRow.id)
    )
    return [_read(row) for row in found]


async def page(
    session: AsyncSession, *, limit: int, before_id: int | None, only_open: bool
) -> list[Alert]:
    """Return raised alerts, the newest first, those before ``before_id`` if given."""
    query = select(AlertRow).where(AlertRow.raised_at.is_not(None))
    if only_open:
        query = query.where(AlertRow.recovered_at.is_(None))
    if before_id is not None:
        query = query.where(AlertRow.id < before_id)
    found = await session.scalars(query.order_by(AlertRow.id.desc()).limit(limit))
    return [_read(row) for row in found]


async def add(session: AsyncSession, alert: Alert) -> int:
    """Store an alert that has no number yet; returns the number, not the alert's until commit."""
    stored = await session.execute(insert(AlertRow).values(alert.columns()))
    (number,) = stored.inserted_primary_key  # type: ignore[attr-defined] # of an insert it has
    return int(number)


async def keep(session: AsyncSession, alert: Alert) -> None:
    """Store what became of an alert that has a number."""
    found = update(AlertRow).where(AlertRow.id == alert.id)
    await session.execute(found.values(alert.columns()))


async def forget(session: AsyncSession, gone: Iterable[Alert]) -> None:
    """Delete alerts; those without a number were never stored."""
    numbers = [alert.id for alert in gone if alert.id is not None]
    if numbers:
        await session.execute(delete(AlertRow).where(AlertRow.id.in_(numbers)))


async def keep_deliveries(session: AsyncSession, alert_id: int, deliveries: dict[str, Any]) -> None:
    """Store who was told of an alert; its state, which may have changed meanwhile, stays."""
    await session.execute(
        update(AlertRow).where(AlertRow.id == alert_id).values(deliveries=deliveries)
    )
