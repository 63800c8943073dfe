"""What sensors say by MQTT: kept for a few hours in memory, as the recorder and a run need it.

A retained message that comes with the subscription is left out: nobody says how old it is. While
the broker is away nothing is known, so that no value is held through an outage.
"""

import json
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from app.core.frames import SLOT
from app.ingest.home import meters
from app.ingest.home.charge_level import Company, Point, Reach
from app.ingest.home.consumption import POINTS, POWER_UNITS
from app.ingest.home.ha_recorded import AROUND, UNCONFIRMED_FOR, Recorded
from app.ingest.home.home_assistant import Reading, SensorInvalidError, soc_percent
from app.ingest.home.meters import Meter, Record
from app.settings import HomeAssistant
from app.settings.mqtt import MqttReading

SOURCE: Final = "MQTT"
KEPT_FOR: Final = timedelta(hours=4)
# A meter that speaks every second for as long.
_MOST_POINTS: Final = 15_000


@dataclass(slots=True)
class Readings:
    """Numbers by topic, each with the instant (UTC) it was heard; null: not known from then on."""

    # By unit as well: what was heard before somebody set another one was in the old one.
    _heard: dict[tuple[str, str], deque[tuple[datetime, float | None]]] = field(
        default_factory=dict
    )

    def receive(
        self, wanted: Sequence[MqttReading], topic: str, payload: bytes, *, at: datetime
    ) -> None:
        """Keep what a message says of every reading that is taken from its topic."""
        for reading in (each for each in wanted if each.topic == topic):
            points = self._heard.setdefault(_place(reading), deque(maxlen=_MOST_POINTS))
            points.append((at, _number(payload, reading.json_key)))
            while points and points[0][0] < at - KEPT_FOR:
                points.popleft()

    def lost(self, *, at: datetime) -> None:
        """Know nothing from now on: the broker is away."""
        for points in self._heard.values():
            points.append((at, None))

    def newest(self, reading: MqttReading) -> Reading | None:
        """Return the newest number of a reading, None while it is not known."""
        points = self._heard.get(_place(reading))
        if not points or (value := points[-1][1]) is None:
            return None
        return Reading(value, reading.unit, points[-1][0])

    def points(self, reading: MqttReading, *, start: datetime, end: datetime) -> list[Point]:
        """Return what was heard of a reading in [start, end)."""
        return [each for each in self._heard.get(_place(reading), ()) if start <= each[0] < end]

    def record(self, reading: MqttReading, *, start: datetime, end: datetime) -> Record:
        """Return what was heard around [start, end), believed for 20 minutes after the last."""
        points = self._heard.get(_place(reading), ())
        frame = pl.DataFrame(list(points), schema=POINTS, orient="row").filter(
            pl.col("at").is_between(start - AROUND, end + AROUND)
        )
        last = frame["at"].max()
        until = min(end + AROUND, last + UNCONFIRMED_FOR) if isinstance(last, datetime) else start
        return Record(frame, reading.unit, until)


def _place(reading: MqttReading) -> tuple[str, str]:
    return reading.key, reading.unit


def mapped(
    wanted: Sequence[MqttReading], home: HomeAssistant, *, reach: Reach | None
) -> tuple[Meter, ...]:
    """Return the meters of the topics; the sign of a power is that of ``home_assistant``."""
    return meters.meters_of({each.sensor: each.key for each in wanted}, home, reach=reach)


def read_slots(
    readings: Readings,
    wanted: Sequence[MqttReading],
    chosen: Sequence[Meter],
    *,
    start: datetime,
    end: datetime,
    most_kwh: float,
) -> Recorded:
    """Return what was heard of the slots of [start, end) by the chosen meters."""
    found = Recorded()
    slots = pl.Series([start + SLOT * i for i in range(round((end - start) / SLOT))])
    by_key = {each.key: each for each in wanted}
    for meter in chosen:
        record = readings.record(by_key[meter.key], start=start, end=end)
        try:
            part = meters.measured(meter, record, slots, most_kwh=most_kwh)
        except meters.MeterUnitError as error:
            found.problems[meter.key] = str(error)
        else:
            found.frame = pl.concat([found.frame, part])
    return found


def charge_level(
    readings: Readings, wanted: Sequence[MqttReading]
) -> tuple[float, datetime] | None:
    """Return (state of charge in percent, when), None where none is known or it is no level."""
    mine = _level(wanted)
    reading = readings.newest(mine) if mine else None
    if mine is None or reading is None:
        return None
    try:
        return soc_percent(reading, mine.topic), reading.at
    except SensorInvalidError:
        return None


def charge_points(
    readings: Readings, wanted: Sequence[MqttReading], *, start: datetime, end: datetime
) -> list[Point]:
    """Return what was heard of the charge level in [start, end)."""
    mine = _level(wanted)
    return readings.points(mine, start=start, end=end) if mine else []


def company(readings: Readings, wanted: Sequence[MqttReading]) -> Company:
    """Return what the other sensors below the charge level's own topic say.

    ``device/soc`` and ``device/power`` are one device; what stands alone has no company.
    """
    mine = _level(wanted)
    others = [each for each in wanted if mine and each != mine and _parent(each) == _parent(mine)]
    heard = [(each, said) for each in others if (said := readings.newest(each)) is not None]
    return Company(
        max((said.at for _, said in heard), default=None),
        is_lively=any(each.unit in POWER_UNITS and said.value for each, said in heard),
    )


def _level(wanted: Sequence[MqttReading]) -> MqttReading | None:
    return next((each for each in wanted if each.sensor == "battery_soc"), None)


def _parent(reading: MqttReading) -> str:
    parent, _, _ = reading.topic.rpartition("/")
    return parent or reading.topic


def _number(payload: bytes, json_key: str | None) -> float | None:
    """Return the number of a message, null where there is none."""
    try:
        found: Any = json.loads(payload)
    except ValueError:
        return None
    for name in json_key.split(".") if json_key else ():
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and math.isfinite(found) else None
