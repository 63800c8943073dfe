"""Manual actions, kept apart from the automatic plan."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import slot_floor
from app.db.models import ManualAction


async def active(session: AsyncSession, *, at: datetime) -> Sequence[ManualAction]:
    """Return the actions that still have slots ahead, oldest first."""
    found = await session.scalars(
        select(ManualAction)
        .where(
            ManualAction.removed_at.is_(None),
            # Slot columns refuse to be compared with what is off the quarter; no end lies between.
            ManualAction.end_at > slot_floor(at),
            or_(ManualAction.expires_at.is_(None), ManualAction.expires_at > at),
        )
        .order_by(ManualAction.created_at, ManualAction.id)
    )
    return found.all()


async def add(session: AsyncSession, action: ManualAction) -> int:
    """Store an action and return its id."""
    session.add(action)
    await session.flush()
    return action.id


async def remove(session: AsyncSession, action_id: int, *, at: datetime) -> bool:
    """Take an action back; False if there is none, or it was taken back before."""
    changed = await session.execute(
        update(ManualAction)
        .where(ManualAction.id == action_id, ManualAction.removed_at.is_(None))
        .values(removed_at=at)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]
