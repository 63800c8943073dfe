"""What Home Assistant recorded of every mapped sensor, slot by slot."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx
import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import SLOT
from app.ingest.home import meters
from app.ingest.home.ha_company import confirmed_at, read_companies
from app.ingest.home.ha_rest import SensorMissingError, read_history, read_state
from app.ingest.home.meters import Meter, Record
from app.settings import HomeAssistant

# A piece that reaches over an edge of the window is cut there: read this much around it.
AROUND: Final = timedelta(hours=1)
# An unchanged power that nobody confirmed for longer may be that of a sensor that has died.
UNCONFIRMED_FOR: Final = timedelta(minutes=20)


@dataclass(slots=True)
class Recorded:
    """What was found (``MEASURED_SLOTS``), and per entity why it says nothing."""

    frame: pl.DataFrame = field(default_factory=meters.nothing)
    problems: dict[str, str] = field(default_factory=dict)


async def read_slots(
    client: httpx.AsyncClient,
    home: HomeAssistant,
    wanted: Sequence[Meter],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    most_kwh: float,
) -> Recorded:
    """Return what the sensors recorded of the slots of [start, end).

    A sensor that is missing or in a wrong unit is a problem of its own; when Home Assistant itself
    does not answer, ``UpstreamError`` is raised and nothing is known.
    """
    found = Recorded()
    slots = pl.Series([start + SLOT * i for i in range(round((end - start) / SLOT))])
    for key in dict.fromkeys(meter.key for meter in wanted):
        try:
            record = await _record(client, home, key, start=start, end=end, now=now)
        except SensorMissingError as error:
            found.problems[key] = str(error)
            continue
        for meter in (each for each in wanted if each.key == key):
            try:
                part = await asyncio.to_thread(
                    meters.measured, meter, record, slots, most_kwh=most_kwh
                )
            except meters.MeterUnitError as error:
                found.problems[key] = str(error)
            else:
                found.frame = pl.concat([found.frame, part])
    return found


async def _record(
    client: httpx.AsyncClient,
    home: HomeAssistant,
    key: str,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
) -> Record:
    state = await read_state(client, home, key)
    until = min(now, end + AROUND)
    points = await read_history(client, home, key, unit=state.unit, start=start - AROUND, end=until)
    value, said_at = _number(state.text), state.at
    if value and until - said_at > UNCONFIRMED_FOR:
        said_at = await _confirmed(home, key, said_at, until)
    if said_at <= until:
        points = meters.confirmed(points, at=said_at, value=value)
    # Nothing may last: a roof at night need not be confirmed.
    believed = until if value == 0 else min(until, max(start, said_at + UNCONFIRMED_FOR))
    return Record(points, state.unit, believed)


async def _confirmed(home: HomeAssistant, key: str, at: datetime, until: datetime) -> datetime:
    """Return when an unchanged value was confirmed last, by its device going on if not by itself.

    A value that changed after ``until`` says nothing of before: ``at`` is later then.
    """
    try:
        companies = await read_companies(home, [key])
    except UpstreamError:
        return at
    return max(at, min(until, confirmed_at(at, companies[key])))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
