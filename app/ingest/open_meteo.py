"""Irradiance on a tilted plane and outdoor temperature from Open-Meteo."""

import asyncio
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
from pydantic import BaseModel, ValidationError

from app.clock import day_slots
from app.errors import UpstreamError
from app.frames import SLOT, UTC_TIME
from app.ingest.http import get_json
from app.settings import Location, OpenMeteo, SolarArray

SOURCE = "Open-Meteo"
FORECAST_DAYS = 7
MAX_GAP_SLOTS = 8
WEATHER = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "irradiance_w_per_m2": pl.Float64(),
        "temperature_c": pl.Float64(),
    }
)


class _Series(BaseModel):
    time: list[int]
    global_tilted_irradiance: list[float | None]
    temperature_2m: list[float | None]


class _Reply(BaseModel):
    minutely_15: _Series


def azimuth_from_south(azimuth_degrees: float) -> float:
    """Turn a compass bearing (180 = south) into Open-Meteo's angle (0 = south, -90 = east)."""
    return (azimuth_degrees - 180 + 180) % 360 - 180


async def fetch_weather(
    client: httpx.AsyncClient, settings: OpenMeteo, *, location: Location, array: SolarArray
) -> pl.DataFrame:
    """Return weather per slot for one roof plane, from yesterday to a week ahead (``WEATHER``)."""
    reply = await get_json(
        client,
        f"{settings.base_url}/v1/forecast",
        source=SOURCE,
        params={
            "latitude": f"{location.latitude:g}",
            "longitude": f"{location.longitude:g}",
            "minutely_15": "global_tilted_irradiance,temperature_2m",
            "tilt": f"{array.tilt_degrees:g}",
            "azimuth": f"{azimuth_from_south(array.azimuth_degrees):g}",
            "forecast_days": str(FORECAST_DAYS),
            "past_days": "1",
            "timezone": "GMT",
            "timeformat": "unixtime",
        },
    )
    return await asyncio.to_thread(parse_weather, reply)


def parse_weather(reply: Any) -> pl.DataFrame:
    """Return the reply as slots: a value is the mean of the quarter *before* its time stamp."""
    try:
        series = _Reply.model_validate(reply).minutely_15
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UpstreamError(f"{SOURCE}: unexpected reply at {where}") from error
    step = SLOT.total_seconds()
    if any(later - earlier != step for earlier, later in pairwise(series.time)):
        raise UpstreamError(f"{SOURCE}: the time steps are not 15 minutes")
    lengths = {
        len(series.time),
        len(series.global_tilted_irradiance),
        len(series.temperature_2m),
    }
    if len(lengths) != 1 or not series.time:
        raise UpstreamError(f"{SOURCE}: the series have different lengths")
    frame = pl.DataFrame(
        {
            "slot_start": pl.Series(series.time, dtype=pl.Int64),
            "irradiance_w_per_m2": pl.Series(series.global_tilted_irradiance, dtype=pl.Float64),
            "temperature_c": pl.Series(series.temperature_2m, dtype=pl.Float64),
        }
    ).with_columns(
        slot_start=pl.from_epoch("slot_start", time_unit="s").dt.replace_time_zone("UTC") - SLOT
    )
    return _filled(frame.with_columns(pl.col("slot_start").cast(UTC_TIME)))


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Interpolate gaps of up to two hours; slots of a longer one are left out, never guessed."""
    values = ("irradiance_w_per_m2", "temperature_c")
    filled = frame.select(
        "slot_start",
        *(
            pl.when(pl.len().over(pl.col(name).is_null().rle_id()) <= MAX_GAP_SLOTS)
            .then(pl.col(name).interpolate())
            .otherwise(pl.col(name))
            for name in values
        ),
    ).drop_nulls()
    if filled.is_empty():
        raise UpstreamError(f"{SOURCE}: the forecast has no values")
    return filled


def daily_mean_temperature(weather: pl.DataFrame, zone: ZoneInfo) -> dict[date, float]:
    """Return the mean outdoor temperature per whole local day, degrees Celsius."""
    local_day = pl.col("slot_start").dt.convert_time_zone(zone.key).dt.date().alias("day")
    means = weather.group_by(local_day).agg(pl.col("temperature_c").mean(), slots=pl.len())
    return {
        day: mean_c
        for day, mean_c, slots in means.sort("day").iter_rows()
        # A night's hours at the end of a forecast are not the day's mean.
        if slots == len(day_slots(day, zone))
    }
