"""The doctor asks Home Assistant over real HTTP, and tells apart why it gets no answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from app.doctor.ask import examine
from app.doctor.checks.report import Connection, EntityReport, Report, State, Verdict
from app.ingest.http import client as http
from app.ingest.http.client import make_client
from app.settings import Settings
from tests.fakes import Fault
from tests.fakes.sensor_days import SensorDays, signed_home

NOW = datetime(2026, 11, 23, 14, 7, 13, tzinfo=UTC)
SUN = "sensor.sun_power"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return

    monkeypatch.setattr(http, "pause", at_once)


@pytest.fixture
def fakes() -> Iterator[SensorDays]:
    with SensorDays(home=signed_home(NOW)) as running:
        yield running


def settings(fakes: SensorDays) -> Settings:
    assert fakes.home is not None
    return fakes.home.settings(fakes.url("home_assistant"))


async def examined(given: Settings) -> Report:
    async with make_client() as client:
        return await examine(client, given, now=NOW)


def sun(report: Report) -> EntityReport:
    return next(e for e in report.entities if e.entity_id == SUN)


async def test_a_healthy_home_is_green_over_the_network(fakes: SensorDays) -> None:
    report = await examined(settings(fakes))
    assert report.verdict is Verdict.GREEN
    assert report.connection is Connection.OK
    assert report.summary == "7 entities are well"
    assert {entity.state for entity in report.entities} == {State.READ}
    # One state and one history for each.
    assert len(fakes.requests) == 14


async def test_a_wrong_token_is_told_without_showing_it(fakes: SensorDays) -> None:
    given = settings(fakes)
    home = given.home_assistant.model_copy(update={"token": SecretStr("hunter2")})
    report = await examined(given.model_copy(update={"home_assistant": home}))
    assert (report.verdict, report.connection) == (Verdict.RED, Connection.UNAUTHORIZED)
    assert "HTTP 401" in report.summary
    assert "long-lived access token" in report.fix
    assert "hunter2" not in repr(report)
    assert len(fakes.requests) == 1, "one question is enough to know"


@pytest.mark.parametrize(
    ("fault", "connection", "fix"),
    [
        (Fault.FORBIDDEN, Connection.FORBIDDEN, "ip_bans.yaml"),
        (Fault.NOT_FOUND, Connection.WRONG_ADDRESS, "without a path"),
    ],
)
async def test_a_closed_door_and_a_wrong_address_have_their_own_words(
    fakes: SensorDays, fault: Fault, connection: Connection, fix: str
) -> None:
    fakes.fail("home_assistant", fault)
    report = await examined(settings(fakes))
    assert (report.verdict, report.connection) == (Verdict.RED, connection)
    assert fix in report.fix
    assert fix not in report.summary


async def test_a_home_assistant_that_is_away_is_told_at_once(fakes: SensorDays) -> None:
    fakes.fail("home_assistant", Fault.HANG_UP)
    report = await examined(settings(fakes))
    assert (report.verdict, report.connection) == (Verdict.RED, Connection.UNREACHABLE)
    assert "cannot be reached" in report.summary
    assert "home_assistant.url" in report.fix
    assert len(fakes.requests) == http.ATTEMPTS


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.TRUNCATED, Fault.SERVER_ERROR, Fault.REDIRECT])
async def test_no_answer_of_a_server_makes_it_raise(fakes: SensorDays, fault: Fault) -> None:
    fakes.fail("home_assistant", fault)
    report = await examined(settings(fakes))
    assert (report.verdict, report.connection) == (Verdict.RED, Connection.UNREACHABLE)
    assert report.summary


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        ("unavailable", State.UNAVAILABLE, "Devices"),
        ("unknown", State.UNKNOWN, "reload"),
        ("", State.UNKNOWN, "reload"),
        ("on", State.INVALID, "a number to home_assistant.pv_entity_id"),
        ("nan", State.INVALID, "a number to home_assistant.pv_entity_id"),
    ],
)
async def test_an_entity_without_a_number_now_is_red_and_says_which_kind(
    fakes: SensorDays, text: str, state: State, said: str
) -> None:
    assert fakes.home is not None
    sensor = fakes.home.sensors[SUN]
    rows = [*sensor.rows, (NOW - timedelta(minutes=5), text)]
    fakes.home.sensors[SUN] = replace(sensor, rows=rows)
    found = sun(await examined(settings(fakes)))
    assert (found.verdict, found.state) == (Verdict.RED, state)
    assert said in found.findings[0].fix


async def test_a_missing_entity_is_named_and_the_others_are_examined(fakes: SensorDays) -> None:
    assert fakes.home is not None
    del fakes.home.sensors[SUN]
    report = await examined(settings(fakes))
    found = sun(report)
    assert (found.verdict, found.state) == (Verdict.RED, State.MISSING)
    assert SUN in found.findings[0].proof
    assert "home_assistant.pv_entity_id" in found.findings[0].fix
    assert sum(entity.verdict is Verdict.GREEN for entity in report.entities) == 6


async def test_an_entity_that_is_not_recorded_is_told(fakes: SensorDays) -> None:
    assert fakes.home is not None
    sensor = fakes.home.sensors[SUN]
    fakes.home.sensors[SUN] = replace(sensor, rows=[(NOW + timedelta(seconds=1), "12")])
    found = sun(await examined(settings(fakes)))
    assert (found.verdict, found.state) == (Verdict.RED, State.NO_HISTORY)
    assert "recorder" in found.findings[0].fix


async def test_one_history_that_fails_does_not_hide_the_others(fakes: SensorDays) -> None:
    given = settings(fakes)
    async with make_client() as client:
        answered = client.send

        async def send(request: httpx.Request, **more: bool) -> httpx.Response:
            if SUN in str(request.url):
                raise httpx.ConnectError("away")
            return await answered(request, **more)  # type: ignore[arg-type]

        client.send = send  # type: ignore[method-assign, assignment]
        report = await examine(client, given, now=NOW)
    assert sun(report).state is State.NOT_ASKED
    assert sun(report).verdict is Verdict.RED
    assert sum(entity.verdict is Verdict.GREEN for entity in report.entities) == 6


async def test_without_home_assistant_there_is_nothing_to_examine() -> None:
    report = await examined(Settings())
    assert (report.verdict, report.connection) == (Verdict.GREY, Connection.NOT_CONFIGURED)
    assert "home_assistant.url" in report.fix


async def test_without_entities_the_fix_is_to_map_some(fakes: SensorDays) -> None:
    assert fakes.home is not None
    fakes.home.mapping.clear()
    report = await examined(settings(fakes))
    assert report.verdict is Verdict.AMBER
    assert "battery_soc_entity_id" in report.fix
    assert fakes.requests == []
