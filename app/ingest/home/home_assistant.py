"""The home's own sensors, read from Home Assistant; units are read, never guessed."""

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import polars as pl

from app.core.errors import UpstreamError
from app.ingest.home.consumption import ENERGY_UNITS, POWER_UNITS, consumption
from app.ingest.home.ha_rest import (
    HISTORY_DAY_BYTES,
    SOURCE,
    SensorMissingError,
    read_history,
    read_state,
)
from app.settings import HomeAssistant

# A counter of energy stands still while nothing is used: silence is not a fault for a day.
COUNTER_USABLE_FOR = timedelta(hours=24)
HISTORY_DAYS = 7
# All days together: a run that waits longer would rather plan with an estimate.
HISTORY_SECONDS = 40
_SLACK_PERCENT = 0.5
__all__ = [
    "HISTORY_DAY_BYTES",
    "SOURCE",
    "Reading",
    "SensorMissingError",
    "energy_kwh",
    "number",
    "power_kw",
    "read_consumption",
    "read_sensor",
    "soc_percent",
]


class SensorUnavailableError(UpstreamError):
    """The entity has no value now: its device or integration is away."""

    code = "sensor_unavailable"


class SensorUnknownError(SensorUnavailableError):
    """The entity is there but has said nothing since Home Assistant started."""

    code = "sensor_unknown"


class SensorInvalidError(UpstreamError):
    """The entity's value or unit makes no sense for what it is used as."""

    code = "sensor_invalid"


@dataclass(frozen=True, slots=True)
class Reading:
    """A number a sensor reported, in its own unit, and when it last confirmed it (UTC)."""

    value: float
    unit: str
    at: datetime


async def read_sensor(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
) -> Reading:
    """Return a sensor's number, however old, or a ``Sensor…Error`` saying why it cannot be used."""
    state = await read_state(client, settings, entity_id)
    return Reading(number(state.text, entity_id), state.unit, state.at)


def number(text: str | None, entity_id: str) -> float:
    """Return the number of a state; refuses words and what is not finite."""
    word = (text or "").strip().lower()
    if word == "unavailable":
        raise SensorUnavailableError(
            f"{SOURCE}: {entity_id} is unavailable; its device or integration is offline, "
            "look at it under Settings, Devices & services"
        )
    if word in {"", "unknown", "none"}:
        raise SensorUnknownError(
            f"{SOURCE}: {entity_id} is {text or 'empty'}; it has not reported since Home Assistant "
            "started: wait for its first value, or reload its integration"
        )
    try:
        value = float(word)
    except ValueError as error:
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {text!r}, not a number; map an entity that measures"
        ) from error
    if not math.isfinite(value):
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {text!r}, not a finite number; check its template"
        )
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


def power_kw(reading: Reading, entity_id: str) -> float:
    """Return a power in kW with its sign, from W, kW or MW; which way is positive, settings say."""
    if reading.unit not in POWER_UNITS:
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} is {reading.value:g} {reading.unit!r}; "
            "a power in W, kW or MW is needed"
        )
    return reading.value * POWER_UNITS[reading.unit]


async def read_consumption(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    *,
    now: datetime,
    most_kwh: float,
) -> pl.DataFrame:
    """Return what the house used per slot over the last seven days (``CONSUMPTION``).

    Slots the recorder does not cover, or with more than ``most_kwh``, are left out; without any
    history it is an error.
    """
    try:
        async with asyncio.timeout(HISTORY_SECONDS):
            state = await read_state(client, settings, entity_id)
            points = await read_history(
                client,
                settings,
                entity_id,
                unit=state.unit,
                start=now - timedelta(days=HISTORY_DAYS),
                end=now,
            )
    except TimeoutError as error:
        raise UpstreamError(
            f"{SOURCE} did not send the history of {entity_id} within {HISTORY_SECONDS} s"
        ) from error
    return await asyncio.to_thread(
        consumption,
        points,
        unit=state.unit,
        entity_id=entity_id,
        now=now,
        most_kwh=most_kwh,
    )
