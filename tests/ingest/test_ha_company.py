"""What the other sensors of a device bear witness to, in the shapes of a real Home Assistant."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from app.core.errors import UpstreamError
from app.ingest.home import charge_level, ha_company, ha_rest
from app.ingest.home.charge_level import Company, Followed
from app.ingest.http import client as http
from app.settings import HomeAssistant
from tests.fakes import FakeUpstreams
from tests.fakes.ha_websocket import WsFault
from tests.ingest.replies import reply

NOW = datetime(2026, 12, 1, 3, 23, 47, tzinfo=UTC)
PLAIN, DEAD, TEMPLATE = "sensor.soc_plain", "sensor.soc_dead", "sensor.template_soc"


def _home(fakes: FakeUpstreams) -> HomeAssistant:
    return HomeAssistant(url=fakes.url("home_assistant"), token=SecretStr(fakes.token))


def _recorded(fakes: FakeUpstreams) -> None:
    """Answer as the recorded Home Assistant did."""
    recorded = reply("home_assistant/mqtt_sensors.json")
    fakes.websocket.answers |= {
        "get_states": lambda: recorded["states"],
        "config/entity_registry/list_for_display": lambda: recorded["registry"],
    }


async def test_a_device_that_goes_on_is_told_from_one_that_died() -> None:
    with FakeUpstreams(now=lambda: NOW) as fakes:
        _recorded(fakes)
        found = await ha_company.read_companies(_home(fakes), [PLAIN, DEAD, TEMPLATE, "sensor.no"])
    heard = found[PLAIN].heard_at
    assert heard is not None
    assert NOW - heard < timedelta(seconds=10)
    assert found[PLAIN].is_lively
    died = found[DEAD]
    assert died.heard_at == datetime(2026, 12, 1, 2, 58, 49, 249679, tzinfo=UTC)
    assert found[TEMPLATE] == found["sensor.no"] == Company(), "they have no device"
    since = datetime(2026, 12, 1, 2, 35, 18, tzinfo=UTC)
    later = NOW + timedelta(hours=2)
    stayed = Followed(63.5, 0)
    assert not charge_level.doubt(63.5, since, Company(later, is_lively=True), stayed, now=later)
    assert "is gone" in charge_level.doubt(63.5, since, died, stayed, now=later)


async def test_an_unchanged_mqtt_value_keeps_every_time_it_has() -> None:
    """Why age alone proves nothing: it was published every ten seconds for 48 minutes."""
    states = {
        each["entity_id"]: each for each in reply("home_assistant/mqtt_sensors.json")["states"]
    }
    first = {states[PLAIN][name] for name in ("last_changed", "last_updated", "last_reported")}
    assert len(first) == 1
    assert next(iter(first)).startswith("2026-12-01T02:35:18")
    assert states["sensor.soc_force"]["last_reported"] > "2026-12-01T03:23"
    assert states["sensor.soc_dead_avail"]["state"] == "unavailable"
    assert states[DEAD]["state"] == "63.5", "without an availability topic it never says so"


async def test_what_says_nothing_of_the_device_is_no_witness() -> None:
    with FakeUpstreams(now=lambda: NOW) as fakes:
        fakes.sensors = {
            "sensor.soc": ("50", "%"),
            "sensor.up": ("12", "h"),
            "sensor.word": ("idle", "W"),
            "sensor.no_unit": ("3", None),
            "binary_sensor.link": ("1", "W"),
            "sensor.other": ("5", "W"),
        }
        fakes.devices = dict.fromkeys(fakes.sensors, "inverter") | {"sensor.other": "car"}
        said = fakes.websocket.answers["get_states"]()
        said[1]["attributes"]["device_class"] = "duration"
        fakes.websocket.answers["get_states"] = lambda: said
        found = await ha_company.read_companies(_home(fakes), ["sensor.soc"])
    assert found == {"sensor.soc": Company()}


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("fault", [WsFault.UNKNOWN_COMMAND, WsFault.WRONG_SHAPE, WsFault.CLOSES])
async def test_who_cannot_be_asked_is_an_upstream_error(fault: WsFault) -> None:
    with FakeUpstreams(now=lambda: NOW) as fakes:
        fakes.websocket.fault = fault
        with pytest.raises(UpstreamError):
            await ha_company.read_companies(_home(fakes), ["sensor.soc"])


async def test_the_counter_says_itself_when_it_began_anew() -> None:
    states = reply("home_assistant/mqtt_sensors.json")["states"]
    said = next(each for each in states if each["entity_id"] == "sensor.water_reset")
    with FakeUpstreams(now=lambda: NOW) as fakes:
        fakes.sensors["sensor.water_reset"] = (said["state"], "kWh")
        fakes.attributes["sensor.water_reset"] = said["attributes"]
        async with http.make_client() as client:
            found = await ha_rest.read_state(client, _home(fakes), "sensor.water_reset")
    assert found.last_reset == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert found.state_class == "total"
