"""The load forecast comes from the richest source there is, and says which and why."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import day_slots, local_midnight
from app.core.frames import SLOT
from app.core.provenance import Quality
from app.db import forecasts, observed
from app.db.connection.engine import make_sessions, session_scope
from app.fetch.sources import Gathered, Sources
from app.gather import load as gather_load
from app.gather import load_sources
from app.gather.load_sources import HISTORY, RECORDER, STATISTICS
from app.ingest.http import client as http
from app.settings import Settings
from tests.db.publishing import ZONE
from tests.fakes import replies, sky
from tests.fakes.ha_websocket import Kept, WsFault
from tests.fakes.server import CONSUMPTION, FakeUpstreams, Fault

DAY = date(2026, 3, 18)
NOW = local_midnight(DAY, ZONE)
TOMORROW = day_slots(DAY, ZONE)
HEATER = "sensor.heater_energy"


def house_kwh(start: datetime) -> float:
    return replies.load_kwh(start)


def heater_kwh(start: datetime) -> float:
    """Six kWh a day, from 01:00 UTC."""
    return 0.75 if 1 <= start.hour < 3 else 0.0


def counted(begin: datetime, end: datetime, *, heater_only: bool = False) -> float:
    """Wh between two instants, on the edges of five minutes."""
    step, at, total = timedelta(minutes=5), begin, 0.0
    while at < end:
        total += (heater_kwh(at) + (0 if heater_only else house_kwh(at))) / 3
        at += step
    return 1000 * total


@pytest.fixture
def fakes() -> Iterator[FakeUpstreams]:
    """A home whose meters count the house with and the heater by itself, 40 days back."""
    with FakeUpstreams(now=lambda: NOW) as running:
        known = NOW - timedelta(days=40)
        kept = running.websocket.statistics
        kept[CONSUMPTION] = Kept("Wh", "energy", counted, keeps=lambda at: at >= known)
        kept[HEATER] = Kept("Wh", "energy", lambda a, b: counted(a, b, heater_only=True))
        yield running


@pytest.fixture
async def sources(
    engine: AsyncEngine, fakes: FakeUpstreams, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sources]:
    """The live home's sources; retries do not wait."""

    async def pause(_: float) -> None:
        return None

    monkeypatch.setattr(http, "pause", pause)
    async with http.make_client() as client:
        yield Sources(_settings(fakes), client, make_sessions(engine))


def _settings(fakes: FakeUpstreams, **changes: Any) -> Settings:
    home = {
        "url": fakes.url("home_assistant"),
        "token": fakes.token,
        "consumption_entity_id": CONSUMPTION,
        "water_heater_entity_id": HEATER,
    }
    return Settings.model_validate(
        {
            "open_meteo": {"base_url": fakes.url("open_meteo")},
            "home_assistant": home | changes.pop("home_assistant", {}),
            **changes,
        }
    )


async def _record(
    sources: Sources, days: int, *, until: datetime = NOW, kwh: float = 0.5, how: str = "measured"
) -> None:
    """Have the recorder hold some days of a house that always uses the same."""
    rows = [
        {
            "slot_start": until - SLOT * (index + 1),
            **dict.fromkeys(observed.QUANTITIES),
            "load_kwh": kwh,
            "quality": {"load_kwh": how},
            "source": "test",
            "recorded_at": NOW,
        }
        for index in range(days * 96)
    ]
    async with session_scope(sources.sessions) as session:
        await observed.save(session, rows)


async def _gather(sources: Sources) -> Gathered:
    return await gather_load.gather_load(sources, TOMORROW, [], now=NOW)


def _kwh(gathered: Gathered) -> float:
    assert gathered.frame["slot_start"].to_list() == TOMORROW
    return float(gathered.frame["load_kwh"].sum())


async def test_statistics_are_the_richest_of_a_new_home(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Forty days over the WebSocket, the heater taken out by its own meter, and stored."""
    found = await _gather(sources)
    assert _kwh(found) == pytest.approx(sum(map(house_kwh, TOMORROW)), rel=1e-3)
    status = found.status
    assert (status.source, status.quality, status.issued_at) == (STATISTICS, Quality.LIVE, NOW)
    assert status.detail == "from 40 days; own recorder: 0 days"
    assert not [path for _, path, _ in fakes.requests if path.startswith("/api/history")]
    async with session_scope(sources.sessions) as session:
        kept = await forecasts.latest(session, kind="load_kwh", issued_after=NOW)
    assert kept is not None
    assert kept.frame["value"].sum() == pytest.approx(_kwh(found))
    assert kept.frame["p90"].is_not_null().all()


async def test_a_meter_beside_the_heater_is_left_as_it_is(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Where the meter does not count the heater, nothing is taken out."""
    settings = _settings(fakes, home_assistant={"consumption_includes_water_heater": False})
    found = await _gather(replace(sources, settings=settings))
    both = sum(house_kwh(slot) + heater_kwh(slot) for slot in TOMORROW)
    assert _kwh(found) == pytest.approx(both, rel=1e-3)


async def test_days_whose_heater_nobody_knows_are_named(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Without a heater's meter and without a plan the heater is still in, and said to be."""
    del fakes.websocket.statistics[HEATER]
    found = await _gather(sources)
    assert "40 of them with the water heater still in" in found.status.detail


async def test_a_heater_sensor_that_counts_no_energy_is_named_and_left_out(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A temperature mapped by mistake does not cost the house its forecast."""
    fakes.websocket.statistics[HEATER] = Kept("°C", "temperature", lambda *_: 55.0, has_sum=False)
    found = await _gather(sources)
    assert found.status.source == STATISTICS
    assert f"{HEATER} has unit '°C'" in found.status.detail


async def test_the_history_serves_where_there_are_no_statistics(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A meter without state class has seven days of states, and the detail tells why not more."""
    del fakes.websocket.statistics[CONSUMPTION]
    found = await _gather(sources)
    assert (found.status.source, found.status.quality) == (HISTORY, Quality.LIVE)
    assert found.status.detail.startswith("from 7 days, 7 of them with the water heater still in; ")
    assert "give it a state_class" in found.status.detail
    assert _kwh(found) == pytest.approx(sum(map(house_kwh, TOMORROW)), rel=0.01)


async def test_the_recorder_is_asked_first_once_it_knows_enough(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Four weeks of its own: Home Assistant is not asked at all; the weather is."""
    await _record(sources, 28)
    found = await _gather(sources)
    assert (found.status.source, found.status.quality) == (RECORDER, Quality.LIVE)
    assert _kwh(found) == pytest.approx(96 * 0.5)
    assert fakes.websocket.connections == 0
    assert {service for service, _, _ in fakes.requests} == {"open_meteo"}


async def test_without_home_assistant_a_few_days_of_the_recorder_serve(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """What was measured is used from its first day on; what cannot be asked is named."""
    fakes.fail("home_assistant", Fault.SERVER_ERROR)
    fakes.websocket.fault = WsFault.CLOSES
    await _record(sources, 2)
    found = await _gather(sources)
    assert (found.status.source, found.status.quality) == (RECORDER, Quality.LIVE)
    assert found.status.detail.startswith("from 2 days; Home Assistant")


async def test_an_estimate_in_the_recorder_is_no_fact_to_learn_from(sources: Sources) -> None:
    """Only what a meter said counts."""
    await _record(sources, 30, how="estimated")
    assert (await load_sources.own_past(sources, until=NOW)).days == 0


async def test_every_step_down_the_ladder_is_labelled_and_left_again(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Live, the last forecast, own days of long ago, the daily energy; and live again."""
    live = await _gather(sources)
    assert live.status.quality is Quality.LIVE
    fakes.fail("home_assistant", Fault.SERVER_ERROR)
    fakes.websocket.fault = WsFault.AUTH_INVALID
    cached = await _gather(sources)
    assert (cached.status.quality, cached.status.source) == (Quality.CACHED, STATISTICS)
    assert _kwh(cached) == pytest.approx(_kwh(live))
    assert cached.frame["p10_kwh"].equals(live.frame["p10_kwh"])
    assert "Home Assistant failed (HTTP 500)" in cached.status.detail
    other = _settings(fakes, home_assistant={"consumption_entity_id": "sensor.other"})
    elsewhere = await _gather(replace(sources, settings=other))
    assert elsewhere.status.source == "configured 20 kWh a day", "another meter's forecast"
    assert elsewhere.status.quality is Quality.ESTIMATED
    assert _kwh(elsewhere) == pytest.approx(20)
    await _record(sources, 3, until=NOW - timedelta(days=200), kwh=0.25)
    old = await _gather(replace(sources, settings=other))
    assert (old.status.source, old.status.quality) == (RECORDER, Quality.ESTIMATED)
    assert old.status.detail.startswith("from 3 days up to 30 August 2025; Home Assistant")
    assert _kwh(old) == pytest.approx(96 * 0.25)
    fakes.heal("home_assistant")
    fakes.websocket.fault = None
    again = await _gather(sources)
    assert again.status == live.status


async def test_a_recorder_that_stopped_is_not_live(sources: Sources, fakes: FakeUpstreams) -> None:
    """Thirty days that end five hours ago are cached, with their age."""
    await _record(sources, 30, until=NOW - timedelta(hours=5))
    found = await _gather(sources)
    assert found.status.quality is Quality.CACHED
    assert found.status.issued_at == NOW - timedelta(hours=5) - SLOT
    assert fakes.websocket.connections == 0


async def test_a_recorder_that_stopped_days_ago_gives_way_to_a_meter_that_counts(
    sources: Sources,
) -> None:
    """Thirty days that end ten days ago are fewer than the meter's forty up to now."""
    await _record(sources, 30, until=NOW - timedelta(days=10))
    found = await _gather(sources)
    assert (found.status.source, found.status.quality) == (STATISTICS, Quality.LIVE)


async def test_a_home_that_hangs_is_given_up_in_time(
    sources: Sources, fakes: FakeUpstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All questions together have one bound, and the plan goes on without an answer."""
    monkeypatch.setattr(load_sources, "ASK_SECONDS", 0.3)
    fakes.websocket.fault = WsFault.SILENT
    found = await _gather(sources)
    assert found.status.quality is Quality.ESTIMATED
    assert found.status.detail == "Home Assistant did not answer within 0.3 s"


async def test_the_demo_home_does_not_learn_from_its_own_simulation(sources: Sources) -> None:
    """Its recorder records the sample; without a Home Assistant the sample it is."""
    await _record(sources, 30)
    async with httpx.AsyncClient() as client:
        demo = Sources(Settings(demo_home=True), client, sources.sessions)
        found = await _gather(demo)
    assert found.status.quality is Quality.SAMPLE


async def test_weather_that_is_away_leaves_the_temperature_out(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """The forecast is made all the same, and says what it lacks."""
    fakes.fail("open_meteo", Fault.SERVER_ERROR)
    found = await _gather(sources)
    assert found.status.quality is Quality.LIVE
    assert "temperature left out: Open-Meteo" in found.status.detail


async def test_cold_counts_where_the_house_is_heated(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A house that heats by the degree is forecast by the degree."""

    def heated(begin: datetime, end: datetime) -> float:
        degrees = max(0.0, 17 - sky.outdoor_c(begin.astimezone(ZONE).date()))
        hours = (end - begin) / timedelta(hours=1)
        return counted(begin, end) + 40 * degrees * hours

    fakes.websocket.statistics[CONSUMPTION].of = heated
    found = await _gather(sources)
    assert "kWh more for every degree of cold and day" in found.status.detail
    cold = max(0.0, 17 - sky.outdoor_c(DAY))
    expected = sum(map(house_kwh, TOMORROW)) + 24 * 0.04 * cold
    assert _kwh(found) == pytest.approx(expected, rel=0.05)
