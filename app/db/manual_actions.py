"""Manual actions, kept apart from the automatic plan."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import ManualAction


async def active(session: AsyncSession, *, at: datetime) -> Sequence[ManualAction]:
    """Return the actions that still have slots ahead, oldest first."""
    found = await session.scalars(
        select(ManualAction)
        .where(
            ManualAction.removed_at.is_(None),
            ManualAction.end_at > at,
            or_(ManualAction.expires_at.is_(None), ManualAction.expires_at > at),
        )
        .order_by(ManualAction.created_at, ManualAction.id)
    )
    return found.all()
