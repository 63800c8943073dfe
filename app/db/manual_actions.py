"""Manual actions, kept apart from the automatic plan, and the trail of what was done to them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import slot_floor
from app.db.tables.models import ManualAction, ManualChange


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


async def newest(
    session: AsyncSession, *, limit: int, before_id: int | None = None
) -> Sequence[ManualAction]:
    """Return actions of every state, the newest first, those before ``before_id`` if given."""
    query = select(ManualAction).order_by(ManualAction.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(ManualAction.id < before_id)
    return (await session.scalars(query)).all()


async def by_id(session: AsyncSession, action_id: int) -> ManualAction | None:
    """Return one action, None if it is not known."""
    return await session.get(ManualAction, action_id)


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


async def note(session: AsyncSession, step: ManualChange) -> None:
    """Add a step to the trail."""
    session.add(step)
    await session.flush()


async def trail(
    session: AsyncSession, *, limit: int, before_id: int | None = None
) -> Sequence[ManualChange]:
    """Return the newest steps first, those before ``before_id`` if given."""
    query = select(ManualChange).order_by(ManualChange.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(ManualChange.id < before_id)
    return (await session.scalars(query)).all()


async def last_change(session: AsyncSession) -> Sequence[ManualChange]:
    """Return the steps of the newest change that was not undone yet, newest first."""
    newest_step = (
        select(ManualChange.change)
        .where(ManualChange.undone_at.is_(None))
        .order_by(ManualChange.id.desc())
        .limit(1)
    )
    found = await session.scalars(
        select(ManualChange)
        .where(ManualChange.change == newest_step.scalar_subquery())
        .order_by(ManualChange.id.desc())
    )
    return found.all()
