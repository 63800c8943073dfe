"""The plan is kept, and yet nobody is ever given one that the database no longer has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.db import plans
from app.db.alerts import Alert
from app.db.connection.engine import session_scope
from app.db.plan_stamp import Stamp
from app.db.tables.models import CurrentSlot, PlanPointer
from app.service import plan_cache
from app.service.schemas.plan import ScheduleOut, SlotOut
from tests.api.test_manual import planned
from tests.api.test_service import first_outcome, offline, running

PATHS = ("/api/schedule", "/api/db/current_schedule")


@asynccontextmanager
async def writing(app: FastAPI) -> AsyncIterator[AsyncSession]:
    """A transaction that the service knows nothing of."""
    async with session_scope(app.state.services.job.sources.sessions, writes=True) as session:
        yield session


async def asked(client: httpx.AsyncClient, known: httpx.Response) -> httpx.Response:
    """What a client is told that has an answer already."""
    tag = {"If-None-Match": known.headers["ETag"]}
    return await client.get(known.request.url.path, headers=tag)


class Counted:
    """A function that counts its calls, and fails while ``fault`` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.real = getattr(owner, name)
        self.calls = 0
        self.fault: Exception | None = None
        monkeypatch.setattr(owner, name, self)

    async def __call__(self, *given: Any) -> Any:
        self.calls += 1
        if self.fault is not None:
            await asyncio.sleep(0.01)
            raise self.fault
        return await self.real(*given)


@pytest.mark.parametrize("path", PATHS)
async def test_a_plan_of_another_process_is_served_at_once(
    tmp_path: Path, fresh_url: str, path: str
) -> None:
    settings = offline(tmp_path, demo=True, database=fresh_url)
    async with planned(tmp_path, fresh_url) as (_, here), running(settings) as (_, there):
        await first_outcome(there)
        for _ in range(3):
            known = await here.get(path)
            assert (await asked(here, known)).status_code == 304
            made = await there.post("/api/run_planner")
            assert made.json()["last_outcome"] == "ok"
            now = await asked(here, known)
            assert now.status_code == 200
            assert now.content == (await there.get(path)).content


async def test_a_withdrawal_by_another_process_is_served_at_once(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        known = [await client.get(path) for path in PATHS]
        async with writing(app) as session:
            run_id = known[0].json()["meta"]["plan_run_id"]
            assert await plans.withdraw(session, run_id, now=clock.now()) > 0
        for each in known:
            now = await asked(client, each)
            assert now.status_code == 200
            assert now.headers["ETag"] != each.headers["ETag"]
        rows = now.json()
        assert rows[-1]["valid_until"] == rows[-1]["slot_start"]


async def test_rows_that_are_gone_are_not_served(tmp_path: Path, fresh_url: str) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        known = await client.get("/api/schedule")
        rows = known.json()["schedule"]
        async with writing(app) as session:
            first = (await plans.current(session))[0].slot_start
            await session.execute(delete(CurrentSlot).where(CurrentSlot.slot_start == first))
        assert (await asked(client, known)).json()["schedule"] == rows[1:]
        async with writing(app) as session:
            await session.execute(delete(CurrentSlot))
        for path in PATHS:
            assert (await client.get(path)).json()["code"] == "no_plan_yet"
        assert (await client.get("/api/status")).json()["state"] == "none"


async def test_a_restored_backup_is_served_though_its_generation_is_the_same(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        first = await client.get("/api/schedule")
        async with writing(app) as session:
            backup = [
                {name: getattr(row, name) for name in CurrentSlot.__table__.columns.keys()}  # noqa: SIM118
                for row in await plans.current(session)
            ]
        await client.post("/api/run_planner")
        second = await client.get("/api/schedule")
        async with writing(app) as session:
            await session.execute(delete(CurrentSlot))
            await session.execute(CurrentSlot.__table__.insert(), backup)
            run_id = first.json()["meta"]["plan_run_id"]
            await session.execute(update(PlanPointer).values(plan_run_id=run_id))
        assert (await asked(client, second)).content == first.content


async def test_the_bytes_are_those_of_the_response_model(tmp_path: Path, fresh_url: str) -> None:
    plain = FastAPI()
    async with planned(tmp_path, fresh_url) as (app, client):

        @plain.get("/api/schedule")
        async def schedule() -> ScheduleOut:
            return await app.state.services.plan()  # type: ignore[no-any-return]

        @plain.get("/api/db/current_schedule")
        async def rows() -> Sequence[SlotOut]:
            return (await schedule()).schedule

        transport = httpx.ASGITransport(app=plain)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as other:
            for path in PATHS:
                sent, modelled = await client.get(path), await other.get(path)
                assert sent.content == modelled.content
                for name in ("Content-Type", "Content-Length"):
                    assert sent.headers[name] == modelled.headers[name]


async def test_many_at_once_share_two_questions_and_no_plan_is_built_twice(
    tmp_path: Path, fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        app.state.services.scheduler.pause()
        await client.get("/api/schedule")
        stamps = Counted(monkeypatch, plan_cache, "plan_stamp")
        rows = Counted(monkeypatch, plans, "current")
        answers = await asyncio.gather(*(client.get("/api/schedule") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert 1 <= stamps.calls <= 4
        assert rows.calls == 0
        await client.post("/api/run_planner")
        rows.calls = 0
        await asyncio.gather(*(client.get("/api/schedule") for _ in range(50)))
        assert rows.calls == 0, "the run itself has read its plan"


async def test_who_asks_while_plans_are_published_never_gets_an_older_one_than_was_there(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        ended = asyncio.Event()

        async def in_database() -> int:
            async with session_scope(app.state.services.job.sources.sessions) as session:
                run = await plans.latest_run(session)
            assert run is not None
            return run.id

        async def ask() -> int:
            count = 0
            while not ended.is_set():
                least = await in_database()
                meta = (await client.get("/api/schedule")).json()["meta"]
                assert meta["plan_run_id"] >= least
                count += 1
            return count

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        for _ in range(3):
            assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"
        ended.set()
        assert min(await asyncio.gather(*asking)) > 0


async def test_while_the_database_is_away_the_last_plan_stands_and_it_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned(tmp_path) as (app, client):
        app.state.services.scheduler.pause()
        known = await client.get("/api/schedule")
        stamps = Counted(monkeypatch, plan_cache, "plan_stamp")
        stamps.fault = DatabaseUnavailableError("the database did not answer in time")
        answers = await asyncio.gather(*(client.get("/api/schedule") for _ in range(50)))
        assert {answer.content for answer in answers} == {known.content}
        assert stamps.calls <= 2
        assert (await asked(client, known)).status_code == 304
        status = (await client.get("/api/status")).json()
        assert status["database_error"] == "the database did not answer in time"
        assert "Database away" in (await client.get("/")).text
        async with writing(app) as session:
            await session.execute(delete(CurrentSlot))
        assert (await client.get("/api/schedule")).status_code == 200
        stamps.fault = None
        assert (await client.get("/api/schedule")).status_code == 404
        assert (await client.get("/api/status")).json()["database_error"] == ""
        stamps.fault = DatabaseUnavailableError("away again")
        assert (await client.get("/api/schedule")).status_code == 404, "the last seen was none"


async def test_a_plan_not_to_be_followed_while_the_database_is_away_says_so_in_bytes_and_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned(tmp_path) as (app, client):
        services = app.state.services
        services.scheduler.pause()
        known = [await client.get(path) for path in PATHS]
        stamps = Counted(monkeypatch, plan_cache, "plan_stamp")
        stamps.fault = DatabaseUnavailableError("the database did not answer in time")
        down = Alert("database_away", "critical", "gone", clock.now())
        monkeypatch.setattr(type(services.alerts), "withdrawing", [down])
        document = await services.plan_document()
        assert await services.plan_document() is document, "made once a slot"
        for each in known:
            now = await asked(client, each)
            assert now.status_code == 200
            last = (now.json()["schedule"] if "meta" in now.text else now.json())[-1]
            assert last["valid_until"] == last["slot_start"]
        stamps.fault = None
        assert [(await asked(client, each)).status_code for each in known] == [304, 304]


async def test_a_reading_holds_up_the_stop_so_that_no_connection_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    real = plan_cache.plan_stamp

    async def slow(session: AsyncSession) -> Stamp | None:
        begun.set()
        await go_on.wait()
        return await real(session)

    async with planned(tmp_path) as (app, client):
        services = app.state.services
        services.scheduler.pause()
        monkeypatch.setattr(plan_cache, "plan_stamp", slow)
        request = asyncio.create_task(client.get("/api/schedule"))
        await begun.wait()
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        settling = asyncio.create_task(services.settle())
        await asyncio.sleep(0)
        assert not settling.done()
        go_on.set()
        await settling
        assert services.at_work == set()
