"""Sensors are believed only when their value, unit and age make sense."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from app.core.errors import UpstreamAuthError, UpstreamError
from app.core.shipped import SHIPPED
from app.ingest.home import ha_discovery, home_assistant
from app.ingest.home.home_assistant import (
    Reading,
    SensorInvalidError,
    SensorMissingError,
    SensorUnavailableError,
)
from app.ingest.http import client as http
from app.mqtt import discovery as mqtt_discovery
from app.settings import HomeAssistant, Settings
from tests.ingest.replies import reply

BASE = "http://home.test:8123"
TOKEN = "long-lived-and-secret"  # noqa: S105 - opens nothing
SETTINGS = HomeAssistant(url=BASE, token=SecretStr(TOKEN))
SOC = "sensor.battery_soc"
NOW = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)
COUNTER = "sensor.house_energy"


def _soc(**changes: object) -> dict[str, Any]:
    body: dict[str, Any] = reply("home_assistant/soc.json")
    return body | changes


def _counter(state: str, updated: datetime, unit: str | None = "kWh") -> dict[str, Any]:
    at = updated.isoformat()
    attributes = {"unit_of_measurement": unit} if unit else {}
    return {"state": state, "last_updated": at, "attributes": attributes}


async def _read(body: object) -> Reading:
    respx.get(f"{BASE}/api/states/{SOC}").respond(json=body)
    async with http.make_client() as client:
        return await home_assistant.read_sensor(client, SETTINGS, SOC)


@respx.mock
async def test_a_reading_has_value_unit_and_the_time_it_was_last_confirmed() -> None:
    reading = await _read(_soc())
    assert reading == Reading(57.3, "%", datetime(2026, 2, 3, 9, 58, 11, 120000, tzinfo=UTC))
    assert home_assistant.soc_percent(reading, SOC) == 57.3
    assert respx.calls.last.request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("state", ["unknown", "unavailable", "", " ", "None", "Unavailable", None])
@respx.mock
async def test_a_sensor_without_a_value_is_unavailable(state: str | None) -> None:
    with pytest.raises(SensorUnavailableError, match=SOC):
        await _read(_soc(state=state))


@pytest.mark.parametrize("state", ["nan", "NaN", "inf", "-inf", "1e999", "full", "57,3", "on"])
@respx.mock
async def test_what_is_no_finite_number_is_refused(state: str) -> None:
    with pytest.raises(SensorInvalidError, match=SOC):
        await _read(_soc(state=state))


@pytest.mark.parametrize("body", [[], {}, {"state": "5"}, _soc(last_updated="2026-02-03 09:50")])
@respx.mock
async def test_another_shape_is_refused(body: object) -> None:
    with pytest.raises(UpstreamError, match="unexpected reply"):
        await _read(body)


@respx.mock
async def test_a_reading_says_when_it_was_confirmed_however_long_ago() -> None:
    body = _soc(last_updated="2026-02-02T22:00:00+00:00")
    assert (await _read(body)).at == datetime(2026, 2, 3, 9, 58, 11, 120000, tzinfo=UTC)
    body.pop("last_reported")
    assert (await _read(body)).at == datetime(2026, 2, 2, 22, tzinfo=UTC)


@respx.mock
async def test_a_missing_entity_is_told_apart_from_a_refused_token() -> None:
    route = respx.get(f"{BASE}/api/states/{SOC}")
    respx.get(f"{BASE}/api/").respond(json={"message": "API running."})
    async with http.make_client() as client:
        route.respond(404, json={"message": "Entity not found."})
        with pytest.raises(SensorMissingError, match=f"no entity {SOC}; check its name"):
            await home_assistant.read_sensor(client, SETTINGS, SOC)
        route.respond(401)
        with pytest.raises(UpstreamAuthError) as caught:
            await home_assistant.read_sensor(client, SETTINGS, SOC)
    assert TOKEN not in repr(caught.value)
    assert route.call_count == 2, "neither is asked again"


@respx.mock
async def test_an_entity_id_cannot_reach_another_address() -> None:
    route = respx.get(url__startswith=f"{BASE}/api/states").respond(404)
    respx.get(f"{BASE}/api/").respond(json={"message": "API running."})
    async with http.make_client() as client:
        with pytest.raises(SensorMissingError):
            await home_assistant.read_sensor(client, SETTINGS, "../config?x=1#y")
    assert route.calls.last.request.url.raw_path == b"/api/states/..%2Fconfig%3Fx%3D1%23y"


def _reading(value: float, unit: str) -> Reading:
    return Reading(value, unit, NOW)


@pytest.mark.parametrize(
    ("value", "percent"), [(0, 0), (-0.5, 0), (100.5, 100), (100, 100), (0.7, 0.7), (15, 15)]
)
def test_a_state_of_charge_is_clamped_only_within_half_a_percent(
    value: float, percent: float
) -> None:
    assert home_assistant.soc_percent(_reading(value, "%"), SOC) == percent


@pytest.mark.parametrize(
    ("value", "unit"), [(-0.6, "%"), (100.6, "%"), (140, "%"), (0.51, ""), (5.1, "kWh"), (51, "")]
)
def test_a_state_of_charge_off_the_scale_or_in_another_unit_is_refused(
    value: float, unit: str
) -> None:
    with pytest.raises(SensorInvalidError, match=SOC):
        home_assistant.soc_percent(_reading(value, unit), SOC)


@pytest.mark.parametrize(("value", "unit"), [(2500, "Wh"), (2.5, "kWh"), (0.0025, "MWh")])
def test_energy_is_converted_by_its_unit(value: float, unit: str) -> None:
    assert home_assistant.energy_kwh(_reading(value, unit), "x") == pytest.approx(2.5)


@pytest.mark.parametrize(("value", "unit"), [(2.5, ""), (2.5, "kW"), (2.5, "J"), (-1, "kWh")])
def test_energy_without_a_known_unit_or_below_zero_is_refused(value: float, unit: str) -> None:
    with pytest.raises(SensorInvalidError, match=r"sensor\.x"):
        home_assistant.energy_kwh(_reading(value, unit), "sensor.x")


@respx.mock
async def test_seven_days_of_history_are_asked_for_day_by_day() -> None:
    respx.get(f"{BASE}/api/states/{COUNTER}").respond(json=_counter("48230", NOW))
    history = respx.get(url__startswith=f"{BASE}/api/history/period/").mock(
        side_effect=[httpx.Response(200, json=[])] * 6
        + [httpx.Response(200, json=reply("home_assistant/history_counter.json"))]
    )
    async with http.make_client() as client:
        frame = await home_assistant.read_consumption(
            client, SETTINGS, COUNTER, now=NOW, most_kwh=9.6
        )
    first = history.calls[0].request.url
    assert first.raw_path.startswith(b"/api/history/period/2026-01-27T10%3A00%3A00Z?")
    assert first.params["filter_entity_id"] == COUNTER
    assert first.params["end_time"] == "2026-01-28T10:00:00Z"
    assert not {"minimal_response", "no_attributes"} & set(first.params), "they hide the unit"
    assert history.calls[-1].request.url.params["end_time"] == "2026-02-03T10:00:00Z"
    assert frame["slot_start"][0] == datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
    assert 94 <= frame.height <= 96
    assert frame["load_kwh"].sum() == pytest.approx(0.8 * 24, rel=0.05)


@respx.mock
async def test_no_history_at_all_is_an_error_not_a_zero() -> None:
    respx.get(f"{BASE}/api/states/{COUNTER}").respond(json=_counter("48230", NOW))
    respx.get(url__startswith=f"{BASE}/api/history/period/").respond(json=[])
    async with http.make_client() as client:
        with pytest.raises(UpstreamError, match=f"no usable history of {COUNTER}"):
            await home_assistant.read_consumption(client, SETTINGS, COUNTER, now=NOW, most_kwh=9.6)


@respx.mock
async def test_a_history_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(home_assistant, "HISTORY_SECONDS", 0.02)
    respx.get(f"{BASE}/api/states/{COUNTER}").respond(json=_counter("48230", NOW))
    respx.get(url__startswith=f"{BASE}/api/history/period/").mock(side_effect=never)
    async with http.make_client() as client:
        with pytest.raises(UpstreamError, match=f"did not send the history of {COUNTER}"):
            await home_assistant.read_consumption(client, SETTINGS, COUNTER, now=NOW, most_kwh=9.6)


def test_the_token_is_in_no_representation_of_the_settings() -> None:
    assert TOKEN not in repr(SETTINGS) + str(SETTINGS) + SETTINGS.model_dump_json()


@respx.mock
async def test_what_we_say_ourselves_is_no_sensor_of_the_home() -> None:
    """By the mark our entities carry however they are renamed, or by the package's names."""
    ours = [
        ("sensor.energy_planner_price", {"attribution": "Darkstar Energy Manager"}),
        ("sensor.darkstar_charge_power", {"unit_of_measurement": "kW"}),
        ("sensor.darkstar_soc_target_2", {"unit_of_measurement": "%"}),
        ("binary_sensor.darkstar_plan_valid", {}),
    ]
    theirs = [
        ("sensor.darkstar_room_temperature", {"unit_of_measurement": "°C"}),
        ("sensor.battery_soc", {"unit_of_measurement": "%", "attribution": "Data by Sungrow"}),
    ]
    respx.get(f"{BASE}/api/config").respond(json={"version": "2025.4.1", "location_name": "Home"})
    respx.get(f"{BASE}/api/states").respond(
        json=[
            {"entity_id": name, "state": "1", "attributes": attributes}
            for name, attributes in (*ours, *theirs)
        ]
    )
    async with http.make_client() as client:
        home = await ha_discovery.discover(client, SETTINGS)
    assert [each.entity_id for each in home.entities] == [name for name, _ in theirs]


def test_every_name_of_the_package_and_of_the_device_is_known_as_ours() -> None:
    names = re.findall(
        r"name: (Darkstar .*)", (SHIPPED / "templates/home_assistant.yaml").read_text()
    )
    described = json.loads(mqtt_discovery.discovery(Settings()))["components"].values()
    names += [f"Darkstar {each['name']}" for each in described if each["platform"] != "button"]
    assert len(names) == 14 + 17
    for name in names:
        entity = f"sensor.{name.lower().replace(' ', '_')}"
        assert ha_discovery.OWN_NAME.fullmatch(entity), entity
