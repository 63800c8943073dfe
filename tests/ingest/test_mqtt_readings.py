"""Sensors that speak by MQTT: what is taken from a message, kept, believed and recorded."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from app.core.frames import SLOT
from app.ingest.home import mqtt_readings
from app.ingest.home.charge_level import Company
from app.ingest.home.mqtt_readings import KEPT_FOR, Readings
from app.settings import HomeAssistant, Settings
from app.settings.mqtt import MqttReading

T0 = datetime(2026, 11, 20, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SOC = MqttReading(sensor="battery_soc", topic="inverter/soc", unit="%")
GRID = MqttReading(sensor="grid_power", topic="meter", unit="W", json_key="grid.power")
SUN = MqttReading(sensor="pv", topic="inverter/energy", unit="kWh")
ALL = (SOC, GRID, SUN)


def heard(*messages: tuple[int, str, bytes]) -> Readings:
    readings = Readings()
    for minute, topic, payload in messages:
        readings.receive(ALL, topic, payload, at=T0 + minute * MINUTE)
    return readings


@pytest.mark.parametrize(
    ("reading", "payload", "value"),
    [
        (SOC, b"55.5", 55.5),
        (SOC, b'"55.5"', 55.5),
        (GRID, b'{"grid": {"power": -120}}', -120.0),
        (GRID, b'{"grid": {"power": "7"}}', 7.0),
        (GRID, b'{"grid": 3}', None),
        (GRID, b"[1]", None),
        (SOC, b"unavailable", None),
        (SOC, b"NaN", None),
        (SOC, b"1e999", None),
        (SOC, b"true", None),
        (SOC, b"\xff\xfe", None),
        (SOC, b"", None),
    ],
)
def test_a_message_gives_a_number_or_nothing(
    reading: MqttReading, payload: bytes, value: float | None
) -> None:
    found = heard((0, reading.topic, payload)).newest(reading)
    assert (found.value if found else None) == value


def test_a_level_is_known_while_the_broker_is_there() -> None:
    readings = heard((0, "inverter/soc", b"61"), (3, "inverter/soc", b"62"))
    assert mqtt_readings.charge_level(readings, ALL) == (62, T0 + 3 * MINUTE)
    readings.lost(at=T0 + 31 * MINUTE)
    assert mqtt_readings.charge_level(readings, ALL) is None
    readings.receive(ALL, "inverter/soc", b"140", at=T0 + 33 * MINUTE)
    assert mqtt_readings.charge_level(readings, ALL) is None, "140 %"


def test_topics_below_one_parent_are_one_device() -> None:
    power = MqttReading(sensor="battery_power", topic="inverter/power", unit="W")
    readings, wanted = Readings(), (SOC, GRID, power)
    assert mqtt_readings.company(readings, wanted) == Company()
    readings.receive(wanted, "meter", b'{"grid": {"power": 900}}', at=T0 + 9 * MINUTE)
    assert mqtt_readings.company(readings, wanted) == Company(), "another device"
    readings.receive(wanted, "inverter/power", b"-300", at=T0)
    assert mqtt_readings.company(readings, wanted) == Company(T0, is_lively=True)


def test_slots_are_made_from_power_and_counters_and_an_outage_is_a_gap() -> None:
    messages = [(0, "inverter/energy", b"100.0"), (-1, "meter", b'{"grid": {"power": 2000}}')]
    messages += [(m, "meter", b'{"grid": {"power": 2000}}') for m in range(5, 31, 5)]
    messages += [(15, "inverter/energy", b"100.5"), (30, "inverter/energy", b"101.5")]
    readings = heard(*sorted(messages))
    readings.lost(at=T0 + 31 * MINUTE)
    home = HomeAssistant()
    chosen = mqtt_readings.mapped(ALL, home, reach=None)
    found = mqtt_readings.read_slots(
        readings, ALL, chosen, start=T0, end=T0 + 3 * SLOT, most_kwh=10
    )
    assert found.problems == {}
    values = {
        (quantity, start): (value, quality)
        for quantity, start, value, quality in found.frame.select(
            "quantity", "slot_start", "value", "quality"
        ).iter_rows()
    }
    for index in range(2):
        assert values["import_kwh", T0 + index * SLOT][0] == pytest.approx(0.5)
        assert values["export_kwh", T0 + index * SLOT][0] == pytest.approx(0)
    assert values["pv_kwh", T0][0] == pytest.approx(0.5)
    assert values["pv_kwh", T0 + SLOT][0] == pytest.approx(1.0)
    value, quality = values.get(("import_kwh", T0 + 2 * SLOT), (None, "gap"))
    assert (value, quality) == (None, "gap"), "the broker was away"


def test_a_wrong_unit_is_named_with_its_topic() -> None:
    wrong = MqttReading(sensor="pv", topic="roof", unit="%")
    readings = Readings()
    readings.receive((wrong,), "roof", b"5", at=T0)
    found = mqtt_readings.read_slots(
        readings,
        (wrong,),
        mqtt_readings.mapped((wrong,), HomeAssistant(), reach=None),
        start=T0,
        end=T0 + SLOT,
        most_kwh=10,
    )
    assert "roof has unit '%'" in found.problems["roof"]


def test_what_is_older_than_four_hours_is_forgotten() -> None:
    readings = heard((0, "inverter/soc", b"50"))
    readings.receive(ALL, "inverter/soc", b"51", at=T0 + KEPT_FOR + MINUTE)
    record = readings.record(SOC, start=T0, end=T0 + 20 * SLOT)
    assert record.points["value"].to_list() == [51]


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ([{"sensor": "pv", "topic": "a/#", "unit": "W"}], "wildcard"),
        ([{"sensor": "pv", "topic": "a", "unit": "W"}] * 2, "pv is given twice"),
        ([{"sensor": "sun", "topic": "a", "unit": "W"}], "battery_soc"),
    ],
)
def test_wrong_readings_are_refused(readings: list[dict[str, str]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({"mqtt": {"url": "mqtt://127.0.0.1", "readings": readings}})
