"""The home's own sensors, read from Home Assistant; units are read, never guessed."""

import itertools
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import polars as pl
from pydantic import AwareDatetime, BaseModel, ValidationError

from app.errors import UpstreamError
from app.frames import SLOT, SLOT_HOURS, UTC_TIME
from app.ingest.http import get_json
from app.settings import HomeAssistant

SOURCE = "Home Assistant"
LIVE_FOR = timedelta(minutes=15)
USABLE_FOR = timedelta(minutes=60)
HISTORY_DAYS = 7
# More than this through one household meter in a quarter is a broken counter, not a load.
MOST_KWH_PER_SLOT = 25.0
_ENERGY = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
_POWER = {"W": 0.001, "kW": 1.0, "MW": 1000.0}
CONSUMPTION = pl.Schema({"slot_start": UTC_TIME, "load_kwh": pl.Float64()})


class _State(BaseModel):
    state: str
    last_updated: AwareDatetime
    attributes: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """A number a sensor reported, in its own unit, and when."""

    value: float
    unit: str
    at: datetime


async def _get(client: httpx.AsyncClient, settings: HomeAssistant, path: str) -> Any:
    token = settings.token.get_secret_value() if settings.token else ""
    return await get_json(
        client,
        f"{settings.url}{path}",
        source=SOURCE,
        headers={"Authorization": f"Bearer {token}"},
    )


async def read_sensor(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str, *, now: datetime
) -> Reading:
    """Return a sensor's number; refuses unknown, unavailable, NaN and readings over an hour old."""
    reply = await _get(client, settings, f"/api/states/{quote(entity_id, safe='')}")
    try:
        state = _State.model_validate(reply)
    except ValidationError as error:
        raise UpstreamError(f"{SOURCE}: unexpected reply for {entity_id}") from error
    try:
        value = float(state.state)
    except ValueError as error:
        raise UpstreamError(f"{SOURCE}: {entity_id} is {state.state!r}, not a number") from error
    if not math.isfinite(value):
        raise UpstreamError(f"{SOURCE}: {entity_id} is {state.state!r}, not a finite number")
    age = now - state.last_updated
    if age > USABLE_FOR:
        minutes = age.total_seconds() / 60
        raise UpstreamError(f"{SOURCE}: {entity_id} was last updated {minutes:.0f} minutes ago")
    unit = str(state.attributes.get("unit_of_measurement") or "")
    return Reading(value, unit, state.last_updated)


def soc_percent(reading: Reading, entity_id: str) -> float:
    """Return a state of charge in percent; refuses other units and values off the scale."""
    if reading.unit != "%":
        raise UpstreamError(
            f"{SOURCE}: {entity_id} has unit {reading.unit!r}; a state of charge in % is needed"
        )
    slack = 0.5
    if not -slack <= reading.value <= 100 + slack:
        raise UpstreamError(f"{SOURCE}: {entity_id} is {reading.value:g} %, outside 0-100")
    return min(100.0, max(0.0, reading.value))


def energy_kwh(reading: Reading, entity_id: str) -> float:
    """Return an energy in kWh, from Wh, kWh or MWh."""
    if reading.unit not in _ENERGY or reading.value < 0:
        raise UpstreamError(
            f"{SOURCE}: {entity_id} is {reading.value:g} {reading.unit!r}; "
            "an energy in Wh, kWh or MWh, not negative, is needed"
        )
    return reading.value * _ENERGY[reading.unit]


async def read_consumption(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str, *, now: datetime
) -> pl.DataFrame:
    """Return what the house used per slot over the last seven days (``CONSUMPTION``)."""
    begin = quote((now - timedelta(days=HISTORY_DAYS)).isoformat(), safe="")
    reply = await _get(
        client,
        settings,
        f"/api/history/period/{begin}?filter_entity_id={quote(entity_id, safe='')}"
        f"&end_time={quote(now.isoformat(), safe='')}",
    )
    if not isinstance(reply, list) or not reply or not reply[0]:
        raise UpstreamError(f"{SOURCE}: no history for {entity_id}")
    try:
        states = [_State.model_validate(item) for item in reply[0]]
    except ValidationError as error:
        raise UpstreamError(f"{SOURCE}: unexpected history of {entity_id}") from error
    return consumption(states, entity_id)


def consumption(states: list[_State], entity_id: str) -> pl.DataFrame:
    """Turn a rising energy counter or a power sensor into kWh per whole slot."""
    unit = str(states[0].attributes.get("unit_of_measurement") or "")
    points = [
        (state.last_updated, float(state.state)) for state in states if _is_number(state.state)
    ]
    if len(points) < 2:  # noqa: PLR2004 - a difference needs two
        raise UpstreamError(f"{SOURCE}: {entity_id} has no usable history")
    if unit in _ENERGY:
        pieces = _counter_pieces(points, _ENERGY[unit])
    elif unit in _POWER:
        pieces = [
            (begin, end, max(0.0, power) * _POWER[unit] * (end - begin).total_seconds() / 3600)
            for (begin, power), (end, _) in itertools.pairwise(points)
        ]
    else:
        raise UpstreamError(f"{SOURCE}: {entity_id} has unit {unit!r}; use Wh, kWh, W or kW")
    return _per_slot(pieces)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _counter_pieces(
    points: list[tuple[datetime, float]], factor: float
) -> list[tuple[datetime, datetime, float]]:
    """Return (begin, end, kWh): a counter that goes back has been reset, a leap is dropped."""
    pieces = []
    for (begin, before), (end, after) in itertools.pairwise(points):
        delta = after - before if after >= before else after
        kwh = delta * factor
        slots = max(1.0, (end - begin) / SLOT)
        if kwh <= MOST_KWH_PER_SLOT * slots:
            pieces.append((begin, end, kwh))
    return pieces


def _per_slot(pieces: list[tuple[datetime, datetime, float]]) -> pl.DataFrame:
    """Spread each piece evenly over the slots it touches; keep slots that are covered whole."""
    energy: dict[datetime, float] = {}
    covered: dict[datetime, float] = {}
    for begin, end, kwh in pieces:
        seconds = (end - begin).total_seconds()
        slot = begin - timedelta(
            minutes=begin.minute % 15, seconds=begin.second, microseconds=begin.microsecond
        )
        while slot < end and seconds > 0:
            share = (min(end, slot + SLOT) - max(begin, slot)).total_seconds()
            energy[slot] = energy.get(slot, 0.0) + kwh * share / seconds
            covered[slot] = covered.get(slot, 0.0) + share
            slot += SLOT
    whole = 0.9 * SLOT_HOURS * 3600
    rows = [(slot, energy[slot]) for slot in sorted(energy) if covered[slot] >= whole]
    return pl.DataFrame(rows, schema=CONSUMPTION, orient="row")
