"""Publishing: whole plans only, exact numbers, UTC keys, one writer at a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm.exc import UnmappedInstanceError

from app.clock import day_slots, local_midnight
from app.db import lock, plans
from app.db.engine import database_label, make_engine, make_sessions, session_scope
from app.db.models import NaiveTimeError, Observation
from app.errors import DatabaseUnavailableError, RunInProgressError
from app.frames import SCHEDULE, SLOT
from app.settings import Database, Settings
from tests.plans import plan_of, slots

ZONE = ZoneInfo("Europe/Stockholm")
MIDNIGHT = local_midnight(date(2026, 11, 23), ZONE)
PRICES = [1.0 + (index % 24) / 10 for index in range(96)]


def schedule_from(start: datetime, count: int = 96) -> pl.DataFrame:
    return plan_of(slots(start, (PRICES * 3)[:count])).schedule


async def publish(
    engine: AsyncEngine,
    schedule: pl.DataFrame,
    *,
    today: datetime = MIDNIGHT,
    seen: int | None = None,
) -> int:
    sessions = make_sessions(engine)
    start = plans.RunStart(
        planned_at=today,
        trigger="button",
        engine="cascade",
        planner_version="test",
        config_hash="0",
        timezone="Europe/Stockholm",
        currency="SEK",
        demo_home=False,
    )
    async with session_scope(sessions) as session:
        run_id = await plans.start_run(session, start)
        generation = await plans.generation(session) if seen is None else seen
    result = plans.RunResult(
        status="ok",
        finished_at=today,
        cost=1.0,
        cost_do_nothing=2.0,
        cost_self_consumption=1.5,
        s_index=1.05,
        duration_ms=12.0,
        inputs="{}",
        inputs_hash="0",
    )
    async with session_scope(sessions) as session:
        await plans.publish(
            session,
            run_id=run_id,
            schedule=schedule,
            result=result,
            planned_at=today,
            planner_version="test",
            today_start=today,
            seen_generation=generation,
        )
    return run_id


async def rows(engine: AsyncEngine) -> list[dict[str, object]]:
    async with session_scope(make_sessions(engine)) as session:
        return [
            {name: getattr(slot, name) for name in (*SCHEDULE.names(), "slot_number")}
            for slot in await plans.current(session)
        ]


async def test_a_published_plan_reads_back_to_the_last_bit(engine: AsyncEngine) -> None:
    schedule = schedule_from(MIDNIGHT)
    run_id = await publish(engine, schedule)
    stored = await rows(engine)
    assert [row["slot_number"] for row in stored] == list(range(1, 97))
    for name in set(SCHEDULE.names()) - {"reason_params"}:
        assert [row[name] for row in stored] == schedule[name].to_list(), name
    async with session_scope(make_sessions(engine)) as session:
        run = await plans.latest_run(session)
    assert run is not None
    assert (run.id, run.status, run.horizon_end) == (run_id, "ok", MIDNIGHT + SLOT * 96)


@pytest.mark.parametrize(
    ("day", "count"), [(date(2025, 10, 26), 100), (date(2026, 3, 29), 92), (date(2026, 6, 1), 96)]
)
async def test_long_and_short_days_keep_every_quarter(
    engine: AsyncEngine, day: date, count: int
) -> None:
    start = local_midnight(day, ZONE)
    await publish(engine, schedule_from(start, count), today=start)
    stored = await rows(engine)
    assert [row["slot_start"] for row in stored] == day_slots(day, ZONE)
    assert len(stored) == count


async def test_todays_past_stays_and_yesterday_goes(engine: AsyncEngine) -> None:
    first = await publish(engine, schedule_from(MIDNIGHT))
    noon = MIDNIGHT + timedelta(hours=12)
    second = await publish(engine, schedule_from(noon))
    async with session_scope(make_sessions(engine)) as session:
        owners = [slot.plan_run_id for slot in await plans.current(session)]
    assert owners == [first] * 48 + [second] * 96
    tomorrow = MIDNIGHT + timedelta(days=1)
    await publish(engine, schedule_from(tomorrow), today=tomorrow)
    assert [row["slot_start"] for row in await rows(engine)] == [
        tomorrow + SLOT * index for index in range(96)
    ]


async def test_of_two_writers_the_slower_one_is_told(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT), seen=0)
    with pytest.raises(RunInProgressError, match="another planner"):
        await publish(engine, schedule_from(MIDNIGHT), seen=0)
    assert len(await rows(engine)) == 96


async def test_when_the_history_fails_the_old_plan_stays(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT))
    before = await rows(engine)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE plan_history"))
    with pytest.raises(DatabaseUnavailableError):
        await publish(engine, schedule_from(MIDNIGHT + timedelta(hours=6)))
    assert await rows(engine) == before


async def test_readers_never_see_a_partial_plan(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT))
    seen: list[tuple[int, int]] = []
    writing = True

    async def read() -> None:
        while writing:
            async with engine.connect() as connection:
                found = await connection.execute(
                    text("SELECT count(*), count(DISTINCT plan_run_id) FROM current_schedule")
                )
                seen.append(tuple(found.one()))  # type: ignore[arg-type]

    reader = asyncio.create_task(read())
    for _ in range(15):
        await publish(engine, schedule_from(MIDNIGHT))
    writing = False
    await reader
    assert len(seen) > 15
    assert set(seen) == {(96, 1)}


async def test_a_time_without_zone_is_refused(engine: AsyncEngine) -> None:
    naive = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises((DatabaseUnavailableError, NaiveTimeError, UnmappedInstanceError)) as caught:
        async with session_scope(make_sessions(engine)) as session:
            session.add(
                Observation(
                    name="soc", observed_at=naive, value=1, unit="%", source="x", quality="live"
                )
            )
    assert "NaiveTimeError" in str(caught.value) or "StatementError" in str(caught.value)


async def test_only_one_planner_holds_the_lock(engine: AsyncEngine) -> None:
    async with lock.planner_lock(engine):
        with pytest.raises(RunInProgressError):
            async with lock.planner_lock(engine):
                pass
    async with lock.planner_lock(engine):
        pass


async def test_an_absent_database_is_named_without_its_password() -> None:
    url = SecretStr("mysql://darkstar:hunter2@127.0.0.1:1/darkstar")
    settings = Settings(database=Database(url=url))
    assert database_label(settings) == "MariaDB darkstar at 127.0.0.1:1"
    unreachable = make_engine(settings)
    with pytest.raises(DatabaseUnavailableError) as caught:
        async with session_scope(make_sessions(unreachable)) as session:
            await plans.current(session)
    await unreachable.dispose()
    assert "hunter2" not in str(caught.value)


async def test_an_unfinished_run_is_marked_aborted_after_a_crash(engine: AsyncEngine) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    async with session_scope(make_sessions(engine)) as session:
        await plans.start_run(
            session,
            plans.RunStart(
                planned_at=now,
                trigger="start",
                engine="cascade",
                planner_version="test",
                config_hash="0",
                timezone="UTC",
                currency="SEK",
                demo_home=False,
            ),
        )
        assert await plans.abort_running(session, now=now) == 1


def test_sqlite_in_the_data_directory_is_the_default(tmp_path: Path) -> None:
    assert database_label(Settings(data_dir=str(tmp_path))) == f"SQLite ({tmp_path}/darkstar.db)"
