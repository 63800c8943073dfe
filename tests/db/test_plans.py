"""Publishing: whole plans only, exact numbers, UTC keys, one writer at a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import func, literal_column, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import day_slots, local_midnight
from app.core.errors import DatabaseUnavailableError, FrameError, RunInProgressError
from app.core.frames import SCHEDULE, SLOT
from app.db import plans
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import Base, HistorySlot
from tests.db.publishing import (
    MIDNIGHT,
    ZONE,
    publish,
    publish_run,
    rows,
    run_start,
    schedule_from,
)


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
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.tables["plan_history"].create)


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


async def test_an_unfinished_run_is_marked_aborted_after_a_crash(engine: AsyncEngine) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    async with session_scope(make_sessions(engine)) as session:
        run_id = await plans.start_run(session, run_start(now))
        assert await plans.abort_running(session, now=now) == 1
    async with session_scope(make_sessions(engine)) as session:
        run = await plans.run_by_id(session, run_id)
        assert await plans.latest_run(session) is None
    assert run is not None
    assert (run.status, run.finished_at) == ("aborted", now)


async def test_a_failed_run_keeps_its_reason_and_leaves_the_plan(engine: AsyncEngine) -> None:
    published = await publish(engine, schedule_from(MIDNIGHT))
    async with session_scope(make_sessions(engine)) as session:
        run_id = await plans.start_run(session, run_start(MIDNIGHT))
        await plans.finish_run(
            session, run_id, status="held", error="no prices", finished_at=MIDNIGHT
        )
    async with session_scope(make_sessions(engine)) as session:
        run = await plans.run_by_id(session, run_id)
        latest = await plans.latest_run(session)
    assert run is not None
    assert latest is not None
    assert (run.status, run.error, latest.id) == ("held", "no prices", published)


async def test_publishing_the_same_run_again_changes_nothing(engine: AsyncEngine) -> None:
    schedule = schedule_from(MIDNIGHT)
    run_id = await publish(engine, schedule, seen=0)
    async with session_scope(make_sessions(engine)) as session:
        await publish_run(session, run_id, schedule, seen=0)
    async with session_scope(make_sessions(engine)) as session:
        assert await plans.generation(session) == 1
        assert await session.scalar(select(func.count()).select_from(HistorySlot)) == 96


async def test_an_empty_plan_is_refused(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT))
    with pytest.raises(FrameError, match="no slots"):
        await publish(engine, schedule_from(MIDNIGHT).clear())
    assert len(await rows(engine)) == 96


async def test_runs_are_listed_newest_first_page_by_page(engine: AsyncEngine) -> None:
    ids = [await publish(engine, schedule_from(MIDNIGHT, 4)) for _ in range(3)]
    async with session_scope(make_sessions(engine)) as session:
        newest = await plans.runs(session, limit=2)
        rest = await plans.runs(session, limit=2, before_id=newest[-1].id)
    assert [run.id for run in [*newest, *rest]] == ids[::-1]


async def test_the_inputs_of_a_run_are_read_only_when_asked_for(engine: AsyncEngine) -> None:
    run_id = await publish(engine, schedule_from(MIDNIGHT, 4))
    async with session_scope(make_sessions(engine)) as session:
        listed = (await plans.runs(session, limit=1))[0]
        with pytest.raises(InvalidRequestError, match="raiseload"):
            _ = listed.inputs
        whole = await plans.run_by_id(session, run_id)
    assert whole is not None
    assert whole.inputs == "{}"


@pytest.mark.parametrize("column", ["charge_kw", "import_kw", "curtailed_kw"])
async def test_the_database_itself_refuses_a_negative_power(
    engine: AsyncEngine, column: str
) -> None:
    before = await publish(engine, schedule_from(MIDNIGHT))
    wrong = schedule_from(MIDNIGHT).with_columns(pl.lit(-0.5).alias(column))
    with pytest.raises(DatabaseUnavailableError, match="ck_current_schedule_powers"):
        await publish(engine, wrong)
    async with session_scope(make_sessions(engine)) as session:
        assert {slot.plan_run_id for slot in await plans.current(session)} == {before}


async def test_every_public_column_has_its_documented_name(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT, 1))
    quote = engine.dialect.identifier_preparer.quote
    async with engine.connect() as connection:
        run = await connection.execute(
            select(*(literal_column(name) for name in ("id", quote("trigger")))).select_from(
                text("plan_run")
            )
        )
        slot = await connection.execute(
            text(
                "SELECT slot_number, slot_start, charge_kw, export_kw, water_kw, "
                "planned_load_kwh, planned_pv_kwh, soc_target, soc_projected, classification, "
                "planner_version, slot_end, discharge_kw, import_price_per_kwh, "
                "export_price_per_kwh, planned_cost, reason, marginal_value_per_kwh, "
                "valid_until, plan_run_id FROM current_schedule"
            )
        )
        assert run.one()[1] == "button"
        assert slot.one()[0] == 1
