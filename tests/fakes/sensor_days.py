"""A home's sensors over a day and a half, minute by minute, with faults to plant in them.

The flows obey physics (every minute's energy adds up, the level follows the battery), so a doctor
who finds anything in the untouched home is wrong. ``SensorDays`` serves the home as Home Assistant
would, in the recorded shape: only changes are in a history, the first row names the entity.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.doctor.checks.entity import Answer
from app.doctor.checks.report import State
from app.doctor.checks.roles import mapped
from app.ingest.home.consumption import points_of
from app.settings import Settings
from tests.fakes import replies
from tests.fakes.server import FakeUpstreams

ZONE = ZoneInfo("Europe/Stockholm")
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(hours=36)
CAPACITY_KWH, ROUND_TRIP = 10.0, 0.90
Rows = list[tuple[datetime, str]]


@dataclass(frozen=True)
class Sensor:
    """One entity: its recorded states, oldest first, and what it says of itself."""

    unit: str
    rows: Rows
    state_class: str = "measurement"
    reported_at: datetime | None = None

    def changed(self, change: Callable[[float], float]) -> "Sensor":
        """The same with every number changed."""
        return replace(self, rows=[(at, _text(change(float(text)))) for at, text in self.rows])

    def cut(self, begin: datetime, end: datetime, *, state: str | None) -> "Sensor":
        """The same with nothing new from ``begin`` to ``end``, or with one state (such as
        unavailable) instead."""
        kept = [(at, text) for at, text in self.rows if not begin <= at < end]
        back = [text for at, text in self.rows if at < end][-1]
        more = [(begin, state), (end, back)] if state is not None else []
        return replace(self, rows=sorted([*kept, *more]))


@dataclass
class Home:
    """The settings' Home Assistant part and the entities it names."""

    now: datetime
    mapping: dict[str, str]
    sensors: dict[str, Sensor]
    capacity_kwh: float = CAPACITY_KWH

    def settings(self, url: str = "http://127.0.0.1:9", **more: Any) -> Settings:
        """Settings of this home."""
        given = {
            "battery": {
                "capacity_kwh": self.capacity_kwh,
                "roundtrip_efficiency_percent": ROUND_TRIP * 100,
            },
            "home_assistant": {"url": url, "token": "fake-home-token", **self.mapping},
        }
        return Settings.model_validate(given | more)

    def change(self, key: str, change: Callable[[Sensor], Sensor]) -> "Home":
        """Plant a fault in the entity that a setting names; returns this home."""
        entity_id = self.mapping[key]
        self.sensors[entity_id] = change(self.sensors[entity_id])
        return self

    def answers(self) -> list[Answer]:
        """What a doctor who asks all of them gets, without the way over the network."""
        found = []
        for each in mapped(self.settings()):
            sensor = self.sensors[each.entity_id]
            reply = _history(each.entity_id, sensor, self.now)
            points = points_of(reply, each.entity_id, unit=sensor.unit)
            text = sensor.rows[-1][1]
            found.append(
                Answer(
                    each,
                    State.READ,
                    text,
                    sensor.unit,
                    sensor.state_class,
                    sensor.reported_at or self.now,
                    points,
                )
            )
        return found


@dataclass
class SensorDays(FakeUpstreams):
    """The fakes, with ``home`` as what Home Assistant knows."""

    home: Home | None = None

    def _home_assistant(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        assert self.home is not None
        sensors, now = self.home.sensors, self.home.now
        if path == "/api/states":
            return 200, [
                self._home_assistant(f"{path}/{entity_id}", query)[1] for entity_id in sensors
            ]
        if path.startswith("/api/states/"):
            entity_id = path.removeprefix("/api/states/")
            if entity_id not in sensors:
                return 404, {"message": "Entity not found."}
            sensor = sensors[entity_id]
            at = sensor.reported_at or now
            state = replies.entity_state(entity_id, sensor.rows[-1][1], sensor.unit or None, at)
            if sensor.state_class:
                state["attributes"]["state_class"] = sensor.state_class
            return 200, state
        if "filter_entity_id" not in query:
            return super()._home_assistant(path, query)
        entity_id = query["filter_entity_id"]
        return 200, _history(entity_id, sensors[entity_id], now) if entity_id in sensors else []


def _history(entity_id: str, sensor: Sensor, now: datetime) -> list[list[dict[str, str]]]:
    """The changes of the last 24 hours in the shape of ``minimal_response``."""
    begin = now - timedelta(days=1)
    rows: list[dict[str, str]] = []
    for at, text in sensor.rows:
        row = {"state": text, "last_changed": max(at, begin).isoformat()}
        if at <= begin:
            rows = [row]
        elif at <= now and (not rows or rows[-1]["state"] != text):
            rows.append(row)
    if rows:
        rows[0] |= {"entity_id": entity_id, "last_updated": rows[0]["last_changed"]}
    return [rows] if rows else []


@dataclass
class _Minute:
    at: datetime
    load_kw: float
    pv_kw: float
    charge_kw: float
    discharge_kw: float
    soc_percent: float

    @property
    def grid_kw(self) -> float:
        return self.load_kw + self.charge_kw - self.pv_kw - self.discharge_kw


def _minutes(now: datetime) -> list[_Minute]:
    """Charge at night and from the sun, discharge in the evening; the heater is in the load."""
    one_way, soc, found = math.sqrt(ROUND_TRIP), 30.0, []
    begin = now - LENGTH
    for index in range(LENGTH // MINUTE + 1):
        at = begin + MINUTE * index
        hour = at.hour + at.minute / 60
        wobble = 0.08 * math.sin(index * 1.7) + 0.04 * math.sin(index * 0.37)
        load_kw = 0.5 + wobble + (1.4 if 17 <= hour < 21 else 0) + (2.0 if 5 <= hour < 6 else 0)
        pv_kw = max(0.0, 4.2 * math.sin(math.pi * (hour - 7) / 9)) if 7 <= hour < 16 else 0.0
        pv_kw *= 0.9 + 0.1 * math.sin(index * 0.21)
        charge_kw = discharge_kw = 0.0
        if 1 <= hour < 3 and soc < 95:
            charge_kw = 2.5 + 0.02 * math.sin(index)
        elif pv_kw > load_kw and soc < 95:
            charge_kw = min(3.0, pv_kw - load_kw)
        elif 16 <= hour < 22 and soc > 15:
            discharge_kw = min(load_kw, 2.5) * 0.97
        soc += (charge_kw * one_way - discharge_kw / one_way) / 60 / CAPACITY_KWH * 100
        found.append(_Minute(at, load_kw, pv_kw, charge_kw, discharge_kw, soc))
    return found


def _text(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _power(minutes: list[_Minute], of: Callable[[_Minute], float]) -> Sensor:
    """A power in W that reports every minute."""
    return Sensor("W", [(each.at, f"{of(each) * 1000:.0f}") for each in minutes])


def _counter(minutes: list[_Minute], of: Callable[[_Minute], float], start: float) -> Sensor:
    """A counter in kWh with two decimals that reports its changes."""
    rows: Rows = []
    total = start
    for each in minutes:
        if not rows or rows[-1][1] != f"{total:.2f}":
            rows.append((each.at, f"{total:.2f}"))
        total += max(0.0, of(each)) / 60
    return Sensor("kWh", rows, "total_increasing")


def _daily(minutes: list[_Minute]) -> Sensor:
    """Hot water of the day in kWh, anew at the home's midnight."""
    rows: Rows = []
    total = 0.0
    for each in minutes:
        local = each.at.astimezone(ZONE)
        if (local.hour, local.minute) == (0, 0):
            total = 0.0
        total += 2.0 / 60 if each.at.hour == 5 else 0.0
        if not rows or rows[-1][1] != f"{total:.2f}":
            rows.append((each.at, f"{total:.2f}"))
    return Sensor("kWh", rows, "total_increasing")


def _common(minutes: list[_Minute]) -> tuple[dict[str, str], dict[str, Sensor]]:
    soc = Sensor("%", [(each.at, f"{each.soc_percent:.0f}") for each in minutes])
    outside = [(each.at, f"{4 + 3 * math.sin(each.at.hour / 4):.1f}") for each in minutes[::20]]
    mapping = {
        "battery_soc_entity_id": "sensor.battery_soc",
        "water_heater_daily_entity_id": "sensor.water_today",
        "outdoor_temperature_entity_id": "sensor.outside",
    }
    return mapping, {
        "sensor.battery_soc": soc,
        "sensor.water_today": _daily(minutes),
        "sensor.outside": Sensor("°C", outside),
    }


def signed_home(now: datetime) -> Home:
    """A home measured in watts, with one sensor for both directions of grid and battery."""
    minutes = _minutes(now)
    mapping, sensors = _common(minutes)
    return Home(
        now,
        mapping
        | {
            "consumption_entity_id": "sensor.house_power",
            "grid_power_entity_id": "sensor.grid_power",
            "pv_entity_id": "sensor.sun_power",
            "battery_power_entity_id": "sensor.battery_power",
        },
        sensors
        | {
            "sensor.house_power": _power(minutes, lambda m: m.load_kw),
            "sensor.grid_power": _power(minutes, lambda m: m.grid_kw),
            "sensor.sun_power": _power(minutes, lambda m: m.pv_kw),
            "sensor.battery_power": _power(minutes, lambda m: m.charge_kw - m.discharge_kw),
        },
    )


def counted_home(now: datetime) -> Home:
    """A home measured by counters in kWh, one for each direction."""
    minutes = _minutes(now)
    mapping, sensors = _common(minutes)
    flows: dict[str, Callable[[_Minute], float]] = {
        "consumption": lambda m: m.load_kw,
        "grid_import": lambda m: m.grid_kw,
        "grid_export": lambda m: -m.grid_kw,
        "pv": lambda m: m.pv_kw,
        "battery_charge": lambda m: m.charge_kw,
        "battery_discharge": lambda m: m.discharge_kw,
    }
    for index, (name, of) in enumerate(flows.items()):
        mapping[f"{name}_entity_id"] = f"sensor.{name}_energy"
        sensors[f"sensor.{name}_energy"] = _counter(minutes, of, 1000.0 * (index + 1))
    return Home(now, mapping, sensors)
