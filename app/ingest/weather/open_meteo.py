"""Irradiance on a tilted plane and outdoor weather from Open-Meteo."""

import asyncio
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import httpx
import polars as pl
from pydantic import BaseModel, ValidationError

from app.core.clock import day_slots
from app.core.errors import UpstreamError
from app.core.frames import SLOT, UTC_TIME
from app.ingest.http.client import get_json
from app.settings import Location, OpenMeteo, SolarArray

SOURCE: Final = "Open-Meteo"
FORECAST_DAYS: Final = 7
# A week shows whether snow that fell is still on the panels.
PAST_DAYS: Final = 7
# As far back as the forecast service keeps what it said.
MOST_PAST_DAYS: Final = 92
MAX_GAP_SLOTS: Final = 8
# A value is the mean of its slot; of `temperature_c`, `wind_m_per_s` (10 m above the ground) and
# `snow_depth_cm` it is that at its end, `snowfall_cm` the sum. The last three may be null.
WEATHER: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "irradiance_w_per_m2": pl.Float64(),
        "temperature_c": pl.Float64(),
        "wind_m_per_s": pl.Float64(),
        "snowfall_cm": pl.Float64(),
        "snow_depth_cm": pl.Float64(),
    }
)
_NEEDED: Final = ("irradiance_w_per_m2", "temperature_c")
_CM_PER_M: Final = 100

Numbers = list[float | None]
Reply = TypeVar("Reply", bound=BaseModel)


class _Quarters(BaseModel):
    time: list[int]
    global_tilted_irradiance: Numbers
    temperature_2m: Numbers
    wind_speed_10m: Numbers | None = None
    snowfall: Numbers | None = None


class _Hours(BaseModel):
    time: list[int]
    snow_depth: Numbers


class _Weather(BaseModel):
    minutely_15: _Quarters
    hourly: _Hours | None = None


def azimuth_from_south(azimuth_degrees: float) -> float:
    """Turn a compass bearing (180 = south) into Open-Meteo's angle (0 = south, -90 = east)."""
    return (azimuth_degrees - 180 + 180) % 360 - 180


def plane_params(array: SolarArray) -> dict[str, str]:
    """Return the parameters that name a roof plane."""
    return {
        "tilt": f"{array.tilt_degrees:g}",
        "azimuth": f"{azimuth_from_south(array.azimuth_degrees):g}",
    }


async def ask(
    client: httpx.AsyncClient,
    url: str,
    location: Location,
    params: Mapping[str, str],
    *,
    source: str = SOURCE,
) -> Any:
    """Return the reply for a place; times are seconds since 1970, wind is in m/s."""
    common = {
        "latitude": f"{location.latitude:g}",
        "longitude": f"{location.longitude:g}",
        "forecast_days": str(FORECAST_DAYS),
        "timezone": "GMT",
        "timeformat": "unixtime",
        "wind_speed_unit": "ms",
    }
    return await get_json(client, url, source=source, params={**common, **params})


def read(reply: Any, shape: type[Reply], *, source: str = SOURCE) -> Reply:
    """Return the reply in its shape; raises ``UpstreamError`` that names the place of a fault."""
    try:
        return shape.model_validate(reply)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UpstreamError(f"{source}: unexpected reply at {where}") from error


def require_steps(times: list[int], *series: Numbers, seconds: float, source: str = SOURCE) -> None:
    """Raise ``UpstreamError`` unless times follow each other and every series has them all."""
    if any(later - earlier != seconds for earlier, later in pairwise(times)):
        raise UpstreamError(f"{source}: the time steps are not {seconds / 60:g} minutes")
    if not times or any(len(each) != len(times) for each in series):
        raise UpstreamError(f"{source}: the series have different lengths")


async def fetch_weather(
    client: httpx.AsyncClient,
    settings: OpenMeteo,
    *,
    location: Location,
    array: SolarArray,
    past_days: int = PAST_DAYS,
) -> pl.DataFrame:
    """Return weather per slot for one roof plane, from days ago to a week ahead (``WEATHER``)."""
    params = {
        "minutely_15": "global_tilted_irradiance,temperature_2m,wind_speed_10m,snowfall",
        "hourly": "snow_depth",
        "past_days": str(past_days),
        **plane_params(array),
    }
    reply = await ask(client, f"{settings.base_url}/v1/forecast", location, params)
    return await asyncio.to_thread(parse_weather, reply)


def parse_weather(reply: Any) -> pl.DataFrame:
    """Return the reply as slots: a value is the mean of the quarter *before* its time stamp."""
    found = read(reply, _Weather)
    series = found.minutely_15
    unknown: Numbers = [None] * len(series.time)
    columns = {
        "irradiance_w_per_m2": series.global_tilted_irradiance,
        "temperature_c": series.temperature_2m,
        "wind_m_per_s": unknown if series.wind_speed_10m is None else series.wind_speed_10m,
        "snowfall_cm": unknown if series.snowfall is None else series.snowfall,
    }
    require_steps(series.time, *columns.values(), seconds=SLOT.total_seconds())
    frame = pl.DataFrame(
        {"at": pl.Series(series.time, dtype=pl.Int64)}
        | {name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items()}
    )
    frame = frame.join(_snow_depth(found.hourly), on="at", how="left", maintain_order="left")
    return _filled(
        frame.with_columns(
            slot_start=(_instant("at") - SLOT).cast(UTC_TIME),
            snow_depth_cm=pl.col("snow_depth_cm").forward_fill(limit=3),
        ).select(WEATHER.names())
    )


def _snow_depth(hours: _Hours | None) -> pl.DataFrame:
    """Return the depth in cm at each hour, no rows where the service knows none."""
    schema = {"at": pl.Int64(), "snow_depth_cm": pl.Float64()}
    if hours is None:
        return pl.DataFrame(schema=schema)
    require_steps(hours.time, hours.snow_depth, seconds=3600)
    depths = pl.DataFrame({"at": hours.time, "snow_depth_cm": hours.snow_depth}, schema=schema)
    return depths.with_columns(pl.col("snow_depth_cm") * _CM_PER_M)


def _instant(column: str) -> pl.Expr:
    return pl.from_epoch(column, time_unit="s").dt.replace_time_zone("UTC")


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Interpolate gaps of up to two hours; slots of a longer one are left out, never guessed."""
    filled = frame.with_columns(
        pl.when(pl.len().over(pl.col(name).is_null().rle_id()) <= MAX_GAP_SLOTS)
        .then(pl.col(name).interpolate())
        .otherwise(pl.col(name))
        for name in _NEEDED
    ).drop_nulls(_NEEDED)
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
