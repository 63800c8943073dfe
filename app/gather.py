"""What gathering shares: its sources, its answer, and the slots a plan may cover."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.clock import slot_floor
from app.frames import SLOT
from app.provenance import InputStatus
from app.settings import Settings

Sessions = async_sessionmaker[AsyncSession]


@dataclass(frozen=True, slots=True)
class Sources:
    """What gathering needs: settings, HTTP client and database."""

    settings: Settings
    client: httpx.AsyncClient
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class Gathered:
    """A frame and where it came from."""

    frame: pl.DataFrame
    status: InputStatus


def horizon(now: datetime, settings: Settings) -> list[datetime]:
    """Return the slot starts a plan made now may cover."""
    first = slot_floor(now)
    return [
        first + SLOT * i
        for i in range(round(timedelta(hours=settings.automation.horizon_hours) / SLOT))
    ]
