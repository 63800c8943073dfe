"""Every page in Swedish: no text was forgotten in English, whatever it has to say."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from app.ingest.home.charge_level import Company, Followed, constancy, doubt
from app.settings.store.sources import load_settings
from app.wording import i18n
from app.wording.told import told
from tests.api.test_service import first_outcome, offline, running
from tests.api.test_system import environ
from tests.fakes import Fault
from tests.fakes.sensor_days import Home, SensorDays, signed_home

NOW = datetime(2026, 11, 23, 14, 7, 13, tzinfo=UTC)
SWEDISH = {"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.8"}
# Words that Swedish does not have.
ENGLISH = re.compile(
    r"\b(?:the|and|is|are|of|to|not|with|from|until|at|no|on|by|this|that|it|its|your|every|"
    r"battery|price|prices|price's|charge|charging|water|sun|today|tomorrow|yesterday|none|"
    r"missing|estimated|days?|hours?|check|unit|plan's|was|has|cannot)\b",
    re.IGNORECASE,
)
# Not ours to translate, or meant for whoever mends the program.
LEFT_OUT = re.compile(
    r'<(script|style|code|pre)\b.*?</\1>|<ol class="log".*?</ol>|<table class="sizes".*?</table>',
    re.DOTALL,
)
SPOKEN = re.compile(r'\b(?:aria-label|title|data-label|placeholder)="([^"]*)"')
LINK = re.compile(r'href="(/[^"#]*)"')
NO_PAGE = re.compile(r"/(?:api|static|integrations|docs)\b|.*\.(?:ics|txt|json|csv|css)$")
# Names of settings, entities and files, and values to be typed.
NAMES = re.compile(
    r"\b[a-z]\w*(?:[._]\w+)+(?:: \w+)?|\(Energinet, .*?\)|SQLite \(.*?\)|[\w./-]*/[\w./-]*"
    r"|CC BY 4.0|[A-Z]{2}: \w+|- hours: \["
)


def english_in(page: str) -> list[str]:
    """Return the texts of a page that have English words."""
    page = LEFT_OUT.sub(" ", page)
    texts = [*SPOKEN.findall(page), *re.split(r"<[^>]+>", page)]
    found = (NAMES.sub("", html.unescape(text)).strip() for text in texts)
    return sorted({text for text in found if ENGLISH.search(text)})


async def reachable(client: httpx.AsyncClient) -> dict[str, str]:
    """Return every page that links lead to from the first one, by its path, in Swedish."""
    found: dict[str, str] = {}
    ahead = ["/", "/system", "/login", "/actions", "/ui/scores"]
    while ahead:
        target = ahead.pop(0)
        path = target.split("?")[0]
        if path in found or NO_PAGE.match(path):
            continue
        answer = await client.get(target, headers=SWEDISH)
        assert answer.status_code == 200, target
        found[path] = answer.text
        ahead += [html.unescape(link) for link in LINK.findall(answer.text)]
    return found


async def spoken(client: httpx.AsyncClient, path: str) -> list[str]:
    answer = await client.get(path, headers=SWEDISH)
    assert answer.status_code == 200, path
    return english_in(answer.text)


def test_what_is_english_is_seen() -> None:
    assert english_in("<p>Nu <b>until 12:00</b></p><code>the name</code>") == ["until 12:00"]
    assert english_in('<p title="the price">Pris</p>') == ["the price"]
    assert english_in("<p>Sätt access.mode, inte mqtt.is_on</p>") == []


async def test_the_demo_home_speaks_swedish(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        found = await reachable(client)
    assert {"/", "/system", "/plan", "/history", "/settings"} <= set(found)
    assert {path: said for path, page in found.items() if (said := english_in(page))} == {}


async def test_a_home_without_a_plan_speaks_swedish(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        await first_outcome(client)
        assert await spoken(client, "/") == []
        assert await spoken(client, "/system") == []


async def test_a_home_without_a_database_speaks_swedish(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (_, client):
        await first_outcome(client)
        page = (await client.get("/", headers=SWEDISH)).text
    assert "Databasen är borta" in page


def sick_home() -> Home:
    """A home whose sensors show many of the faults the doctor knows."""
    home = signed_home(NOW)
    home.change("battery_power_entity_id", lambda s: s.changed(lambda v: -v))
    home.change("consumption_entity_id", lambda s: replace(s, unit="kW"))
    home.change(
        "outdoor_temperature_entity_id",
        lambda s: s.cut(NOW - timedelta(hours=3), NOW - timedelta(hours=2), state="unavailable"),
    )
    del home.sensors["sensor.sun_power"]
    return home


@pytest.fixture(params=[signed_home, lambda _: sick_home()], ids=["well", "sick"])
def fakes(request: pytest.FixtureRequest) -> Iterator[SensorDays]:
    with SensorDays(home=request.param(NOW)) as started:
        yield started


async def test_a_live_home_and_its_doctor_speak_swedish(fakes: SensorDays, tmp_path: Path) -> None:
    settings = load_settings(environ=environ(fakes, tmp_path)).settings
    with time_machine.travel(NOW, tick=True):
        async with running(settings) as (_, client):
            await first_outcome(client)
            found = [await spoken(client, path) for path in ("/", "/system?doctor=true")]
            fakes.fail("home_assistant", Fault.UNAUTHORIZED)
            found.append(await spoken(client, "/system?doctor=true"))
    assert found == [[], [], []]


async def test_the_owners_choice_wins_over_the_browsers(tmp_path: Path) -> None:
    settings = offline(tmp_path, demo=True)
    chosen = settings.model_copy(update={"ui": settings.ui.model_copy(update={"language": "sv"})})
    async with running(chosen) as (_, client):
        page = (await client.get("/login", headers={"Accept-Language": "en"})).text
    assert '<html lang="sv"' in page
    assert "Logga in" in page


async def test_the_rest_interface_stays_english(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        english = (await client.get("/api/schedule")).json()["schedule"]
        asked = (await client.get("/api/schedule", headers=SWEDISH)).json()["schedule"]
        refused = await client.get("/api/runs/99999", headers=SWEDISH)
    assert asked == english
    assert "there is no" in refused.json()["message"]


HELD = "0 % is held back: 63.5 % was known 1 s before, and the battery cannot have moved so far"
SINCE = datetime(2026, 1, 14, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        f"last reading 64 %, just before; {HELD}; it counts once it has lasted 10 minutes",
        *(
            f"the charge level is not believed: {doubt(63.5, SINCE, company, moved, now=now)}"
            for company, moved, now in (
                (Company(), Followed(40, 23.5), SINCE + timedelta(hours=5)),
                (Company(SINCE, is_lively=True), Followed(63, 0), SINCE + timedelta(hours=5)),
                (Company(), Followed(63, 0), SINCE + timedelta(hours=30)),
            )
        ),
        constancy(SINCE, Company(), now=SINCE + timedelta(minutes=90)),
        constancy(SINCE, Company(SINCE + timedelta(hours=5)), now=SINCE + timedelta(hours=5)),
        "a counter that goes on counting; what it rose since midnight",
        "its history begins at 01 Dec 02:35 UTC; too early to say more",
    ],
)
def test_why_a_sensor_is_believed_or_not_is_said_in_one_language(said: str) -> None:
    with i18n.speaking("sv"):
        swedish = told(said)
    assert not ENGLISH.search(swedish), swedish
