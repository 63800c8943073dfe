"""The trail of changed settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.models import SettingChange


async def add(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store changes, oldest first; values are JSON texts, those of secrets never."""
    await session.execute(insert(SettingChange), [dict(row) for row in rows])


async def newest(
    session: AsyncSession, *, limit: int, before_id: int | None = None
) -> Sequence[SettingChange]:
    """Return changes, the newest first, those before ``before_id`` if given."""
    query = select(SettingChange).order_by(SettingChange.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(SettingChange.id < before_id)
    return (await session.scalars(query)).all()
