"""Two services on one database, and a database that is emptied behind a running one."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.db.connection import migrate
from tests.api.test_service import first_outcome, offline, running


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.schedule.LOOK_SECONDS", 0.05)


async def heard(app: FastAPI) -> str:
    """The next event a page of this service gets."""
    async with asyncio.timeout(120):
        async for event in app.state.services.events.subscribe():
            return str(event)
    raise AssertionError


async def test_pages_of_a_standing_by_service_hear_of_the_others_plan(
    tmp_path: Path, database_url: str
) -> None:
    settings = offline(tmp_path, demo=True, database=database_url)
    async with running(settings) as (_, first):
        await first_outcome(first)
        async with running(settings) as (app, second):
            await first_outcome(second)
            page = asyncio.create_task(heard(app))
            made = await first.post("/api/run_planner")
            assert made.json()["last_outcome"] == "ok"
            assert await page == "plan"
            shown = [(await each.get("/api/schedule")).json() for each in (first, second)]
            assert shown[0] == shown[1]


@pytest.mark.parametrize("scheduler", [True, False], ids=["scheduler", "no scheduler"])
async def test_a_database_recreated_empty_is_migrated_again_without_a_restart(
    tmp_path: Path, database_url: str, *, scheduler: bool
) -> None:
    settings = offline(tmp_path, demo=True, database=database_url)
    automation = settings.automation.model_copy(update={"enable_scheduler": scheduler})
    settings = settings.model_copy(update={"automation": automation})
    async with running(settings) as (app, client):
        if scheduler:
            await first_outcome(client)
        services = app.state.services
        async with asyncio.timeout(120):
            while not services.job.log.migrated:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await client.post("/api/run_planner")
            await migrate.downgrade(services.job.engine, "base")
            while await migrate.current_revision(services.job.engine) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            while not services.job.log.migrated:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            if not scheduler:
                await client.post("/api/run_planner")
            while (await client.get("/api/schedule")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (await client.get("/api/schedule")).json()["meta"]["plan_run_id"] == 1
