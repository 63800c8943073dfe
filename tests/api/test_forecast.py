"""The forecast page on a running service: cards, their tables, and the best-time finder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
import time_machine
from icalendar import Calendar

from app.api.forecasts.finder_form import form_view
from app.core.clock import iso_utc, slot_floor
from app.core.clock import now as present
from app.core.frames import SLOT
from app.db import forecasts, observed
from app.db.connection.engine import session_scope
from app.gather.temperature import KIND
from app.settings import Appliance
from app.settings.store.sources import load_settings
from tests.api.test_manual import planned
from tests.api.test_service import first_outcome, offline, running
from tests.fakes import FakeUpstreams

DISHWASHER = {"kwh": "0,9", "hours": "2", "name": "Dishwasher"}


async def text_of(client: httpx.AsyncClient, path: str, **query: str) -> str:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert "style=" not in answer.text
    return answer.text


async def test_the_page_has_the_cards_their_tables_and_their_quality(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        page = await text_of(client, "/forecast")
        part = await text_of(client, "/ui/forecast")
    for title in ("Price", "Sun", "Consumption", "Weather"):
        assert f">{title}</h2>" in page
        assert f">{title}</h2>" in part
    assert page.count('<svg class="spark"') == 4
    assert page.count("As a table, hour by hour") == 4
    assert page.count('<span class="chip sample">sample</span>') == 4
    assert page.count("No actuals yet") == 3
    assert "Cheapest hour ahead" in page
    assert 'href="/forecast" aria-current="page"' in page
    assert "<html" not in part
    assert 'hx-swap-oob="true"' in part, "the header's clock comes with it"


async def test_what_was_recorded_is_the_second_line(tmp_path: Path, fresh_url: str) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        newest = slot_floor(present())
        rows = [recorded(newest - SLOT * ago) for ago in range(1, 9)]
        sessions = app.state.services.job.sources.sessions
        async with session_scope(sessions, writes=True) as session:
            await observed.save(session, rows)
        page = await text_of(client, "/ui/forecast")
    assert page.count('class="line actual"') == 2
    assert page.count("No actuals yet") == 1, "the thermometer's"


def recorded(slot: datetime) -> dict[str, Any]:
    return {
        "slot_start": slot,
        **dict.fromkeys(observed.QUANTITIES),
        "load_kwh": 0.3,
        "pv_kwh": 0.1,
        "quality": {"load_kwh": "measured", "pv_kwh": "measured"},
        "source": "Home Assistant",
        "recorded_at": slot + SLOT,
    }


async def test_without_a_database_the_page_says_so_and_the_finder_too(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (_, client):
        await first_outcome(client)
        page = await text_of(client, "/forecast", **DISHWASHER)
    assert "Forecasts show here once the database answers." in page
    assert "The finder works once the database answers." in page
    assert "hunter2" not in page


async def test_before_the_first_plan_nothing_is_invented(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        await first_outcome(client)
        page = await text_of(client, "/forecast", **DISHWASHER)
    assert "<svg" not in page
    assert "No price is known yet" in page
    assert "Nothing has been planned yet" in page


async def test_the_finder_answers_with_starts_and_a_calendar_of_the_best(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        page = await text_of(client, "/forecast", **DISHWASHER)
        part = await text_of(client, "/ui/forecast/finder", **DISHWASHER)
        asked = {"kwh": 0.9, "hours": 2, "count": 3}
        found = (await client.get("/api/best_time", params=asked)).json()
        link = part.split('href="/api/best_time.ics')[1].split('"')[0].replace("&amp;", "&")
        feed = await client.get(f"/api/best_time.ics{link}")
    assert "Dishwasher: start at " in page
    assert part.count("<li><strong>") == len(found["starts"])
    assert "Starting now costs" in part
    assert parse_qs(urlsplit(link).query) == {
        "kwh": ["0.9"],
        "hours": ["2.0"],
        "name": ["Dishwasher"],
    }
    (event,) = Calendar.from_ical(feed.content).walk("VEVENT")
    assert iso_utc(event.start) == found["starts"][0]["start"]
    assert "<html" not in part


def test_appliances_of_ones_own_stand_in_place_of_typical_ones() -> None:
    own = [Appliance(name="Oven", hours=1.5, kwh=2), Appliance(name="Pump", hours=3)]
    now, zone = datetime(2026, 11, 23, 12, tzinfo=UTC), ZoneInfo("Europe/Stockholm")
    oven, pump = form_view({}, {}, own=own, now=now, zone=zone).presets
    assert (oven.name, oven.text) == ("Oven", "2 kWh in 1.5 h")
    assert parse_qs(oven.query)["kwh"] == ["2"]
    assert (pump.name, pump.text) == ("Pump", "3 h")
    assert "kwh" not in parse_qs(pump.query), "what it takes is not made up"
    assert len(form_view({}, {}, own=(), now=now, zone=zone).presets) == 4


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kwh": "1"}, "Say how many hours it runs, or how many kW it draws."),
        ({"hours": "2"}, "How much it takes, in kWh"),
        ({"kwh": "much", "hours": "2"}, "How much it takes, in kWh"),
        ({"kwh": "-1", "hours": "2"}, "How much it takes, in kWh"),
        ({"kwh": "1", "hours": "nan"}, "How long it runs, in hours"),
        ({"kwh": "1", "hours": "100"}, "How long it runs, in hours"),
        ({"kwh": "1", "hours": "2", "power_kw": "1"}, "Give the hours or the kW, not both."),
        ({"kwh": "900", "power_kw": "0.1"}, "What it draws, in kW"),
        ({"kwh": "1", "hours": "2", "before": "soon"}, "Choose one of the times in the list."),
        ({"kwh": "1", "hours": "2", "before": "2020-01-01T00:00:00Z"}, "It does not fit before"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    tmp_path: Path, sent: dict[str, str], said: str
) -> None:
    async with planned(tmp_path) as (_, client):
        part = await text_of(client, "/ui/forecast/finder", **sent)
    assert said in part
    assert part.count('aria-invalid="true"') == 1
    assert f'value="{sent.get("kwh", "")}"' in part, "what was typed stays"
    assert "<li><strong>" not in part


async def test_text_from_the_address_is_escaped(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        name = "<script>alert(1)</script>"
        page = await text_of(client, "/forecast", kwh="1", hours="1", name=name)
        more = await text_of(client, "/forecast", kwh='"><b>', hours="1", more="ignored")
    assert "<script>alert" not in page
    assert "<b>" not in more


async def test_the_weather_of_a_plan_is_kept_and_shown(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    _, environ = home
    settings = load_settings(environ=environ).settings
    with time_machine.travel(datetime(2026, 11, 23, 14, 7, tzinfo=UTC), tick=True):
        async with running(settings) as (app, client):
            await first_outcome(client)
            page = await text_of(client, "/ui/forecast")
            sessions = app.state.services.job.sources.sessions
            async with session_scope(sessions) as session:
                issue = await forecasts.latest(
                    session, kind=KIND, issued_after=present() - timedelta(hours=1)
                )
    assert issue is not None
    assert issue.frame.height == 48 * 4
    assert issue.frame["slot_start"][0] == datetime(2026, 11, 23, 14, tzinfo=UTC)
    weather = page.split('id="outlook-temperature"')[1]
    assert "Open-Meteo, just now" in weather
    assert '<path class="line temperature"' in weather
