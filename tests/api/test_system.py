"""The system page and its REST twins on a running service: true, complete, and without secrets."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import time_machine
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.system.doctor_schemas import DoctorOut
from app.core import logs
from app.core.log_tail import TAIL
from app.db.connection import size
from app.db.connection.engine import make_sessions, session_scope
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, offline, running
from tests.fakes import Fault
from tests.fakes.sensor_days import SensorDays, signed_home

NOW = datetime(2026, 11, 23, 14, 7, 13, tzinfo=UTC)
TOKEN = "fake-home-token"  # noqa: S105 - opens nothing


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    TAIL._lines.clear()  # noqa: SLF001 - the ring is the process's, the test wants its own
    yield
    structlog.reset_defaults()


@pytest.fixture
def fakes() -> Iterator[SensorDays]:
    with SensorDays(home=signed_home(NOW)) as started:
        yield started


def environ(fakes: SensorDays, tmp_path: Path, **more: str) -> dict[str, str]:
    assert fakes.home is not None
    config = tmp_path / "config.yaml"
    config.write_text("demo_home: false\n")
    mapping = {
        f"DARKSTAR_HOME_ASSISTANT__{key.upper()}": entity
        for key, entity in fakes.home.mapping.items()
    }
    return {
        **fakes.environment(),
        **mapping,
        "DARKSTAR_BATTERY__ROUNDTRIP_EFFICIENCY_PERCENT": "90",
        "DARKSTAR_CONFIG": str(config),
        "DARKSTAR_DATA_DIR": str(tmp_path),
        **more,
    }


async def test_the_doctor_answers_over_rest_what_the_page_shows(
    fakes: SensorDays, tmp_path: Path
) -> None:
    assert fakes.home is not None
    fakes.home.change("battery_power_entity_id", lambda s: s.changed(lambda v: -v))
    settings = load_settings(environ=environ(fakes, tmp_path)).settings
    with time_machine.travel(NOW, tick=True):
        async with running(settings) as (_, client):
            report = DoctorOut.model_validate((await client.get("/api/doctor")).json())
            page = (await client.get("/ui/doctor")).text
            whole = (await client.get("/system")).text
    assert report.verdict == "red"
    power = next(e for e in report.entities if e.entity_id == "sensor.battery_power")
    sign = next(f for f in power.findings if f.check == "sign")
    assert sign.value == pytest.approx(-1, abs=0.05)
    assert sign.fix == "write home_assistant.battery_power_positive_is: discharge"
    assert "home_assistant.battery_power_positive_is: discharge</code>" in page
    assert "Battery power" in whole, "the last report stays on the page"
    assert TOKEN not in report.model_dump_json() + page + whole


async def test_who_asks_at_once_gets_the_same_examination(
    fakes: SensorDays, tmp_path: Path
) -> None:
    settings = load_settings(environ=environ(fakes, tmp_path)).settings
    with time_machine.travel(NOW, tick=False) as moment:
        async with running(settings) as (_, client):
            await first_outcome(client)
            fakes.requests.clear()
            answers = await asyncio.gather(*(client.get("/api/doctor") for _ in range(3)))
            assert len({answer.text for answer in answers}) == 1
            asked = [path for service, path, _ in fakes.requests if service == "home_assistant"]
            assert len(asked) == 14
            assert "All sensors are well" in (await client.get("/ui/doctor")).text
            moment.shift(30)
            again = (await client.get("/api/doctor")).json()
            assert again["end"] > answers[0].json()["end"]


async def test_a_browser_without_scripts_examines_by_a_link(
    fakes: SensorDays, tmp_path: Path
) -> None:
    fakes.fail("home_assistant", Fault.UNAUTHORIZED)
    settings = load_settings(environ=environ(fakes, tmp_path)).settings
    with time_machine.travel(NOW, tick=True):
        async with running(settings) as (_, client):
            page = (await client.get("/system", params={"doctor": "true"})).text
    assert "Home Assistant refuses the token" in page
    assert "long-lived access token" in page
    assert TOKEN not in page


async def test_the_page_shows_inputs_jobs_database_and_log(
    fakes: SensorDays, tmp_path: Path
) -> None:
    logs.set_up("INFO")
    settings = load_settings(environ=environ(fakes, tmp_path)).settings
    with time_machine.travel(NOW, tick=True):
        async with running(settings) as (_, client):
            await first_outcome(client)
            structlog.get_logger("darkstar.test").warning("a line", address=f"x?token={TOKEN}")
            page = (await client.get("/system")).text
            part = (await client.get("/ui/system")).text
            log = (await client.get("/ui/log")).text
    assert "Home Assistant, just now" in page
    assert "Look for new prices" in part
    assert "Schema revision" in part
    assert 'scope="row">plan_history</th>' in part
    assert "planning run" in log
    assert "a line" in log
    assert TOKEN not in page + part + log
    assert "<html" not in part + log


async def test_the_diagnostics_hold_what_a_report_needs_and_no_secret(
    fakes: SensorDays, tmp_path: Path
) -> None:
    logs.set_up("INFO")
    secret = "hunter2secret"  # noqa: S105 - planted to be looked for
    given = environ(
        fakes,
        tmp_path,
        DARKSTAR_MQTT__URL=f"mqtt://anna:{secret}@broker:1883",
        DARKSTAR_SERVER__TOKEN=f"{secret}-and-more-of-it",
        DARKSTAR_LOCATION__LATITUDE="59.312345",
    )
    settings = load_settings(environ=given).settings
    with time_machine.travel(NOW, tick=True):
        async with running(settings) as (_, client):
            await first_outcome(client)
            # A library that says more than it should.
            structlog.get_logger("x").error("refused", why=f"password={secret} Bearer {TOKEN}")
            await client.get("/api/doctor")
            answer = await client.get("/api/diagnostics")
            shown = (await client.get("/ui/diagnostics")).text
    text = answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    for title in ("versions", "plan", "inputs", "jobs", "database", "sensor doctor", "log"):
        assert f"## {title}\n" in text
    for wanted in ("polars ", "soc: live", "revision 0", "green: 7 entities are well", "refused"):
        assert wanted in text
    changed = json.loads(text.split("from the defaults\n")[1].split("\n\n## log")[0])
    assert changed["home_assistant"]["token"] == "*" * 10
    assert changed["home_assistant"]["pv_entity_id"] == "sensor.sun_power"
    assert changed["location"] == {"latitude": 59.3}
    assert "battery_soc" in shown
    for said in (text, shown):
        assert TOKEN not in said
        assert secret not in said


async def test_a_database_that_is_away_is_said_and_the_page_stands(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (_, client):
        await first_outcome(client)
        page = (await client.get("/system")).text
        text = (await client.get("/api/diagnostics")).text
        doctor = (await client.get("/api/doctor")).json()
    assert ">away</span>" in page
    assert "Away since" in page
    assert "MariaDB darkstar at 127.0.0.1:1" in text
    assert doctor["connection"] == "not_configured"
    assert doctor["verdict"] == "grey"
    assert "hunter2" not in page + text


async def test_a_demo_home_has_nothing_to_examine_and_says_how_to_begin(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        page = (await client.get("/ui/doctor")).text
    assert "No Home Assistant yet" in page
    assert "home_assistant.url</code>" in page


async def test_the_jobs_say_what_they_did_and_when_they_come(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (app, client):
        await first_outcome(client)

        def crash() -> None:
            raise ValueError("hunter2")

        app.state.services.scheduler.add_job(crash, id="crashing")
        async with asyncio.timeout(60):
            while not any(  # noqa: ASYNC110 - the scheduler tells nobody
                t.outcome == "failed" for t in app.state.system.trail.traces()
            ):
                await asyncio.sleep(0.02)
        page = (await client.get("/ui/system")).text
        jobs = {trace.name: trace for trace in app.state.system.trail.traces()}
    assert jobs["crashing"].problem == "ValueError: a bug in Darkstar, see the log"
    assert jobs["plan"].outcome == "done"
    assert jobs["plan"].next_run_at is not None
    assert jobs["retention"].outcome == "none"
    assert "Crashing" in page
    assert "hunter2" not in page


@pytest.fixture
def counted(engine: AsyncEngine) -> Any:
    return engine


async def test_the_database_tells_its_revision_and_sizes(counted: AsyncEngine) -> None:
    async with session_scope(make_sessions(counted)) as session:
        found = await size.measure(session)
    tables = {table.name: table for table in found.tables}
    assert found.revision.startswith("00")
    assert found.size_bytes > 10_000
    assert tables["plan_run"].rows == 0
    assert len(tables) >= 10
    by_table = {table.size_bytes is not None for table in found.tables}
    assert by_table == {counted.dialect.name != "sqlite"}


async def test_the_pages_are_linked_both_ways(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        for path, other in (("/", "/system"), ("/system", "/")):
            page = await client.get(path)
            assert page.status_code == httpx.codes.OK
            assert f'href="{path}" aria-current="page"' in page.text
            assert f'<a href="{other}">' in page.text
