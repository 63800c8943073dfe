"""When plans come about: on new prices, again after a failure, and never twice beside another."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import func, select

from app.access.gate import Gate
from app.access.token import TokenStore
from app.core import clock
from app.core.errors import RunInProgressError, StandByError
from app.db import plans
from app.db.connection.engine import close, make_engine, make_sessions, session_scope
from app.db.tables.models import Base, PlanRun
from app.fetch.sources import Sources
from app.ingest.http.client import make_client
from app.jobs.clock_watch import ClockWatch
from app.jobs.schedule import Schedule
from app.plans import process as planner_process
from app.plans.job import PlanningJob
from app.plans.process import Planner
from app.service.services import Services
from app.settings import Settings
from app.settings.store.sources import load_settings
from tests.api.test_service import offline, running
from tests.db.publishing import run_start
from tests.fakes import FakeUpstreams, Fault

NOON = datetime(2026, 11, 23, 11, 40, tzinfo=UTC)


async def at(settings: Settings) -> Schedule:
    """A schedule whose scheduler stands still: the tests call its jobs themselves."""
    engine = make_engine(settings)
    planner = Planner(planner_process.PlannerProcess())
    job = PlanningJob(Sources(settings, make_client(), make_sessions(engine)), engine, planner)
    gate = Gate(settings.access, TokenStore.of(settings))
    schedule = Schedule(Services(job, AsyncIOScheduler(timezone="UTC"), gate))
    schedule.start()
    schedule.services.scheduler.pause()
    return schedule


async def stop(schedule: Schedule) -> None:
    schedule.services.scheduler.shutdown(wait=False)
    await schedule.services.job.sources.client.aclose()
    await close(schedule.services.job.engine)


def next_plan_in(schedule: Schedule) -> float:
    found = schedule.services.scheduler.get_job("plan").next_run_time
    return float((found - clock.now()).total_seconds())


async def test_tomorrows_prices_are_asked_for_from_quarter_to_one_and_planned_at_once(
    tmp_path: Path,
) -> None:
    with FakeUpstreams() as fakes, time_machine.travel(NOON, tick=False) as travel:
        fakes.tomorrow_is_published = False
        environ = fakes.environment() | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        schedule = await at(load_settings(environ=environ).settings)

        def asked() -> int:
            return sum(service == "nordpool" for service, _, _ in fakes.requests)

        async def minutes(count: int) -> None:
            for _ in range(count):
                travel.shift(timedelta(minutes=1))
                await schedule.watch_prices()

        await schedule.plan()
        assert schedule.services.job.log.last_outcome == "ok", schedule.services.job.log
        assert asked() == 1
        await minutes(4)
        assert asked() == 1, "not before 12:45"
        await minutes(30)
        assert 5 <= asked() - 1 <= 7, "ever more rarely"
        fakes.tomorrow_is_published = True
        await minutes(10)
        plan = await schedule.services.plan()
        assert plan is not None
        assert plan.meta.trigger == "prices"
        assert plan.meta.horizon_end == datetime(2026, 11, 24, 23, tzinfo=UTC)
        known = asked()
        await minutes(30)
        assert asked() == known, "nothing is left to ask for"
        await stop(schedule)


async def test_a_source_that_stays_down_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    schedule = await at(offline(tmp_path, demo=False))
    waits = []
    for _ in range(7):
        await schedule.plan()
        assert schedule.services.job.log.last_outcome == "held"
        waits.append(round(next_plan_in(schedule), -1))
    assert waits == [10, 20, 40, 80, 160, 320, 320]
    await stop(schedule)


async def test_a_database_that_is_away_is_tried_every_few_seconds(tmp_path: Path) -> None:
    schedule = await at(offline(tmp_path, demo=True, database="mariadb://me@127.0.0.1:1/home"))
    for _ in range(3):
        await schedule.plan()
        assert 5 < next_plan_in(schedule) <= 10
    await stop(schedule)


async def test_beside_another_service_the_next_try_is_when_its_plan_is_overdue(
    tmp_path: Path,
) -> None:
    first, second = await at(offline(tmp_path, demo=True)), await at(offline(tmp_path, demo=True))
    await first.plan()
    second.started = True
    await second.plan()
    assert next_plan_in(second) == pytest.approx(66 * 60, abs=150)
    shown = await second.services.plan()
    assert shown == await first.services.plan()
    assert second.services.job_state().last_outcome == "stood_down"
    await stop(first)
    await stop(second)


async def test_while_another_service_plans_this_one_looks_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = await at(offline(tmp_path, demo=True))

    async def busy(trigger: str) -> None:
        raise RunInProgressError(trigger)

    monkeypatch.setattr(PlanningJob, "run", staticmethod(busy))
    await schedule.plan()
    assert 5 < next_plan_in(schedule) <= 10
    assert issubclass(StandByError, RunInProgressError)
    await stop(schedule)


async def test_without_the_scheduler_the_tables_are_made_all_the_same(tmp_path: Path) -> None:
    settings = offline(tmp_path, demo=True)
    settings = settings.model_copy(
        update={"automation": settings.automation.model_copy(update={"enable_scheduler": False})}
    )
    async with running(settings) as (app, client):
        async with asyncio.timeout(120):
            while not app.state.services.job.log.migrated:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        status = (await client.get("/api/status")).json()
        assert (status["database_ok"], status["job"]["last_outcome"]) == (True, "none")
        assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"


async def test_everything_older_than_the_retention_goes_however_much_it_is(
    tmp_path: Path,
) -> None:
    schedule = await at(offline(tmp_path, demo=True))
    job = schedule.services.job
    await schedule.plan()
    old = clock.now() - timedelta(days=91)
    async with session_scope(job.sources.sessions) as session:
        for minute in range(60):
            await plans.start_run(session, run_start(old + timedelta(minutes=minute)))
    await schedule.services.purge()
    async with session_scope(job.sources.sessions) as session:
        assert await session.scalar(select(func.count()).select_from(PlanRun)) == 1
    await stop(schedule)


async def test_retention_runs_soon_after_the_start(tmp_path: Path) -> None:
    schedule = await at(offline(tmp_path, demo=True))
    first = schedule.services.scheduler.get_job("retention").next_run_time
    assert first - clock.now() < timedelta(hours=1)
    await stop(schedule)


async def test_scoring_waits_for_the_tables_and_survives_their_loss(tmp_path: Path) -> None:
    """Before the first migration there is nothing to score; lost tables are a line in the log."""
    schedule = await at(offline(tmp_path, demo=True))
    job = schedule.services.job
    await schedule.score_forecasts()
    await job.prepare()
    await schedule.score_forecasts()
    async with job.engine.begin() as connection:
        await connection.run_sync(Base.metadata.tables["forecast"].drop)
    await schedule.score_forecasts()
    assert schedule.services.at_work == set()
    await stop(schedule)


async def test_a_source_that_hangs_does_not_hold_up_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.service.services.SETTLE_SECONDS", 0.1)
    with FakeUpstreams() as fakes:
        fakes.fail("nordpool", Fault.SLOW)
        environ = fakes.environment() | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        async with asyncio.timeout(50):
            async with running(load_settings(environ=environ).settings) as (app, _):
                while not fakes.requests:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            services = app.state.services
        assert services.at_work == set()
        assert services.job.log.last_error == "the service stopped during the run"


async def test_a_clock_set_back_moves_the_jobs_back_with_it(tmp_path: Path) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        schedule = await at(offline(tmp_path, demo=True))
        scheduler, stopped, steps = schedule.services.scheduler, False, list[datetime]()
        watch = ClockWatch(scheduler, lambda: stopped, lambda: steps.append(clock.now()))
        watch.look()

        def waits() -> dict[str, timedelta]:
            return {job.id: job.next_run_time - clock.now() for job in scheduler.get_jobs()}

        before = waits()
        travel.shift(timedelta(seconds=-30))
        watch.look()
        assert waits()["look"] - before["look"] == timedelta(seconds=30), "a small step is none"
        assert steps == []
        travel.shift(timedelta(hours=-1))
        watch.look()
        after = waits()
        for name in ("plan", "prices", "look", "retention"):
            assert after[name] - before[name] <= timedelta(seconds=30), name
        assert after["scores"] - before["scores"] >= timedelta(hours=1), "it keeps its hour"
        travel.shift(timedelta(hours=2))
        watch.look()
        assert waits()["plan"] <= timedelta(0), "set forward, it is simply late"
        assert len(steps) == 2, "planned again at once, whichever way it was set"
        stopped = True
        travel.shift(timedelta(hours=-5))
        watch.look()
        assert waits()["plan"] > timedelta(hours=2), "nothing is moved while it stops"
        assert len(steps) == 2
        await stop(schedule)


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(hours=-3), timedelta(hours=5)])
async def test_a_clock_that_was_set_has_a_plan_for_its_new_time_at_once(
    tmp_path: Path, step: timedelta
) -> None:
    with FakeUpstreams() as fakes, time_machine.travel(NOON, tick=False) as travel:
        environ = fakes.environment() | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        schedule = await at(load_settings(environ=environ).settings)
        services = schedule.services
        await schedule.plan()
        travel.shift(step)
        status = (await services.overview())[1]
        assert status.plan_age_seconds is not None
        assert status.plan_age_seconds >= 0
        services.scheduler.resume()
        schedule.clock_watch.look()
        async with asyncio.timeout(60):
            while services.replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0.01)
        services.scheduler.pause()
        plan, status = await services.overview()
        assert plan is not None
        assert (status.state, status.job.last_outcome) == ("ok", "ok"), status
        assert status.current is not None
        assert plan.meta.planned_at == NOON + step
        await stop(schedule)
