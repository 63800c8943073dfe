"""Long-term statistics over a real WebSocket on loopback: units, ranges, and every fault named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from pydantic import SecretStr

from app.core.errors import UpstreamAuthError, UpstreamError
from app.ingest.home import ha_socket, ha_statistics
from app.ingest.home.ha_socket import CommandRefusedError
from app.ingest.home.ha_statistics import STATISTICS, Period, Statistic, StatisticUnitError
from app.ingest.http.client import NotFoundError
from app.settings import HomeAssistant
from tests.fakes.ha_websocket import HaWebSocket, Kept, WsFault
from tests.fakes.server import FakeUpstreams

START = datetime(2026, 2, 3, 0, 0, tzinfo=UTC)
HOUSE, POWER, SOC = "sensor.house_energy", "sensor.house_power", "sensor.soc"


@pytest.fixture
def fakes() -> Iterator[FakeUpstreams]:
    """The stand-ins, with three statistics."""
    with FakeUpstreams() as running:
        running.websocket = HaWebSocket(
            {
                HOUSE: Kept("Wh", "energy", lambda a, b: 1200 * ((b - a) / timedelta(hours=1))),
                POWER: Kept("W", "power", lambda a, _: 100.0 * a.hour, has_sum=False),
                SOC: Kept("%", None, lambda *_: 57.5, has_sum=False),
            }
        )
        yield running


def _settings(fakes: FakeUpstreams) -> HomeAssistant:
    return HomeAssistant(url=fakes.url("home_assistant"), token=SecretStr(fakes.token))


async def _read(
    fakes: FakeUpstreams, *ids: str, hours: float = 6, period: Period = "hour"
) -> dict[str, Statistic]:
    end = START + timedelta(hours=hours)
    return await ha_statistics.read_statistics(
        _settings(fakes), ids or (HOUSE,), start=START, end=end, period=period
    )


async def test_units_are_converted_and_unknown_ids_left_out(fakes: FakeUpstreams) -> None:
    """A counter in Wh comes in kWh, a power in kW, a percentage as it is."""
    found = await _read(fakes, HOUSE, POWER, SOC, "sensor.nobody")
    assert set(found) == {HOUSE, POWER, SOC}
    assert {each.unit for each in found.values()} == {"kWh", "kW", "%"}
    assert found[HOUSE].frame.schema == STATISTICS
    assert found[HOUSE].frame["change"].to_list() == pytest.approx([1.2] * 6)
    assert found[HOUSE].frame["mean"].is_null().all()
    assert found[POWER].frame["mean"].to_list() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert found[SOC].frame["mean"].to_list() == [57.5] * 6
    assert found[HOUSE].frame["start"].to_list() == [START + timedelta(hours=h) for h in range(6)]


async def test_a_statistic_without_unit_class_is_converted_by_us(fakes: FakeUpstreams) -> None:
    """Where Home Assistant knows no class, it hands out what it keeps."""
    fakes.websocket.statistics[HOUSE].unit_class = None
    fakes.websocket.statistics[POWER].unit_class = None
    found = await _read(fakes, HOUSE, POWER)
    assert found[HOUSE].frame["change"].to_list() == pytest.approx([1.2] * 6)
    assert found[POWER].frame["mean"][5] == pytest.approx(0.5)


async def test_energy_comes_from_a_counter_or_from_a_power(fakes: FakeUpstreams) -> None:
    """Both kinds of meter give kWh per row; a percentage is refused with the unit named."""
    hours = await _read(fakes, HOUSE, POWER, SOC)
    assert ha_statistics.energy(hours[HOUSE])["energy_kwh"].sum() == pytest.approx(7.2)
    assert ha_statistics.energy(hours[POWER])["energy_kwh"].sum() == pytest.approx(1.5)
    fives = await _read(fakes, POWER, period="5minute")
    assert ha_statistics.energy(fives[POWER])["energy_kwh"].sum() == pytest.approx(1.5)
    with pytest.raises(StatisticUnitError, match=r"sensor\.soc has unit '%'"):
        ha_statistics.energy(hours[SOC])


async def test_a_row_that_runs_backwards_tells_no_energy(fakes: FakeUpstreams) -> None:
    """A counter that was reset without Home Assistant noticing counts nothing."""
    fakes.websocket.statistics[HOUSE].of = lambda a, _: -500.0 if a.hour == 2 else 1000.0
    found = ha_statistics.energy((await _read(fakes))[HOUSE])
    assert found.height == 5
    assert found["energy_kwh"].sum() == pytest.approx(5.0)


async def test_a_long_time_is_asked_in_parts_and_cut_to_the_range(
    fakes: FakeUpstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is lost or doubled where two commands meet, none outside the range is let in."""
    monkeypatch.setattr(ha_statistics, "ROWS_PER_COMMAND", 10)
    start = START + timedelta(minutes=20)
    found = await ha_statistics.read_statistics(
        _settings(fakes), (HOUSE,), start=start, end=START + timedelta(hours=25), period="hour"
    )
    frame = found[HOUSE].frame
    assert frame["start"].to_list() == [START + timedelta(hours=h) for h in range(1, 25)]
    asked = [each for each in fakes.websocket.commands if "period" in each]
    assert len(asked) == 3
    assert fakes.websocket.connections == 1


async def test_nothing_kept_is_empty(fakes: FakeUpstreams) -> None:
    """A statistic without rows in that time has an empty frame."""
    fakes.websocket.statistics[HOUSE].keeps = lambda _: False
    found = await _read(fakes)
    assert found[HOUSE].frame.is_empty()
    assert ha_statistics.energy(found[HOUSE]).is_empty()


FAULTS: dict[WsFault, tuple[type[Exception], str, int]] = {
    WsFault.AUTH_INVALID: (UpstreamAuthError, "refused the access token", 1),
    WsFault.COMMAND_ERROR: (CommandRefusedError, "invalid_format Invalid statistic_id", 1),
    WsFault.UNKNOWN_COMMAND: (CommandRefusedError, "is its recorder integration on", 1),
    WsFault.UNAUTHORIZED: (UpstreamAuthError, "may not ask", 1),
    WsFault.CLOSES: (UpstreamError, "closed the WebSocket", 3),
    WsFault.HANGS_UP: (UpstreamError, "closed the WebSocket", 3),
    WsFault.GARBAGE: (UpstreamError, "valid JSON", 1),
    WsFault.BINARY: (UpstreamError, "valid JSON", 1),
    WsFault.NO_OBJECT: (UpstreamError, "no message", 1),
    WsFault.HUGE: (UpstreamError, "sent more than", 1),
    WsFault.WRONG_SHAPE: (UpstreamError, "unexpected shape", 1),
    WsFault.REDIRECT: (UpstreamError, "HTTP 302", 1),
    WsFault.HTTP_404: (NotFoundError, "no WebSocket", 1),
    WsFault.HTTP_403: (UpstreamAuthError, "HTTP 403", 1),
    WsFault.HTTP_502: (UpstreamError, "HTTP 502", 3),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_has_a_name(
    fakes: FakeUpstreams, fault: WsFault, no_waiting: list[float]
) -> None:
    """What may pass is tried three times, the rest once; no message holds the token."""
    error, words, connections = FAULTS[fault]
    fakes.websocket.fault = fault
    with pytest.raises(error, match=words) as caught:
        await _read(fakes)
    assert fakes.websocket.connections == connections
    assert len(no_waiting) == connections - 1
    assert fakes.token not in str(caught.value)


@pytest.mark.parametrize("fault", [WsFault.SILENT, WsFault.SILENT_AFTER_SIGN_IN])
async def test_a_silent_home_is_not_waited_for_longer_than_agreed(
    fakes: FakeUpstreams, fault: WsFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds over the whole conversation."""
    monkeypatch.setattr(ha_socket, "TOTAL_SECONDS", 0.3)
    fakes.websocket.fault = fault
    with pytest.raises(UpstreamError, match="did not answer in"):
        await _read(fakes)


async def test_a_fault_that_passes_is_overcome(
    fakes: FakeUpstreams, no_waiting: list[float]
) -> None:
    """One broken connection costs one more try."""
    fakes.websocket.fault, fakes.websocket.times = WsFault.CLOSES, 1
    found = await _read(fakes)
    assert found[HOUSE].frame.height == 6
    assert len(no_waiting) == 1


async def test_nobody_listening_is_an_upstream_error(no_waiting: list[float]) -> None:
    """A refused connection is named like every other fault."""
    settings = HomeAssistant(url="http://127.0.0.1:9", token=SecretStr("x"))
    with pytest.raises(UpstreamError, match="cannot be reached"):
        await ha_socket.ask_all(settings, [{"type": "ping"}])
    assert len(no_waiting) == 2


async def test_a_token_refused_by_the_home_is_said_and_not_shown(fakes: FakeUpstreams) -> None:
    """A wrong token is told apart from a home that is away."""
    settings = HomeAssistant(url=fakes.url("home_assistant"), token=SecretStr("wrong-token"))
    with pytest.raises(UpstreamAuthError) as caught:
        await ha_socket.ask_all(settings, [{"type": "ping"}])
    assert "wrong-token" not in repr(caught.value)


def test_energy_of_an_empty_statistic_keeps_its_shape() -> None:
    """No rows is an answer, with the right columns."""
    empty = Statistic(HOUSE, "kWh", pl.DataFrame(schema=STATISTICS))
    assert ha_statistics.energy(empty).schema == ha_statistics.ENERGY
