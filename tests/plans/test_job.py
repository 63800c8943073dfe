"""A planning run against a database that fails, and beside another service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.errors import DatabaseUnavailableError, RunInProgressError, StandByError
from app.db import plans
from app.db.connection import lock
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import PlanRun
from app.fetch.sources import Sources
from app.ingest.http.client import make_client
from app.plans.job import PlanningJob
from app.plans.process import Planner, PlannerProcess
from app.settings import Settings
from tests.db.publishing import MIDNIGHT, run_start

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def job(
    engine: AsyncEngine, tmp_path: Path, planner_process: PlannerProcess
) -> AsyncIterator[PlanningJob]:
    """A job of the demo home that reaches nothing but its database."""
    settings = Settings.model_validate(
        {
            "demo_home": True,
            "data_dir": str(tmp_path),
            "prices": {"providers": ["nordpool"]},
            "nordpool": {"base_url": NOWHERE},
            "open_meteo": {"base_url": NOWHERE},
            "database": {
                "url": SecretStr(engine.url.render_as_string(hide_password=False)),
            },
        }
    )
    async with make_client() as client:
        yield PlanningJob(
            Sources(settings, client, make_sessions(engine)), engine, Planner(planner_process)
        )


def another(job: PlanningJob) -> PlanningJob:
    """A second service on the same database."""
    return PlanningJob(job.sources, job.engine, Planner(job.planner.process))


async def runs(job: PlanningJob) -> list[tuple[int, str]]:
    async with session_scope(job.sources.sessions) as session:
        found = await session.execute(select(PlanRun.id, PlanRun.status).order_by(PlanRun.id))
        return [(row[0], row[1]) for row in found]


def lost(code: int) -> OperationalError:
    return OperationalError("COMMIT", {}, Exception(code, "said the server"))


@pytest.mark.parametrize("code", [1205, 1213, 2006, 2013])
async def test_a_publish_that_meets_a_passing_fault_is_repeated_under_the_same_run(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real, tried = plans.publish, []
    monkeypatch.setattr("app.plans.job.PUBLISH_PAUSES_SECONDS", (0, 0, 0))

    async def flaky(session: AsyncSession, **publication: Any) -> None:
        tried.append(publication["run_id"])
        await real(session, **publication)
        if len(tried) < 4:
            raise lost(code)

    monkeypatch.setattr(plans, "publish", flaky)
    log = await job.run("button")
    assert log.last_outcome == "ok", log.last_error
    assert len(tried) == 4
    assert await runs(job) == [(tried[0], "ok")]
    assert len(set(tried)) == 1


async def test_a_commit_that_went_through_unseen_is_not_published_twice(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = plans.publish

    async def commits_then_breaks(session: AsyncSession, **publication: Any) -> None:
        monkeypatch.setattr(plans, "publish", real)
        await real(session, **publication)
        await session.commit()
        raise lost(2013)

    monkeypatch.setattr(plans, "publish", commits_then_breaks)
    assert (await job.run("button")).last_outcome == "ok"
    async with session_scope(job.sources.sessions) as session:
        assert await plans.generation(session) == 1
    assert [status for _, status in await runs(job)] == ["ok"]


async def test_a_lasting_fault_is_not_repeated_and_closes_its_run(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    async def full(session: AsyncSession, **_: Any) -> None:
        tried.append(session)
        raise lost(1114)

    monkeypatch.setattr(plans, "publish", full)
    assert (await job.run("button")).last_outcome == "failed"
    assert len(tried) == 1
    assert [status for _, status in await runs(job)] == ["failed"]


@pytest.mark.parametrize("fault", [ZeroDivisionError("bug"), TimeoutError()], ids=repr)
async def test_a_run_that_breaks_anywhere_is_closed(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr("app.gather.inputs.gather_prices", broken)
    assert (await job.run("button")).last_outcome == "failed"
    assert [status for _, status in await runs(job)] == ["failed"]


async def test_a_bug_shows_by_its_type_alone(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("Bearer hunter2")

    monkeypatch.setattr("app.gather.inputs.gather_prices", broken)
    assert (await job.run("button")).last_error == "ValueError: a bug in Darkstar, see the log"


async def test_a_run_that_a_crash_left_open_is_closed_by_the_next(job: PlanningJob) -> None:
    await job.run("start")
    async with session_scope(job.sources.sessions) as session:
        await plans.start_run(session, run_start(MIDNIGHT))
    await job.run("button")
    assert [status for _, status in await runs(job)] == ["ok", "aborted", "ok"]


async def test_a_second_service_leaves_the_first_ones_run_alone_and_stands_down(
    job: PlanningJob,
) -> None:
    await job.prepare()
    async with session_scope(job.sources.sessions) as session:
        await plans.start_run(session, run_start(MIDNIGHT))
    async with lock.planner_lock(job.engine):
        other = another(job)
        with pytest.raises(RunInProgressError, match="another Darkstar process"):
            await other.run("start")
    assert (other.log.running, other.log.last_outcome) == (False, "stood_down")
    assert other.log.last_error == ""
    assert [status for _, status in await runs(job)] == ["running"]


async def test_of_two_services_one_keeps_planning_and_the_other_stands_by(
    job: PlanningJob,
) -> None:
    other = another(job)
    await job.run("start")
    with pytest.raises(StandByError) as told:
        await other.run("schedule")
    assert other.log.last_finished_at is not None
    wait = told.value.until - other.log.last_finished_at
    assert timedelta(minutes=60) < wait < timedelta(minutes=67)
    assert (await job.run("schedule")).last_outcome == "ok"
    assert (await other.run("button")).last_outcome == "ok"
    with pytest.raises(StandByError):
        await job.run("schedule")


async def test_the_other_service_takes_over_when_the_plan_is_overdue(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = another(job)
    await job.run("start")
    assert job.log.last_finished_at is not None
    later = job.log.last_finished_at + timedelta(minutes=66)
    monkeypatch.setattr("app.plans.job.now", lambda: later)
    assert (await other.run("schedule")).last_outcome == "ok"


async def test_a_cancelled_run_says_so_and_can_be_followed_by_another(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def hangs(*_: Any, **__: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("app.gather.inputs.gather_prices", hangs)
        task = asyncio.create_task(job.run("button"))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (job.log.running, job.log.last_outcome) == (False, "failed")
    assert (await job.run("button")).last_outcome == "ok"
    assert [status for _, status in await runs(job)] == ["aborted", "ok"]


async def test_a_database_lost_during_the_run_leaves_the_plan_and_the_next_run_tidies_up(
    job: PlanningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("the database is out of reach")

    with monkeypatch.context() as patch:
        patch.setattr(plans, "publish", away)
        patch.setattr(plans, "finish_run", away)
        assert (await job.run("button")).last_outcome == "failed"
    assert (await job.run("button")).last_outcome == "ok"
    assert [status for _, status in await runs(job)] == ["aborted", "ok"]
