"""The home's own sensors, read from Home Assistant; units are read, never guessed."""

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import polars as pl
from pydantic import AwareDatetime, BaseModel, ValidationError

from app.clock import iso_utc
from app.errors import UpstreamError
from app.ingest.consumption import ENERGY_UNITS, consumption, points_of
from app.ingest.http import NotFoundError, get_json
from app.settings import HomeAssistant

SOURCE = "Home Assistant"
LIVE_FOR = timedelta(minutes=15)
USABLE_FOR = timedelta(minutes=60)
# A counter of energy stands still while nothing is used: silence is not a fault for a day.
COUNTER_USABLE_FOR = timedelta(hours=24)
HISTORY_DAYS = 7
# One day of a meter that reports every second is about 7 MB; days are asked for one by one.
HISTORY_DAY_BYTES = 8 * 1024 * 1024
# All days together: a run that waits longer would rather plan with an estimate.
HISTORY_SECONDS = 40
_SLACK_PERCENT = 0.5


class SensorMissingError(UpstreamError):
    """Home Assistant has no such entity."""

    code = "sensor_missing"


class SensorUnavailableError(UpstreamError):
    """The entity has no value now: unknown, unavailable or empty."""

    code = "sensor_unavailable"


class SensorInvalidError(UpstreamError):
    """The entity's value or unit makes no sense for what it is used as."""

    code = "sensor_invalid"


class SensorStaleError(UpstreamError):
    """The entity's value is too old to act on."""

    code = "sensor_stale"


class _State(BaseModel):
    state: str | None
    last_updated: AwareDatetime
    # Newer versions also say when an unchanged value was last confirmed.
    last_reported: AwareDatetime | None = None
    attributes: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """A number a sensor reported, in its own unit, and when it last confirmed it (UTC)."""

    value: float
    unit: str
    at: datetime


async def _get(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    path: str,
    *,
    params: dict[str, str] | None = None,
    max_bytes: int = 1024 * 1024,
) -> Any:
    token = settings.token.get_secret_value() if settings.token else ""
    return await get_json(
        client,
        f"{settings.url}{path}",
        source=SOURCE,
        params=params,
        headers={"Authorization": f"Bearer {token}"},
        max_bytes=max_bytes,
    )


async def _state(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str
) -> tuple[_State, str]:
    """Return an entity's state and its unit."""
    try:
        reply = await _get(client, settings, f"/api/states/{quote(entity_id, safe='')}")
        state = _State.model_validate(reply)
    except NotFoundError as error:
        raise SensorMissingError(
            f"{SOURCE} has no entity {entity_id}; check its name in the settings"
        ) from error
    except ValidationError as error:
        raise UpstreamError(f"{SOURCE}: unexpected reply for {entity_id}") from error
    return state, str(state.attributes.get("unit_of_measurement") or "")


async def read_sensor(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
) -> Reading:
    """Return a sensor's number, or a ``Sensor…Error`` saying why it cannot be used.

    ``not_before`` is the start of the day for a daily counter: an older value is yesterday's.
    Without it a reading may be an hour old, a counter of energy a day.
    """
    state, unit = await _state(client, settings, entity_id)
    value = _number(state.state, entity_id)
    at = max(state.last_updated, state.last_reported or state.last_updated)
    oldest = not_before or now - (COUNTER_USABLE_FOR if unit in ENERGY_UNITS else USABLE_FOR)
    if at < oldest:
        minutes = (now - at).total_seconds() / 60
        raise SensorStaleError(f"{SOURCE}: {entity_id} was last updated {minutes:.0f} minutes ago")
    return Reading(value, unit, at)


def _number(text: str | None, entity_id: str) -> float:
    """Return the number of a state; refuses words and what is not finite."""
    if text is None or text.strip().lower() in {"", "unknown", "unavailable", "none"}:
        raise SensorUnavailableError(f"{SOURCE}: {entity_id} is {text or 'empty'}")
    try:
        value = float(text)
    except ValueError as error:
        raise SensorInvalidError(f"{SOURCE}: {entity_id} is {text!r}, not a number") from error
    if not math.isfinite(value):
        raise SensorInvalidError(f"{SOURCE}: {entity_id} is {text!r}, not a finite number")
    return value


def soc_percent(reading: Reading, entity_id: str) -> float:
    """Return a state of charge in percent; refuses other units and values off the scale."""
    if reading.unit != "%":
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {reading.value:g} with unit {reading.unit!r}; "
            "a state of charge in % is needed"
        )
    if not -_SLACK_PERCENT <= reading.value <= 100 + _SLACK_PERCENT:
        raise SensorInvalidError(f"{SOURCE}: {entity_id} is {reading.value:g} %, outside 0-100")
    return min(100.0, max(0.0, reading.value))


def energy_kwh(reading: Reading, entity_id: str) -> float:
    """Return an energy in kWh, from Wh, kWh or MWh."""
    if reading.unit not in ENERGY_UNITS or reading.value < 0:
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {reading.value:g} {reading.unit!r}; "
            "an energy in Wh, kWh or MWh, not negative, is needed"
        )
    return reading.value * ENERGY_UNITS[reading.unit]


def daily_energy_kwh(reading: Reading, entity_id: str, *, most_kwh: float) -> float:
    """Return the energy of today in kWh; refuses more than ``most_kwh``, what a day can hold."""
    value_kwh = energy_kwh(reading, entity_id)
    if value_kwh > most_kwh:
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {value_kwh:g} kWh, more than the {most_kwh:g} kWh the water "
            "heater can use in a day; map a counter that resets at midnight"
        )
    return value_kwh


async def read_consumption(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str, *, now: datetime
) -> pl.DataFrame:
    """Return what the house used per slot over the last seven days (``CONSUMPTION``).

    Slots the recorder does not cover are left out; without any history it is an error.
    """
    try:
        async with asyncio.timeout(HISTORY_SECONDS):
            _, unit = await _state(client, settings, entity_id)
            days = [
                await _history_day(client, settings, entity_id, now - timedelta(days=ago))
                for ago in range(HISTORY_DAYS, 0, -1)
            ]
    except TimeoutError as error:
        raise UpstreamError(
            f"{SOURCE} did not send the history of {entity_id} within {HISTORY_SECONDS} s"
        ) from error
    return await asyncio.to_thread(
        consumption, pl.concat(days), unit=unit, entity_id=entity_id, now=now
    )


async def _history_day(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str, begin: datetime
) -> pl.DataFrame:
    """Return 24 hours of recorded states from ``begin``."""
    reply = await _get(
        client,
        settings,
        f"/api/history/period/{quote(iso_utc(begin), safe='')}",
        params={
            "filter_entity_id": entity_id,
            "end_time": iso_utc(begin + timedelta(days=1)),
            "minimal_response": "",
            "no_attributes": "",
        },
        max_bytes=HISTORY_DAY_BYTES,
    )
    return await asyncio.to_thread(points_of, reply, entity_id)
