"""Events and entity tags: told when something changes, and not sent again what has not."""

import asyncio
import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from app.db.connection.engine import session_scope
from app.db.tables.models import CurrentSlot
from app.service.events import MAX_STREAMS, Broadcaster, TooManyStreamsError
from tests.api.test_manual import planned
from tests.api.test_service import offline, running
from tests.api.test_stop import serving
from tests.fakes import FakeUpstreams


def test_a_run_is_told_to_whoever_listens(tmp_path: Path) -> None:
    heard: list[str] = []
    with (
        FakeUpstreams() as fakes,
        serving(tmp_path, fakes.environment() | {"DARKSTAR_DEMO_HOME": "true"}) as (_, url),
        httpx.stream("GET", f"{url}/api/events", timeout=30) as stream,
    ):
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        # The first run may be on already, and two at once are refused.
        asking = threading.Thread(target=lambda: httpx.post(f"{url}/api/run_planner", timeout=30))
        asking.start()
        for line in stream.iter_lines():
            if line.startswith("event: "):
                heard.append(line.removeprefix("event: "))
            if {"plan", "state"} <= set(heard) and line.startswith("data: "):
                assert f'"event":"{heard[-1]}"' in line
                break
        asking.join(30)
    assert set(heard) <= {"plan", "state", "prices"}


async def test_streams_are_bounded_and_given_back(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        events = app.state.services.events
        with ExitStack() as held:
            for _ in range(MAX_STREAMS):
                held.enter_context(events.seat())
            for path in ("/api/events", "/ui/events"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
        with events.seat():
            pass


def test_a_seat_is_given_back_after_a_failure() -> None:
    events = Broadcaster()
    for _ in range(MAX_STREAMS + 1):
        with pytest.raises(ZeroDivisionError), events.seat():
            raise ZeroDivisionError
    with ExitStack() as held:
        for _ in range(MAX_STREAMS):
            held.enter_context(events.seat())
        with pytest.raises(TooManyStreamsError), events.seat():
            pytest.fail("one too many")


async def test_alerts_are_told_when_there_is_no_plan_and_when_the_database_goes_and_comes() -> None:
    events = Broadcaster()
    told: list[str] = []
    listening = events.subscribe()
    task = asyncio.ensure_future(anext(listening))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    events.run_ended("ok")
    events.run_ended("failed")
    events.database_is(up=True)
    events.database_is(up=False)
    events.database_is(up=False)
    events.database_is(up=True)
    events.close()
    told.append(await task)
    told += [name async for name in listening]
    assert told == [
        *("plan", "state"),
        *("plan", "state", "alert"),
        *("state", "alert"),
        *("state", "alert"),
    ]


@pytest.mark.parametrize("path", ["/api/schedule", "/api/db/current_schedule"])
async def test_a_plan_is_sent_once_and_again_when_it_changes(
    tmp_path: Path, fresh_url: str, path: str
) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        first = await client.get(path)
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = await client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (
            tag,
            "private, no-cache",
        )
        await client.post("/api/run_planner")
        changed = await client.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != tag
        other = {"/api/schedule", "/api/db/current_schedule"} - {path}
        assert (await client.get(other.pop())).headers["ETag"] != changed.headers["ETag"]


async def test_a_withdrawn_plan_is_sent_again(tmp_path: Path) -> None:
    """Whoever has the plan must learn that it is valid no more."""
    async with planned(tmp_path) as (app, client):
        tag = (await client.get("/api/schedule")).headers["ETag"]
        async with session_scope(app.state.services.job.sources.sessions, writes=True) as session:
            await session.execute(update(CurrentSlot).values(valid_until=CurrentSlot.slot_start))
        again = await client.get("/api/schedule", headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert again.headers["ETag"] != tag
        rows = again.json()["schedule"]
        assert all(row["valid_until"] == row["slot_start"] for row in rows)


async def test_without_a_plan_there_is_no_tag(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        for path in ("/api/schedule", "/api/db/current_schedule"):
            answer = await client.get(path, headers={"If-None-Match": "*"})
            assert answer.status_code == 404
            assert "ETag" not in answer.headers


async def test_who_comes_while_the_service_stops_is_not_kept_waiting() -> None:
    events = Broadcaster()
    events.close()
    assert [name async for name in events.subscribe()] == []
