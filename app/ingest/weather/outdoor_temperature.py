"""Daily mean temperatures of past and coming days from Open-Meteo, for the load forecast."""

import asyncio
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import polars as pl
from pydantic import BaseModel

from app.core.frames import UTC_TIME
from app.ingest.weather.open_meteo import Numbers, ask, read, require_steps
from app.settings import Location, OpenMeteo

# A mean of fewer hours says as much about the time of day as about the day.
_LEAST_HOURS: Final = 20


class _Series(BaseModel):
    time: list[int]
    temperature_2m: Numbers


class _Reply(BaseModel):
    hourly: _Series


async def fetch_daily_means(
    client: httpx.AsyncClient,
    settings: OpenMeteo,
    *,
    location: Location,
    zone: ZoneInfo,
    past_days: int,
) -> dict[date, float]:
    """Return the mean in degrees Celsius of each local day from ``past_days`` ago to a week on.

    Past and future come from one model, so that a sensor in the sun cannot pose as a cold spell.
    """
    params = {"hourly": "temperature_2m", "past_days": str(past_days)}
    reply = await ask(client, f"{settings.base_url}/v1/forecast", location, params)
    return await asyncio.to_thread(daily_means, reply, zone)


def daily_means(reply: Any, zone: ZoneInfo) -> dict[date, float]:
    """Return the mean of each local day that has nearly all of its hours."""
    series = read(reply, _Reply).hourly
    require_steps(series.time, series.temperature_2m, seconds=3600)
    hours = pl.DataFrame(
        {"at": series.time, "celsius": series.temperature_2m},
        schema={"at": pl.Int64(), "celsius": pl.Float64()},
    ).drop_nulls()
    at = pl.from_epoch("at", time_unit="s").dt.replace_time_zone("UTC").cast(UTC_TIME)
    means = (
        hours.group_by(at.dt.convert_time_zone(zone.key).dt.date().alias("day"))
        .agg(pl.col("celsius").mean(), hours=pl.len())
        .filter(pl.col("hours") >= _LEAST_HOURS)
        .sort("day")
    )
    return {day: celsius for day, celsius, _ in means.iter_rows()}
