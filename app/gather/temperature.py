"""The outdoor temperature as it was forecast: kept, to be held against what was measured."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import slot_floor
from app.db import forecasts
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.ingest.weather import open_meteo

KIND: Final = "temperature_c"
# As far as the page shows it: a day and a half ahead, and what a slot more costs is a row.
KEPT_FOR: Final = timedelta(hours=48)


async def keep(sources: Sources, weather: pl.DataFrame | None, *, now: datetime) -> None:
    """Store the temperatures ahead of a weather forecast; nothing where none was reached."""
    if weather is None:
        return
    ahead = await asyncio.to_thread(_ahead, weather, slot_floor(now))
    if ahead.is_empty():
        return
    issue = forecasts.Issue(KIND, open_meteo.SOURCE, now, ahead)
    async with session_scope(sources.sessions, writes=True) as session:
        await forecasts.save(session, issue)


def _ahead(weather: pl.DataFrame, start: datetime) -> pl.DataFrame:
    return (
        weather.filter(
            pl.col("slot_start").is_between(start, start + KEPT_FOR, closed="left"),
            pl.col("temperature_c").is_not_null(),
        )
        .unique("slot_start", keep="first", maintain_order=True)
        .select("slot_start", value="temperature_c")
    )
