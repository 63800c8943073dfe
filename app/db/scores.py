"""How good the forecasts were, one row per kind and local day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.connection.upsert import upsert
from app.db.tables.models import ForecastScore


async def save(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store the scores of whole days, replacing earlier ones."""
    await upsert(session, ForecastScore, rows)


async def since(session: AsyncSession, first: date) -> Sequence[ForecastScore]:
    """Return the scores of all kinds from the local day ``first`` on, oldest first."""
    found = await session.scalars(
        select(ForecastScore)
        .where(ForecastScore.day >= first)
        .order_by(ForecastScore.day, ForecastScore.kind)
    )
    return found.all()
