"""The spread of the sun forecast: the irradiance each member of an ensemble of forecasts sees."""

import asyncio
from typing import Any, Final

import httpx
import polars as pl
from pydantic import BaseModel

from app.core.errors import UpstreamError
from app.core.frames import SLOT, UTC_TIME
from app.ingest.weather.open_meteo import Numbers, ask, plane_params, read, require_steps
from app.settings import Location, OpenMeteo, SolarArray

SOURCE: Final = "Open-Meteo's ensemble"
# Fewer say nothing about one outcome in ten.
LEAST_MEMBERS: Final = 5
# The mean of the hour that starts then; `member` tells the forecasts apart.
MEMBERS: Final = pl.Schema(
    {"hour_start": UTC_TIME, "member": pl.String(), "irradiance_w_per_m2": pl.Float64()}
)
_VARIABLE: Final = "global_tilted_irradiance"
_HOUR_SECONDS: Final = 3600


class _Reply(BaseModel):
    hourly: dict[str, Numbers]


async def fetch_members(
    client: httpx.AsyncClient, settings: OpenMeteo, *, location: Location, array: SolarArray
) -> pl.DataFrame:
    """Return what every member expects on one roof plane, from today to a week ahead."""
    params = {"hourly": _VARIABLE, "models": settings.ensemble_model, **plane_params(array)}
    url = f"{settings.ensemble_base_url}/v1/ensemble"
    reply = await ask(client, url, location, params, source=SOURCE)
    return await asyncio.to_thread(parse_members, reply)


def parse_members(reply: Any) -> pl.DataFrame:
    """Return ``MEMBERS``: a value is the mean of the hour *before* its time stamp."""
    hourly = read(reply, _Reply, source=SOURCE).hourly
    times = [int(at) for at in hourly.get("time", []) if at is not None]
    found = {name: each for name, each in hourly.items() if name.startswith(_VARIABLE)}
    require_steps(times, *found.values(), seconds=_HOUR_SECONDS, source=SOURCE)
    known = {name: each for name, each in found.items() if any(v is not None for v in each)}
    if len(known) < LEAST_MEMBERS:
        raise UpstreamError(f"{SOURCE}: {len(known)} members, fewer than {LEAST_MEMBERS}")
    wide = pl.DataFrame(
        {"at": pl.Series(times, dtype=pl.Int64)}
        | {name: pl.Series(each, dtype=pl.Float64) for name, each in known.items()}
    )
    start = pl.from_epoch(pl.col("at") - _HOUR_SECONDS, time_unit="s").dt.replace_time_zone("UTC")
    return (
        wide.unpivot(index="at", variable_name="member", value_name="irradiance_w_per_m2")
        .drop_nulls()
        .select(start.cast(UTC_TIME).alias("hour_start"), "member", "irradiance_w_per_m2")
    )


def by_quarter(members: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    """Return ``weather`` once per member, with the member's irradiance in place of its own.

    An hour's energy stays what it is; within the hour it follows the weather, evenly where the
    weather sees no sun or not the whole hour.
    """
    own = pl.col("irradiance_w_per_m2")
    hour = pl.col("slot_start").dt.truncate("1h").alias("hour_start")
    quarters = weather.with_columns(hour).with_columns(
        share=pl.when(own.mean().over("hour_start") > 0, pl.len().over("hour_start") == _QUARTERS)
        .then(own / own.mean().over("hour_start"))
        .otherwise(1.0)
    )
    return (
        quarters.drop("irradiance_w_per_m2")
        .join(members, on="hour_start", how="inner")
        .with_columns(pl.col("irradiance_w_per_m2") * pl.col("share"))
        .select(*weather.columns, "member")
        .sort("member", "slot_start")
    )


_QUARTERS: Final = _HOUR_SECONDS // SLOT.seconds
