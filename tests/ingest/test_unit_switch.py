"""A unit switched in Home Assistant changes no number of the past, only how it is written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from app.core.frames import SLOT
from app.ingest.home import ha_recorded, home_assistant, meters, mqtt_readings
from app.ingest.home.consumption import in_unit, points_of
from app.ingest.home.ha_rest import read_history, read_state
from app.ingest.home.meters import TEMPERATURE, Meter, Record
from app.ingest.http import client as http
from app.settings import HomeAssistant
from app.settings.mqtt import MqttReading
from tests.fakes.scripted_home import ScriptedHome, ScriptedUpstreams

BEGIN = datetime(2026, 11, 3, 23, tzinfo=UTC)
NOW = BEGIN + timedelta(hours=18, minutes=17)
SWITCHED = NOW - timedelta(minutes=50)
MOST_KWH = 9.0
# From the unit of the script to the one somebody chose: its name, and what is shown then.
SWITCHES: dict[str, tuple[str, Any]] = {
    "sensor.import": ("Wh", lambda kwh: kwh * 1000),
    "sensor.house": ("MWh", lambda kwh: kwh / 1000),
    "sensor.pv": ("W", lambda kw: kw * 1000),
    "sensor.battery": ("kW", lambda watt: watt / 1000),
}


def home_with_switches(*, back_after: timedelta | None = None) -> ScriptedHome:
    home = ScriptedHome(BEGIN, 1)
    for name, (unit, shown) in SWITCHES.items():
        sensor = home.sensors[name]
        sensor.digits = 7
        sensor.switched_at, sensor.switched_unit, sensor.switched = SWITCHED, unit, shown
        if back_after is not None:
            sensor.switched_back_at = SWITCHED + back_after
    return home


def settings_of(fakes: ScriptedUpstreams, home: ScriptedHome) -> HomeAssistant:
    return HomeAssistant.model_validate(
        {
            "url": f"http://127.0.0.1:{fakes.port}/home_assistant",
            "token": fakes.token,
            **home.settings(),
        }
    )


@pytest.mark.parametrize("back_after", [None, timedelta(minutes=20)], ids=["for good", "and back"])
async def test_the_last_hours_read_across_a_switch_are_what_happened(
    back_after: timedelta | None,
) -> None:
    home = home_with_switches(back_after=back_after)
    start, end = NOW - timedelta(hours=2, minutes=17), NOW - timedelta(minutes=17)
    with ScriptedUpstreams(now=lambda: NOW, home=home) as fakes:
        settings = settings_of(fakes, home)
        async with http.make_client() as client:
            found = await ha_recorded.read_slots(
                client,
                settings,
                meters.mapped(settings),
                start=start,
                end=end,
                now=NOW,
                most_kwh=MOST_KWH,
            )
    assert found.problems == {}
    for name in ("import_kwh", "pv_kwh", "charge_kwh", "discharge_kwh"):
        rows = found.frame.filter(quantity=name)
        assert rows["quality"].to_list() == ["measured"] * 8, name
        truth = [home.truth_kwh(name, slot, slot + SLOT) for slot in rows["slot_start"]]
        assert rows["value"].to_list() == pytest.approx(truth, abs=0.03), name


async def test_the_history_that_the_load_forecast_falls_back_on_is_read_across_it() -> None:
    home = home_with_switches()
    with ScriptedUpstreams(now=lambda: NOW, home=home) as fakes:
        settings = settings_of(fakes, home)
        async with http.make_client() as client:
            frame = await home_assistant.read_consumption(
                client, settings, "sensor.house", now=NOW, most_kwh=MOST_KWH
            )
    truth = [
        sum(home.truth_kwh(name, slot, slot + SLOT) for name in ("load_kwh", "water_kwh"))
        for slot in frame["slot_start"]
    ]
    assert frame.height >= 4 * 17
    assert frame["load_kwh"].to_list() == pytest.approx(truth, abs=0.09)


async def test_a_switch_moves_no_point_of_the_history() -> None:
    home = home_with_switches()
    with ScriptedUpstreams(now=lambda: NOW, home=home) as fakes:
        settings = settings_of(fakes, home)
        async with http.make_client() as client:
            said = await read_state(client, settings, "sensor.import")
            points = await read_history(
                client,
                settings,
                "sensor.import",
                unit=said.unit,
                start=NOW - timedelta(hours=2),
                end=NOW,
            )
    assert said.unit == "Wh"
    assert points["value"].drop_nulls().is_between(48_000_000, 48_100_000).all()


def states(*rows: tuple[int, str, str | None]) -> list[list[dict[str, Any]]]:
    """A reply of Home Assistant: (minute, state, unit)."""
    return [
        [
            {
                "state": state,
                "attributes": {} if unit is None else {"unit_of_measurement": unit},
                "last_changed": (BEGIN + timedelta(minutes=minute)).isoformat(),
            }
            for minute, state, unit in rows
        ]
    ]


def test_a_temperature_switched_to_fahrenheit_stays_as_warm() -> None:
    reply = states((0, "20", "°C"), (20, "68", "°F"), (25, "50", "°F"))
    points = points_of(reply, "sensor.x", unit="°F")
    assert points["value"].to_list() == pytest.approx([68, 68, 50])
    record = Record(points, "°F", BEGIN + timedelta(minutes=60))
    slots = pl.Series([BEGIN + SLOT * i for i in range(4)])
    found = meters.measured(Meter(TEMPERATURE, "sensor.x"), record, slots, most_kwh=MOST_KWH)
    assert found["value"].to_list() == pytest.approx([20, (10 * 20 + 5 * 10) / 15, 10, 10])


def test_what_no_factor_leads_to_is_not_known() -> None:
    reply = states((0, "5", "kW"), (5, "7", None), (10, "9", "kWh"), (15, "unknown", "kWh"))
    assert points_of(reply, "sensor.x", unit="kWh")["value"].to_list() == [None, None, 9, None]
    unitless = states((0, "5", "kW"), (5, "7", None))
    assert points_of(unitless, "sensor.x", unit="")["value"].to_list() == [5, 7]


@pytest.mark.parametrize(
    ("value", "was", "wanted", "right"),
    [
        (1234.5, "kWh", "Wh", 1234500.0),
        (1234500.1, "Wh", "kWh", 1234.5001),
        (0.3, "MWh", "kWh", 300.0),
        (-40, "°C", "°F", -40),
        (212, "°F", "°C", 100),
        (1, "kW", "kWh", None),
        (None, "kWh", "Wh", None),
        (7, "%", "%", 7),
    ],
)
def test_units_of_one_kind_are_converted(
    value: float | None, was: str, wanted: str, right: float | None
) -> None:
    assert in_unit(value, was, wanted) == (None if right is None else pytest.approx(right))


def test_what_was_heard_by_mqtt_before_another_unit_was_set_is_not_read_in_it() -> None:
    was = MqttReading(sensor="pv", topic="sun", unit="W")
    is_now = MqttReading(sensor="pv", topic="sun", unit="kW")
    readings = mqtt_readings.Readings()
    readings.receive((was,), "sun", b"2000", at=BEGIN)
    readings.receive((is_now,), "sun", b"2", at=BEGIN + SLOT)
    record = readings.record(is_now, start=BEGIN, end=BEGIN + SLOT)
    assert (record.unit, record.points["value"].to_list()) == ("kW", [2])
