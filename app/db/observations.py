"""What was measured in the home, newest first when asked."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.models import Observation


async def record(session: AsyncSession, observation: Observation) -> None:
    """Store a measurement; measuring again at the same instant replaces it."""
    await session.merge(observation)


async def last(session: AsyncSession, name: str, *, after: datetime) -> Observation | None:
    """Return the newest measurement of ``name`` since ``after``, None if there is none."""
    found = await session.scalars(
        select(Observation)
        .where(Observation.name == name, Observation.observed_at >= after)
        .order_by(Observation.observed_at.desc())
        .limit(1)
    )
    return found.first()
