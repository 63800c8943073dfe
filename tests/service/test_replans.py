"""A change that comes while a plan is made gets a plan of its own; a burst of them gets one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.core import clock
from app.core.errors import DatabaseUnavailableError, RunInProgressError
from app.db.connection import lock
from app.service.replans import Replans, retry_pause
from tests.api.test_manual import action, create, planned


async def test_a_change_during_a_run_is_planned_after_it() -> None:
    scheduler, replans, runs = AsyncIOScheduler(), Replans(), list[str]()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(trigger: str) -> None:
        runs.append(trigger)
        begun.set()
        await go_on.wait()

    scheduler.start()
    try:
        replans.ask("manual", run, scheduler)
        await begun.wait()
        for _ in range(5):
            replans.ask("manual", run, scheduler)
        go_on.set()
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0)
        assert runs == ["manual", "manual"]
        replans.ask("settings", run, scheduler)
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0)
        assert runs[2:] == ["settings"]
    finally:
        scheduler.shutdown(wait=False)


async def test_it_waits_for_the_run_of_somebody_else() -> None:
    scheduler, replans, tries = AsyncIOScheduler(), Replans(), list[str]()

    async def run(trigger: str) -> None:
        tries.append(trigger)
        if len(tries) == 1:
            raise RunInProgressError("a run is on")

    scheduler.start()
    try:
        replans.ask("manual", run, scheduler)
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0.01)
        assert tries == ["manual", "manual"]
    finally:
        scheduler.shutdown(wait=False)


def test_a_run_that_published_nothing_is_repeated_until_one_does() -> None:
    scheduler, replans, asked = AsyncIOScheduler(), Replans(), list[str]()

    def ended(trigger: str, outcome: str) -> None:
        replans.ended(
            trigger,
            outcome,
            owed=set(replans.failed),
            again=asked.append,
            scheduler=scheduler,
            is_database=True,
        )

    ended("manual", "failed")
    ended("button", "held")
    ended("schedule", "failed")
    assert replans.failed == {"manual", "button"}, "the schedule repeats its own"
    job = scheduler.get_job("repeat")
    assert job.trigger.run_date - clock.now() <= timedelta(seconds=10)
    ended("schedule", "ok")
    assert replans.failed == set()
    replans.failed = {"manual"}
    replans.ended(
        "schedule",
        "ok",
        owed=set(),
        again=asked.append,
        scheduler=scheduler,
        is_database=False,
    )
    assert replans.failed == {"manual"}, "the run began before that one failed"


def test_a_database_is_tried_again_soon_and_other_peoples_servers_ever_more_rarely() -> None:
    database = [retry_pause(n, is_database=True).total_seconds() for n in range(8)]
    others = [retry_pause(n, is_database=False).total_seconds() for n in range(8)]
    assert (database, others) == ([10] * 8, [10, 20, 40, 80, 160, 320, 320, 320])
    assert retry_pause(10**6, is_database=False) == timedelta(seconds=320)


async def test_what_was_accepted_is_planned_when_the_database_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a button nor a manual action waits for the next hour."""
    monkeypatch.setattr("app.service.replans.RETRY_SECONDS", 0.2)
    away, real = {"button": 2, "manual": 2}, lock.planner_lock

    async with planned(tmp_path) as (app, client):
        services = app.state.services
        run, triggers = services.job.run, list[str]()

        async def noted(trigger: str) -> Any:
            triggers.append(trigger)
            return await run(trigger)

        @asynccontextmanager
        async def gone(engine: Any) -> AsyncIterator[None]:
            if away.get(triggers[-1], 0) > 0:
                away[triggers[-1]] -= 1
                raise DatabaseUnavailableError("the database does not answer")
            async with real(engine):
                yield

        monkeypatch.setattr(type(services.job), "run", lambda _, trigger: noted(trigger))
        monkeypatch.setattr(lock, "planner_lock", gone)
        answer = await client.post("/api/run_planner")
        assert answer.json()["last_outcome"] == "failed"
        await _in_force(client, "button")
        assert (await create(client, action(4, 8))).status_code == 201
        plan = await _in_force(client, "manual")
        assert any(row["is_manual"] for row in plan["schedule"])
        asked = [each for each in triggers if each in away]
        assert asked == ["button"] * 3 + ["manual"] * 3
        assert not services.replans.failed


async def _in_force(client: Any, trigger: str) -> Any:
    async with asyncio.timeout(120):
        while (plan := (await client.get("/api/schedule")).json())["meta"]["trigger"] != trigger:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return plan
