"""A home with scripted days behind a fake Home Assistant: what really happened is known exactly.

Power is constant within a minute. Counters and powers report once a minute, each a few seconds
late; like the real recorder, the history holds changes only, and nothing while Home Assistant was
down.
"""

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from app.core.frames import SLOT
from tests.fakes import replies
from tests.fakes.ha_websocket import Kept
from tests.fakes.server import FakeUpstreams

MINUTE = timedelta(minutes=1)
ZONE = ZoneInfo("Europe/Stockholm")
CAPACITY_KWH = 10.0
FLOWS = (
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    "load_kwh",
    "water_kwh",
    "charge_kwh",
    "discharge_kwh",
)
Span = tuple[datetime, datetime]
NEVER = datetime.max.replace(tzinfo=UTC)
Points = tuple[list[datetime], list[str]]


def inside(at: datetime, spans: list[Span]) -> bool:
    """Whether an instant lies in one of the spans."""
    return any(start <= at < end for start, end in spans)


@dataclass
class Sensor:
    """How one entity shows its part of the truth."""

    unit: str
    value: Callable[[int], float]
    digits: int
    late_seconds: int
    unavailable: list[Span] = field(default_factory=list)
    # Somebody chooses another unit in Home Assistant: when, which, and what it shows then.
    switched_at: datetime = NEVER
    switched_back_at: datetime = NEVER
    switched_unit: str = ""
    switched: Callable[[float], float] = float

    def unit_at(self, at: datetime) -> str:
        """The unit in force at an instant."""
        return self.switched_unit if self._is_switched(at) else self.unit

    def _is_switched(self, at: datetime) -> bool:
        return self.switched_at <= at < self.switched_back_at

    def shown(self, index: int, at: datetime) -> str:
        """What it says of a minute at an instant."""
        value = self.value(index)
        return f"{self.switched(value) if self._is_switched(at) else value:.{self.digits}f}"


@dataclass
class ScriptedHome:
    """The truth, minute by minute from ``begin``; ``down`` is when Home Assistant itself was."""

    begin: datetime
    days: int
    seed: int = 4
    down: list[Span] = field(default_factory=list)
    new_import_meter_at: datetime | None = None
    remembers: timedelta = timedelta(days=10)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a script, not a secret
        self.kw: dict[str, list[float]] = {name: [] for name in FLOWS}
        self.soc: list[float] = []
        self._play()
        self.kwh = {
            name: list(accumulate((kw / 60 for kw in kws), initial=0.0))
            for name, kws in self.kw.items()
        }

    def _play(self) -> None:
        level_kwh = 5.0
        for index in range(self.days * 1440):
            at = (self.begin + index * MINUTE).astimezone(ZONE)
            if index % 15 == 0:
                wobble = self._random.uniform(0.5, 1.5)
            hour = at.hour + at.minute / 60
            load = (0.25 + 0.5 * _bump(hour, 7.5, 1.2) + 1.1 * _bump(hour, 19, 2)) * wobble
            pv = max(0.0, 3 * math.sin(math.pi * (hour - 7) / 10)) if 7 < hour < 17 else 0.0
            water = 3.0 if 2 <= hour < 3 or 13 <= hour < 13.5 else 0.0
            wish = 2.4 if 0.25 <= hour < 3 else -1.5 if 17 <= hour < 22 else 0.0
            full, empty = level_kwh >= 0.95 * CAPACITY_KWH, level_kwh <= 0.15 * CAPACITY_KWH
            battery = 0.0 if (wish > 0 and full) or (wish < 0 and empty) else wish
            level_kwh += battery / 60
            grid = load + water + battery - pv
            minute = {
                "import_kwh": max(0.0, grid),
                "export_kwh": max(0.0, -grid),
                "pv_kwh": pv,
                "load_kwh": load,
                "water_kwh": water,
                "charge_kwh": max(0.0, battery),
                "discharge_kwh": max(0.0, -battery),
            }
            for name, kw in minute.items():
                self.kw[name].append(kw)
            self.soc.append(100 * level_kwh / CAPACITY_KWH)

    def truth_kwh(self, name: str, start: datetime, end: datetime) -> float:
        """What really flowed in [start, end), on whole minutes."""
        return self.kwh[name][self._index(end)] - self.kwh[name][self._index(start)]

    def true_soc(self, slot: datetime) -> float:
        """The state of charge at the end of a slot."""
        return self.soc[self._index(slot + SLOT) - 1]

    def _index(self, at: datetime) -> int:
        return max(0, min(self.days * 1440, (at - self.begin) // MINUTE))

    def _since_midnight_kwh(self, index: int) -> float:
        at = (self.begin + index * MINUTE).astimezone(ZONE)
        midnight = at.replace(hour=0, minute=0).astimezone(UTC)
        return self.kwh["water_kwh"][index] - self.kwh["water_kwh"][self._index(midnight)]

    def _import_counter(self, index: int) -> float:
        new = self.new_import_meter_at
        if new is not None and index >= self._index(new):
            return self.kwh["import_kwh"][index] - self.kwh["import_kwh"][self._index(new)]
        return 48_000 + self.kwh["import_kwh"][index]

    def _house_counter(self, index: int) -> float:
        return 9_000 + self.kwh["load_kwh"][index] + self.kwh["water_kwh"][index]

    @cached_property
    def sensors(self) -> dict[str, Sensor]:
        """Every entity: counters in kWh and Wh, powers in W and kW, one of them signed."""
        kw, kwh = self.kw, self.kwh
        return {
            "sensor.import": Sensor("kWh", self._import_counter, 4, 3),
            "sensor.export": Sensor("Wh", lambda i: 1000 * kwh["export_kwh"][i], 1, 11),
            "sensor.house": Sensor("kWh", self._house_counter, 4, 5),
            "sensor.water_today": Sensor("kWh", self._since_midnight_kwh, 4, 2),
            "sensor.pv": Sensor("kW", lambda i: kw["pv_kwh"][i], 4, 1),
            "sensor.battery": Sensor(
                "W", lambda i: 1000 * (kw["discharge_kwh"][i] - kw["charge_kwh"][i]), 1, 0
            ),
            "sensor.soc": Sensor("%", lambda i: self.soc[max(0, i - 1)], 2, 0),
        }

    def settings(self) -> dict[str, Any]:
        """The entities as the settings name them."""
        return {
            "battery_soc_entity_id": "sensor.soc",
            "grid_import_entity_id": "sensor.import",
            "grid_export_entity_id": "sensor.export",
            "consumption_entity_id": "sensor.house",
            "water_heater_daily_entity_id": "sensor.water_today",
            "pv_entity_id": "sensor.pv",
            "battery_power_entity_id": "sensor.battery",
            "battery_power_positive_is": "discharge",
        }

    @cached_property
    def recorded(self) -> dict[str, Points]:
        """The changes of every entity as Home Assistant recorded them."""
        return {name: self._states(sensor) for name, sensor in self.sensors.items()}

    def _states(self, sensor: Sensor) -> Points:
        times: list[datetime] = []
        states: list[str] = []
        for index in range(self.days * 1440):
            at = self.begin + index * MINUTE + timedelta(seconds=sensor.late_seconds)
            if inside(at, self.down):
                continue
            # As the real one writes when it starts: nothing is known until the sensor speaks.
            starts = any(end <= at < end + MINUTE for _, end in self.down)
            gone = starts or inside(at, sensor.unavailable)
            state = "unavailable" if gone else sensor.shown(index, at)
            if not states or state != states[-1]:
                times.append(at)
                states.append(state)
        return times, states

    def history(self, entity_id: str, begin: datetime, end: datetime, now: datetime) -> Any:
        """What the history API answers: the state at the start, then every change."""
        times, states = self.recorded[entity_id]
        begin = max(begin, now - self.remembers)
        first = bisect_right(times, begin)
        rows = [
            self._row(entity_id, states[i], times[i], times[i])
            for i in range(first, bisect_left(times, min(end, now)))
        ]
        if first:
            rows.insert(0, self._row(entity_id, states[first - 1], begin, times[first - 1]))
        return [rows] if rows else []

    def _row(self, entity_id: str, state: str, at: datetime, said_at: datetime) -> dict[str, Any]:
        unit = self.sensors[entity_id].unit_at(said_at)
        attributes = {"unit_of_measurement": unit, "friendly_name": entity_id}
        return {"state": state, "attributes": attributes, "last_changed": at.isoformat()}

    def state(self, entity_id: str, now: datetime) -> dict[str, Any]:
        """What an entity says now; an unchanged value was confirmed within the last minute."""
        times, states = self.recorded[entity_id]
        index = bisect_right(times, now) - 1
        late = timedelta(seconds=self.sensors[entity_id].late_seconds)
        reported = (now - late).replace(second=0, microsecond=0) + late
        found = replies.entity_state(
            entity_id, states[index], self.sensors[entity_id].unit_at(times[index]), times[index]
        )
        return found | {"last_reported": max(reported, times[index]).isoformat()}

    def kept(self) -> dict[str, Kept]:
        """The long-term statistics, without the time Home Assistant was down."""
        counters = {
            "sensor.import": ("import_kwh", "kWh"),
            "sensor.export": ("export_kwh", "Wh"),
            "sensor.water_today": ("water_kwh", "kWh"),
        }
        found = {
            entity: self._kept(
                entity, unit, "energy", self._counted(name, 1000 if unit == "Wh" else 1)
            )
            for entity, (name, unit) in counters.items()
        }
        house = self._counted("load_kwh"), self._counted("water_kwh")
        found["sensor.house"] = self._kept(
            "sensor.house",
            "kWh",
            "energy",
            lambda start, end: house[0](start, end) + house[1](start, end),
        )
        for entity in ("sensor.pv", "sensor.battery", "sensor.soc"):
            sensor = self.sensors[entity]
            unit_class = None if sensor.unit == "%" else "power"
            found[entity] = self._kept(
                entity, sensor.unit, unit_class, self._mean(sensor.value), has_sum=False
            )
        return found

    def _kept(
        self,
        entity: str,
        unit: str,
        unit_class: str | None,
        of: Callable[[datetime, datetime], float],
        *,
        has_sum: bool = True,
    ) -> Kept:
        last = self.begin + timedelta(days=self.days)
        silent = [*self.down, *self.sensors[entity].unavailable]
        return Kept(
            unit,
            unit_class,
            of,
            has_sum=has_sum,
            keeps=lambda at: self.begin <= at < last and not inside(at, silent),
        )

    def _counted(self, name: str, factor: float = 1) -> Callable[[datetime, datetime], float]:
        return lambda start, end: factor * self.truth_kwh(name, start, end)

    def _mean(self, value: Callable[[int], float]) -> Callable[[datetime, datetime], float]:
        def mean(start: datetime, end: datetime) -> float:
            minutes = range(self._index(start), self._index(end))
            return sum(map(value, minutes)) / max(1, len(minutes))

        return mean


def _bump(hour: float, at: float, width: float) -> float:
    return math.exp(-(((hour - at) / width) ** 2))


@dataclass
class ScriptedUpstreams(FakeUpstreams):
    """The usual fakes, with a scripted home behind Home Assistant."""

    home: ScriptedHome | None = None

    def _home_assistant(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        home = self.home
        assert home is not None
        entity_id = query.get("filter_entity_id") or path.removeprefix("/api/states/")
        if path == "/api/" or entity_id not in home.sensors:
            return super()._home_assistant(path, query)
        if path.startswith("/api/states/"):
            return 200, home.state(entity_id, self.now())
        begin = datetime.fromisoformat(path.removeprefix("/api/history/period/"))
        end = datetime.fromisoformat(query["end_time"])
        return 200, home.history(entity_id, begin, end, self.now())
