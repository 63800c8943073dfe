"""The dead man's switch, end to end: real faults, a real database, a receiver on loopback."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.alerts import monitor
from app.alerts.facts import Facts
from app.api.web import views
from app.api.web.page_templates import templates
from app.db.connection.engine import close, make_sessions, session_scope
from app.db.tables.models import HistorySlot
from app.service.now import read_now
from app.service.schemas.plan import ScheduleOut
from app.settings import Database, Settings
from tests.alerts.homes import home, settings
from tests.db.publishing import publish, schedule_from
from tests.fakes import FakeUpstreams
from tests.fakes.alert_receiver import AlertReceiver
from tests.gate import free_port

# 13:10 in Stockholm: today and tomorrow are priced, until 00:00 of the day after.
START = datetime(2026, 11, 23, 12, 10, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver() as running:
        yield running


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def test_a_plan_that_comes_to_its_end_is_said_on_every_side_and_taken_back_once(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver)
    async with home(made, travel) as house:
        await house.schedule.plan()
        status = await house.status()
        assert (status.state, status.safe_default, status.alerts) == ("ok", False, [])
        await house.after(34 * HOUR + 49 * MINUTE)  # 23:59 of tomorrow
        assert not (await house.status()).safe_default
        await house.after(MINUTE)
        status = await house.status()
        assert (status.state, status.safe_default) == ("safe", True)
        assert (status.safe_default_reason, status.current) == ("plan_expired", None)
        assert receiver.received == [], "a restart plans within a minute"
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "plan_expired")]
        said = receiver.received[0].data["message"]
        assert "reached until 2026-11-24T23:00:00Z" in said
        assert "nothing is bought for it or sold" in said
        page = views.page(*await house.schedule.services.overview())
        assert page.banners[0].title == "Safe default in force since 00:00"
        assert page.state_text == "Safe default"
        html = templates.env.get_template("_today.html").render(view=page, kpis=())
        assert "Safe default in force since 00:00" in html
        assert "nothing is sold from it until a new plan is in force" in html
        assert "Now, until" not in html
        await house.after(HOUR)
        assert len(receiver.received) == 1
        await house.schedule.plan()
        assert not (await house.status()).safe_default
        await house.after(MINUTE)
        await house.after(HOUR)
        assert receiver.events("/hook")[1:] == [("recovered", "plan_expired")]
        (alert,) = await house.alerts()
        assert (alert.state, alert.deliveries[0].event) == ("recovered", "recovered")


async def test_a_planner_that_keeps_failing_withdraws_its_plan_from_every_reader(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
    engine: AsyncEngine,
    database_url: str,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver)
    made = made.model_copy(update={"database": Database(url=SecretStr(database_url))})
    async with home(made, travel) as house:
        await house.schedule.plan()
        for count in range(1, 4):
            await house.fails(fake_upstreams)
            await house.after(MINUTE)
            status = await house.status()
            assert (status.state, status.safe_default) == ("held", False), count
        assert all(row.valid_until == row.slot_end for row in await house.rows())
        heard = house.schedule.services.events.subscribe()
        listening = asyncio.ensure_future(anext(heard))
        await house.after(30 * MINUTE)
        assert [await listening, await anext(heard)] == ["alert", "plan"]
        await heard.aclose()  # type: ignore[attr-defined]
        assert receiver.events("/hook") == [("raised", "planner_failing")]
        status = await house.status()
        assert (status.state, status.safe_default_reason) == ("safe", "planner_failing")
        assert "no price for the slot in progress" in status.safe_default_text
        told = await read_now(house.schedule.services)
        assert (told.action, told.plan_valid, told.charge_kw) == ("safe", False, 0)
        now = START + 33 * MINUTE
        ahead = [row for row in await house.rows() if row.slot_end > now]
        assert ahead
        assert all(row.valid_until == row.slot_start for row in ahead)
        shown = await house.schedule.services.plan()
        assert shown is not None
        ends = [row.valid_until for row in await house.rows()]
        assert [slot.valid_until for slot in shown.schedule] == ends
        exported = ScheduleOut.model_validate_json((tmp_path / "schedule.json").read_text())
        assert exported.schedule == shown.schedule
        async with session_scope(make_sessions(engine)) as session:
            history = (await session.scalars(select(HistorySlot))).all()
        assert history
        assert all(slot.valid_until == slot.slot_end for slot in history), "what was, stays"
        fake_upstreams.heal("nordpool")
        await house.schedule.plan()
        assert (await house.status()).state == "ok"
        assert all(row.valid_until == row.slot_end for row in (await house.rows())[-90:])
        await house.after(MINUTE)
        assert receiver.events("/hook")[1:] == [("recovered", "planner_failing")]


async def test_a_restart_neither_repeats_nor_forgets(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver)
    async with home(made, travel) as house:
        await house.schedule.plan()
        for _ in range(3):
            await house.fails(fake_upstreams)
        await house.after(MINUTE)
        assert receiver.received == [], "pending"
    async with home(made, travel) as house:
        await house.schedule.plan()
        await house.after(30 * MINUTE)
        assert receiver.events("/hook") == [("raised", "planner_failing")]
    async with home(made, travel) as house:
        await house.schedule.plan()
        status = await house.status()
        assert (status.state, status.alerts[0].code) == ("safe", "planner_failing")
        await house.after(HOUR)
        assert len(receiver.received) == 1
    fake_upstreams.heal("nordpool")
    async with home(made, travel) as house:
        await house.schedule.plan()
    async with home(made, travel) as house:
        await house.schedule.services.job.prepare()
        await house.after(MINUTE)
        await house.after(MINUTE)
        assert receiver.events("/hook")[1:] == [("recovered", "planner_failing")]


async def test_quiet_hours_hold_back_a_warning_until_the_morning(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    fake_upstreams.sensors.clear()
    made = settings(tmp_path, fake_upstreams, receiver, quiet_from="19:00", quiet_until="07:00")
    async with home(made, travel) as house:
        await house.schedule.plan()
        await house.after(MINUTE)
        await house.after(6 * HOUR)  # 19:11
        assert [each.code for each in (await house.status()).alerts] == ["degraded_inputs"]
        assert receiver.received == []
        await house.after(11 * HOUR + 48 * MINUTE)  # 06:59
        assert receiver.received == []
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "degraded_inputs")]
        assert "battery level" in receiver.received[0].data["message"]
        page = views.page(*await house.schedule.services.overview())
        assert "The plan rests on estimates since" in str(page.banners)


async def test_days_of_doing_nothing_are_said(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver, idle_days="2")
    async with home(made, travel) as house:
        job = house.schedule.services.job
        await job.prepare()
        for back in (2, 1):
            midnight = datetime(2026, 11, 22, 23, tzinfo=UTC) - back * 24 * HOUR
            frame = schedule_from(midnight)
            idle = frame.with_columns(charge_kw=0.0 * frame["charge_kw"])
            idle = idle.with_columns(discharge_kw=idle["charge_kw"])
            await publish(job.engine, idle, today=midnight)
        await house.schedule.plan()
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "idle_plan")]
        assert "In the last 2 days no plan charged" in receiver.received[0].data["message"]
        status = await house.status()
        assert (status.safe_default, status.alerts[0].severity) == (False, "warning")


async def test_who_wants_it_is_safe_on_poor_inputs_too(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    fake_upstreams.sensors.clear()
    made = settings(
        tmp_path,
        fake_upstreams,
        receiver,
        degraded_after_hours="0",
        safe_default_on='["degraded_inputs"]',
    )
    async with home(made, travel) as house:
        await house.schedule.plan()
        status = await house.status()
        assert (status.state, status.safe_default_reason) == ("safe", "degraded_inputs")
        await house.schedule.plan()
        assert (await house.status()).state == "safe", "a new plan on the same inputs"


async def test_a_database_that_is_away_is_said_without_it_and_written_down_afterwards(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver)
    async with home(made, travel) as house:
        await house.schedule.plan()
        shelf = tmp_path / "shelf"
        (tmp_path / "darkstar.db").rename(shelf)
        (tmp_path / "darkstar.db").mkdir()
        await close(house.schedule.services.job.engine)
        await house.after(MINUTE)
        await house.after(29 * MINUTE)
        assert receiver.received == []
        await house.after(MINUTE)
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "database_away")]
        status = await house.status()
        assert (status.database_ok, status.state) == (False, "safe")
        assert status.safe_default_reason == "database_away"
        shown = await house.schedule.services.plan()
        assert shown is not None
        assert shown.schedule[-1].valid_until == shown.schedule[-1].slot_start
        exported = ScheduleOut.model_validate_json((tmp_path / "schedule.json").read_text())
        assert exported.schedule == shown.schedule
        assert [alert.id for alert in await house.alerts()] == [None]
        (tmp_path / "darkstar.db").rmdir()
        shelf.rename(tmp_path / "darkstar.db")
        await house.after(MINUTE)
        await house.after(MINUTE)
        assert receiver.events("/hook")[1:] == [("recovered", "database_away")]
        assert (await house.status()).state == "ok"
        (row,) = await house.kept()
        assert (row.code, row.open_code) == ("database_away", None)
        assert row.deliveries["webhook"]["event"] == "recovered"


def restore(file: Path, backup: Path) -> None:
    """Put a consistent copy of the database in its place, as somebody who restores a backup."""
    with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(backup)) as copy:
        there.backup(copy)
    backup.rename(file)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_an_exchanged_database_file_is_noticed_by_the_next_look_and_said(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
    how: str,
) -> None:
    file = tmp_path / "darkstar.db"
    async with home(settings(tmp_path, fake_upstreams, receiver), travel) as house:
        await house.schedule.plan()
        if how == "deleted":
            file.unlink()
        else:
            restore(file, tmp_path / "backup")
        await house.schedule.look()
        status = await house.status()
        assert (status.state, status.database_ok) == ("ok", True), "planned again"
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "database_replaced")]
        page = views.page(*await house.schedule.services.overview())
        (banner,) = [each for each in page.banners if "file" in each.title]
        assert "in a backup only" in banner.text
        assert len(await house.rows()) >= 140, "in the file that is there"
        await house.after(24 * HOUR)
        assert receiver.events("/hook")[-1] == ("recovered", "database_replaced")


async def test_a_database_that_falls_silent_inside_a_look_is_said_beside_an_open_alert(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(*_asked: object, **_named: object) -> Facts:
        raise TimeoutError

    fake_upstreams.sensors.clear()
    made = settings(tmp_path, fake_upstreams, receiver, degraded_after_hours="0")
    async with home(made, travel) as house:
        await house.schedule.plan()
        await house.after(MINUTE)
        assert receiver.events("/hook") == [("raised", "degraded_inputs")]
        with monkeypatch.context() as away:
            away.setattr(monitor, "read_facts", silent)
            await house.after(MINUTE)
            await house.after(31 * MINUTE)
            status = await house.status()
            assert {each.code for each in status.alerts} == {"degraded_inputs", "database_away"}
            assert receiver.events("/hook")[1:] == [("raised", "database_away")]
            told = await house.schedule.services.run_planner("button")
            assert told.last_outcome == "degraded"
        await house.after(MINUTE)
        await house.after(MINUTE)
        assert receiver.events("/hook")[2:] == [("recovered", "database_away")]
        assert [(row.code, row.open_code is None) for row in await house.kept()] == [
            ("degraded_inputs", False),
            ("database_away", True),
        ]


async def test_who_stands_by_leaves_alerts_to_the_service_that_plans(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(tmp_path, fake_upstreams, receiver)
    async with home(made, travel) as first, home(made, travel) as second:
        await first.schedule.plan()
        second.schedule.started = True
        await second.schedule.plan()
        for _ in range(3):
            await first.fails(fake_upstreams)
        await first.after(MINUTE)
        await second.after(30 * MINUTE)
        assert receiver.received == []
        await asyncio.gather(first.schedule.alerts(), first.schedule.alerts())
        await second.schedule.alerts()
        assert receiver.events("/hook") == [("raised", "planner_failing")]
        assert (await second.status()).alerts[0].code == "planner_failing"


async def test_a_flood_is_held_back(
    tmp_path: Path,
    fake_upstreams: FakeUpstreams,
    receiver: AlertReceiver,
    travel: time_machine.Traveller,
) -> None:
    made = settings(
        tmp_path, fake_upstreams, receiver, failing_for_minutes="0", max_messages_per_hour="3"
    )
    async with home(made, travel) as house:
        await house.schedule.plan()
        for _ in range(3):
            for _ in range(3):
                await house.fails(fake_upstreams)
            await house.after(MINUTE)
            fake_upstreams.heal("nordpool")
            await house.schedule.plan()
            await house.after(MINUTE)
        assert [event for event, _ in receiver.events("/hook")] == [
            "raised",
            "recovered",
            "raised",
        ]
        await house.after(HOUR)
        assert [event for event, _ in receiver.events("/hook")][3:] == ["recovered"]


async def test_before_the_first_plan_nothing_is_alarming(tmp_path: Path) -> None:
    away = Settings.model_validate(
        {
            "data_dir": str(tmp_path),
            "database": {"url": f"mariadb://me@127.0.0.1:{free_port()}/home"},
        }
    )
    with time_machine.travel(START, tick=False) as travel:
        async with home(away, travel) as house:
            await house.schedule.alerts()
            status = await house.status()
            assert (status.state, status.safe_default) == ("none", True)
            assert status.alerts == []
            assert views.page(None, status).banners == ()
