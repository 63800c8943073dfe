"""Alerts in and out of the database; the caller owns the transaction, nothing here commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import AlertRow


async def unsettled(session: AsyncSession, *, recovered_after: datetime) -> Sequence[AlertRow]:
    """Return the open episodes, and those that ended since: somebody may have to be told."""
    found = await session.scalars(
        select(AlertRow)
        .where(AlertRow.open_code.is_not(None) | (AlertRow.recovered_at > recovered_after))
        .order_by(AlertRow.id)
    )
    return found.all()


async def page(
    session: AsyncSession, *, limit: int, before_id: int | None, only_open: bool
) -> Sequence[AlertRow]:
    """Return raised alerts, the newest first, those before ``before_id`` if given."""
    query = select(AlertRow).where(AlertRow.raised_at.is_not(None))
    if only_open:
        query = query.where(AlertRow.recovered_at.is_(None))
    if before_id is not None:
        query = query.where(AlertRow.id < before_id)
    return (await session.scalars(query.order_by(AlertRow.id.desc()).limit(limit))).all()


async def keep_deliveries(session: AsyncSession, alert_id: int, deliveries: dict[str, Any]) -> None:
    """Store who was told of an alert; its state, which may have changed meanwhile, stays."""
    await session.execute(
        update(AlertRow).where(AlertRow.id == alert_id).values(deliveries=deliveries)
    )
