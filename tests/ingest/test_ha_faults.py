"""Each fault of Home Assistant has its own class and says the fix; the token is in none of them."""

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from app.core.errors import UpstreamAuthError, UpstreamError
from app.ingest.home import ha_rest, ha_socket, home_assistant
from app.ingest.home.home_assistant import Reading, SensorInvalidError
from app.ingest.http import client as http
from app.settings import HomeAssistant
from tests.fakes import SOC, FakeUpstreams, Fault
from tests.fakes.ha_websocket import WsFault

NOW = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)
TOKEN = "eyJ.very-long-lived-and-secret"  # noqa: S105 - opens nothing
OLD_TOKEN, ODD_TOKEN = "stolen-and-old", "pasted-ö"
Break = Callable[[FakeUpstreams], None]


def _home(fakes: FakeUpstreams, *, token: str = TOKEN, path: str = "") -> HomeAssistant:
    return HomeAssistant(url=fakes.url("home_assistant") + path, token=SecretStr(token))


def _says(state: str) -> Break:
    return lambda fakes: fakes.sensors.update({SOC: (state, "%")})


def _fails(fault: Fault) -> Break:
    return lambda fakes: fakes.fail("home_assistant", fault)


FAULTS: dict[str, tuple[Break, str, str]] = {
    "401": (_fails(Fault.UNAUTHORIZED), "home_assistant_token_refused", "long-lived access token"),
    "403": (_fails(Fault.FORBIDDEN), "home_assistant_forbidden", "ip_bans.yaml"),
    "all 404": (_fails(Fault.NOT_FOUND), "home_assistant_not_there", "home_assistant.url"),
    "no entity": (lambda fakes: fakes.sensors.clear(), "sensor_missing", "check its name"),
    "unavailable": (_says("unavailable"), "sensor_unavailable", "offline"),
    "unknown": (_says("unknown"), "sensor_unknown", "wait for its first value"),
    "a word": (_says("charging"), "sensor_invalid", "map an entity that measures"),
    "nan": (_says("nan"), "sensor_invalid", "check its template"),
    "500": (_fails(Fault.SERVER_ERROR), "upstream_failed", "HTTP 500"),
    "a proxy's page": (_fails(Fault.HTML), "upstream_malformed", "valid JSON"),
    "hangs up": (_fails(Fault.HANG_UP), "upstream_unreachable", "cannot be reached"),
    "redirect": (_fails(Fault.REDIRECT), "upstream_failed", "HTTP 302"),
}


def _whole_story(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(("broken", "code", "fix"), FAULTS.values(), ids=FAULTS)
async def test_each_fault_of_a_sensor_has_a_class_and_a_fix_and_never_the_token(
    broken: Break, code: str, fix: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeUpstreams(now=lambda: NOW, token=TOKEN) as fakes:
        broken(fakes)
        async with http.make_client() as client:
            with pytest.raises(UpstreamError) as caught:
                await home_assistant.read_sensor(client, _home(fakes), SOC)
    assert caught.value.code == code
    assert fix in str(caught.value)
    assert "Home Assistant" in str(caught.value)
    assert TOKEN not in _whole_story(caught.value) + caplog.text


async def test_another_tokens_fault_is_not_a_missing_sensor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeUpstreams(now=lambda: NOW, token=TOKEN) as fakes:
        async with http.make_client() as client:
            with pytest.raises(ha_rest.TokenRefusedError) as caught:
                await home_assistant.read_sensor(client, _home(fakes, token=OLD_TOKEN), SOC)
            with pytest.raises(http.UnusableTokenError) as odd:
                await home_assistant.read_sensor(client, _home(fakes, token=ODD_TOKEN), SOC)
            with pytest.raises(ha_rest.NotHomeAssistantError):
                await home_assistant.read_sensor(client, _home(fakes, path="/lovelace"), SOC)
    assert "paste it again" in str(odd.value)
    told = _whole_story(caught.value) + _whole_story(odd.value) + caplog.text
    assert OLD_TOKEN not in told
    assert "pasted-" not in told


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("fault", [None, WsFault.AUTH_INVALID, WsFault.CLOSES, WsFault.GARBAGE])
async def test_the_websocket_writes_the_token_into_no_log(
    fault: WsFault | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # As someone hunting a fault would: the library's own logger, if it is used, shows every frame.
    caplog.set_level(logging.DEBUG, logger="websockets.client")
    with FakeUpstreams(now=lambda: NOW, token=TOKEN) as fakes:
        fakes.websocket.fault = fault
        command = {"type": "recorder/get_statistics_metadata", "statistic_ids": [SOC]}
        if fault is None:
            assert await ha_socket.ask_all(_home(fakes), [command]) == [[]]
            told = ""
        else:
            with pytest.raises(UpstreamError) as caught:
                await ha_socket.ask_all(_home(fakes), [command])
            told = _whole_story(caught.value)
    # The fake's own side logs what it hears; ours is what counts.
    ours = [each.getMessage() for each in caplog.records if each.name != "websockets.server"]
    assert TOKEN not in "".join([told, *ours])


@pytest.mark.parametrize(
    ("value", "unit", "power_kw"),
    [(-1500, "W", -1.5), (1.5, "kW", 1.5), (0.0015, "MW", 1.5), (0, "W", 0)],
)
def test_power_is_converted_by_its_unit_and_keeps_its_sign(
    value: float, unit: str, power_kw: float
) -> None:
    assert home_assistant.power_kw(Reading(value, unit, NOW), "x") == pytest.approx(power_kw)


@pytest.mark.parametrize("unit", ["", "kWh", "A", "kw", "BTU/h"])
def test_power_in_another_unit_is_refused(unit: str) -> None:
    with pytest.raises(SensorInvalidError, match="W, kW or MW"):
        home_assistant.power_kw(Reading(1.0, unit, NOW), "sensor.x")


def test_what_is_refused_for_good_is_told_apart_from_what_may_pass() -> None:
    assert issubclass(ha_rest.TokenRefusedError, UpstreamAuthError)
    assert issubclass(ha_rest.AddressBannedError, UpstreamAuthError)
    assert not issubclass(ha_rest.SensorMissingError, UpstreamAuthError)
