"""The stand-ins answer what the clients need, over real sockets."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from app.core.errors import NotPublishedYetError, UpstreamAuthError, UpstreamError
from app.forecast import load as load_forecast
from app.ingest.home import home_assistant
from app.ingest.http import client as http
from app.ingest.prices import reply as price_reply
from app.ingest.prices.day import delivery_day, next_day
from app.ingest.prices.nordpool import NordPoolPrices
from app.ingest.weather import open_meteo
from app.settings import HomeAssistant, Location, NordPool, OpenMeteo, Settings, SolarArray
from app.settings.store.sources import load_settings
from tests.fakes import CONSUMPTION, SOC, FakeUpstreams, Fault, fake_upstreams
from tests.fakes.replies import load_kwh

__all__ = ["fake_upstreams"]
NOW = datetime(2026, 3, 28, 14, 7, tzinfo=UTC)


def _prices(fakes: FakeUpstreams) -> NordPoolPrices:
    return NordPoolPrices(NordPool(base_url=fakes.url("nordpool")))


def _home(fakes: FakeUpstreams, token: str | None = None) -> HomeAssistant:
    return HomeAssistant(url=fakes.url("home_assistant"), token=SecretStr(token or fakes.token))


async def test_every_client_understands_the_stand_ins(fake_upstreams: FakeUpstreams) -> None:
    fake_upstreams.now = lambda: NOW
    async with http.make_client() as client:
        prices = await _prices(fake_upstreams).fetch_day(
            client, day=next_day(delivery_day(NOW)), asked_at=NOW
        )
        weather = await open_meteo.fetch_weather(
            client,
            OpenMeteo(base_url=fake_upstreams.url("open_meteo")),
            location=Location(),
            array=SolarArray(),
        )
        soc = await home_assistant.read_sensor(client, _home(fake_upstreams), SOC)
        history = await home_assistant.read_consumption(
            client, _home(fake_upstreams), CONSUMPTION, now=NOW, most_kwh=9.6
        )
    assert prices.frame.height == 92, "2026-03-29 has 23 hours"
    assert weather["slot_start"].max() >= NOW + timedelta(days=4)
    assert home_assistant.soc_percent(soc, SOC) == 57.3
    assert history.height >= 7 * 96 - 1
    assert history["load_kwh"].to_list() == pytest.approx(
        [load_kwh(start) for start in history["slot_start"]], abs=2e-3
    )
    assert len(load_forecast.whole_days(history, Settings().zone)) >= 6


FAULTS = {
    Fault.NO_CONTENT: NotPublishedYetError,
    Fault.UNAUTHORIZED: UpstreamAuthError,
    Fault.FORBIDDEN: UpstreamAuthError,
    Fault.NOT_FOUND: http.NotFoundError,
    Fault.TOO_MANY: UpstreamError,
    Fault.SERVER_ERROR: UpstreamError,
    Fault.REDIRECT: UpstreamError,
    Fault.HTML: UpstreamError,
    Fault.TRUNCATED: UpstreamError,
    Fault.HANG_UP: UpstreamError,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_named_and_the_service_heals(
    fake_upstreams: FakeUpstreams, fault: Fault, no_waiting: list[float]
) -> None:
    fake_upstreams.now = lambda: NOW
    prices = _prices(fake_upstreams)
    fake_upstreams.fail("nordpool", fault)
    async with http.make_client() as client:
        with pytest.raises(FAULTS[fault]) as caught:
            await prices.fetch_day(client, day=NOW.date(), asked_at=NOW)
        fake_upstreams.heal("nordpool")
        assert (await prices.fetch_day(client, day=NOW.date(), asked_at=NOW)).frame.height == 96
    assert "Nord Pool" in str(caught.value)
    assert len(no_waiting) <= 2


async def test_two_hiccups_are_survived(
    fake_upstreams: FakeUpstreams, no_waiting: list[float]
) -> None:
    fake_upstreams.now = lambda: NOW
    fake_upstreams.fail("nordpool", Fault.SERVER_ERROR, times=1)
    fake_upstreams.fail("nordpool", Fault.HANG_UP, times=1)
    prices = _prices(fake_upstreams)
    async with http.make_client() as client:
        day = await prices.fetch_day(client, day=NOW.date(), asked_at=NOW)
    assert day.frame.height == 96
    assert len(fake_upstreams.requests) == 3
    assert len(no_waiting) == 2


async def test_a_slow_service_is_given_up(
    fake_upstreams: FakeUpstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_reply, "PATIENCE_SECONDS", 0.05)
    fake_upstreams.fail("nordpool", Fault.SLOW)
    prices = _prices(fake_upstreams)
    async with http.make_client() as client:
        with pytest.raises(UpstreamError, match="did not answer within"):
            await prices.fetch_day(client, day=NOW.date(), asked_at=NOW)


async def test_a_wrong_token_is_an_auth_error_without_the_token(
    fake_upstreams: FakeUpstreams,
) -> None:
    async with http.make_client() as client:
        with pytest.raises(UpstreamAuthError) as caught:
            await home_assistant.read_sensor(client, _home(fake_upstreams, "not-the-token"), SOC)
    assert "not-the-token" not in str(caught.value)
    assert len(fake_upstreams.requests) == 1, "asking again would not help"


async def test_a_redirect_never_takes_the_token_elsewhere(fake_upstreams: FakeUpstreams) -> None:
    fake_upstreams.fail("home_assistant", Fault.REDIRECT)
    async with http.make_client() as client:
        with pytest.raises(UpstreamError, match="HTTP 302"):
            await home_assistant.read_sensor(client, _home(fake_upstreams), SOC)
    assert len(fake_upstreams.requests) == 1


async def test_a_closed_port_is_an_upstream_error(no_waiting: list[float]) -> None:
    async with http.make_client() as client:
        with pytest.raises(UpstreamError, match="cannot be reached"):
            await http.get_json(client, "http://127.0.0.1:9/", source="Nobody")
    assert len(no_waiting) == 2


def test_their_environment_is_a_valid_configuration(fake_upstreams: FakeUpstreams) -> None:
    loaded = load_settings(environ=fake_upstreams.environment())
    assert loaded.settings.home_assistant.url == fake_upstreams.url("home_assistant")
    assert not [notice for notice in loaded.notices if "not known" in notice]


async def test_the_client_is_bounded_and_follows_nothing() -> None:
    async with http.make_client() as client:
        assert isinstance(client, httpx.AsyncClient)
        assert (client.timeout.connect, client.timeout.read) == (5, 15)
        assert not client.follow_redirects
        assert client.headers["User-Agent"].startswith("Darkstar/")
