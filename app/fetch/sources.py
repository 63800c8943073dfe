"""What gathering shares: its sources, its answer, and the slots a plan may cover."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.clock import slot_floor
from app.core.frames import SLOT
from app.core.provenance import InputStatus
from app.fetch.pace import Pace
from app.ingest.home.mqtt_readings import Readings
from app.settings import Settings

Sessions = async_sessionmaker[AsyncSession]


@dataclass(frozen=True, slots=True)
class Sources:
    """What gathering needs: settings, HTTP client, database, and what is kept between runs."""

    settings: Settings
    client: httpx.AsyncClient
    sessions: Sessions
    pace: Pace = field(default_factory=Pace)
    readings: Readings = field(default_factory=Readings)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A frame and where it came from; ``beside`` is what is known of its days outside of it."""

    frame: pl.DataFrame
    status: InputStatus
    beside: pl.DataFrame | None = None


def horizon(now: datetime, settings: Settings) -> list[datetime]:
    """Return the slot starts a plan made now may cover."""
    first = slot_floor(now)
    return [
        first + SLOT * i
        for i in range(round(timedelta(hours=settings.automation.horizon_hours) / SLOT))
    ]
