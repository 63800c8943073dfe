"""Manual actions through the running service: kept, planned around, previewed, taken back."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import iso_utc, now, slot_floor
from app.core.frames import SLOT, SLOT_HOURS
from app.db.connection.engine import session_scope
from app.db.tables.base import Base
from app.service.schemas.plan import ScheduleOut
from app.service.services import Services
from tests.api.test_service import first_outcome, offline, running

Client = httpx.AsyncClient


@asynccontextmanager
async def planned(
    tmp_path: Path, database: str | None = None
) -> AsyncIterator[tuple[FastAPI, Client]]:
    async with running(offline(tmp_path, demo=True, database=database)) as (app, client):
        await first_outcome(client)
        yield app, client


def slot(ahead: int) -> str:
    return iso_utc(slot_floor(now()) + SLOT * ahead)


def action(first: int, last: int, name: str = "charge", **more: Any) -> dict[str, Any]:
    return {"action": name, "start_at": slot(first), "end_at": slot(last), **more}


async def create(client: Client, *actions: dict[str, Any], **more: Any) -> httpx.Response:
    return await client.post("/api/manual_actions", json={"actions": list(actions), **more})


async def replanned(app: FastAPI, client: Client, trigger: str = "manual") -> dict[str, Any]:
    """Wait for the plan that a change brings about."""
    replans = app.state.services.replans
    for _ in range(600):
        busy = replans.is_on
        plan = (await client.get("/api/schedule")).json()
        running = (await client.get("/api/status")).json()["job"]["running"]
        if plan["meta"]["trigger"] == trigger and not busy and not running:
            return dict(plan)
        # The plan is answered from memory: without a pause 600 looks are over in a second.
        await asyncio.sleep(0.05)
    raise AssertionError(f"no plan by {trigger}")


async def whole_database(app: FastAPI) -> str:
    """A fingerprint of every row of every table."""
    digest = hashlib.sha256()
    async with session_scope(app.state.services.job.sources.sessions) as session:
        for table in Base.metadata.sorted_tables:
            for row in await session.execute(select(table).order_by(*table.primary_key)):
                digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


async def test_an_action_is_kept_planned_edited_and_taken_back(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        made = await create(client, action(4, 8, "hold", note="quiet please"))
        assert made.status_code == 201, made.text
        kept = made.json()["actions"][0]
        assert (kept["state"], kept["created_from"]) == ("ahead", "api 127.0.0.1")
        plan = await replanned(app, client)
        manual = [row for row in plan["schedule"] if row["is_manual"]]
        assert [row["slot_start"] for row in manual] == [slot(n) for n in range(4, 8)]
        assert all(row["discharge_kw"] == 0 for row in manual)
        # The sun may charge while the battery is held.
        assert all(row["charge_kw"] <= row["planned_pv_kwh"] / SLOT_HOURS + 1e-6 for row in manual)

        url = f"/api/manual_actions/{kept['id']}"
        read = await client.get(url)
        assert read.headers["ETag"] == f'"{kept["version"]}"'
        edited = await client.put(
            url, json=action(4, 6, "hold"), headers={"If-Match": read.headers["ETag"]}
        )
        assert edited.json()["actions"][0]["end_at"] == slot(6)
        late = await client.put(
            url, json=action(4, 7, "hold"), headers={"If-Match": read.headers["ETag"]}
        )
        assert (late.status_code, late.json()["code"]) == (412, "action_changed")

        gone = await client.delete(url)
        assert gone.json()["actions"][0]["state"] == "removed"
        assert (await client.delete(url)).status_code == 404
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        everything = (await client.get("/api/manual_actions?everything=true")).json()["actions"]
        assert [each["state"] for each in everything] == ["removed"]

        steps = (await client.get("/api/manual_actions/trail")).json()["steps"]
        assert [step["what"] for step in steps] == ["removed", "edited", "created"]
        assert steps[-1]["after"]["note"] == "quiet please"
        assert all(step["made_from"] == "api 127.0.0.1" for step in steps)


async def test_undo_brings_back_what_was_there(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        await create(client, action(4, 8), action(8, 10, "hold"))
        before = (await client.get("/api/manual_actions")).json()["actions"]
        await client.delete("/api/manual_actions")
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        await client.post("/api/manual_actions/undo")
        after = (await client.get("/api/manual_actions")).json()["actions"]
        assert after == before
        await client.post("/api/manual_actions/undo")  # the creation of both
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        nothing = await client.post("/api/manual_actions/undo")
        assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_undo")


async def test_an_overlap_is_refused_or_replaced_never_dropped(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        first = (await create(client, action(4, 8))).json()["actions"][0]
        refused = await create(client, action(7, 9, "hold"))
        assert refused.status_code == 409
        assert f"action {first['id']}" in refused.json()["detail"]
        both = await create(client, action(20, 24), action(23, 25, "hold"))
        assert both.status_code == 409, "two of one request"
        assert len((await client.get("/api/manual_actions")).json()["actions"]) == 1, "all or none"
        replaced = await create(client, action(7, 9, "hold"), replace=True)
        assert "taken back to make room" in replaced.json()["notices"][0]
        names = [
            each["action"] for each in (await client.get("/api/manual_actions")).json()["actions"]
        ]
        assert names == ["hold"]
        beside = await create(client, action(9, 10))
        assert beside.status_code == 201, "slots that touch do not overlap"


def off_edge() -> dict[str, Any]:
    begin = slot_floor(now()) + SLOT * 4 + timedelta(minutes=7)
    return {**action(4, 8), "start_at": iso_utc(begin)}


@pytest.mark.parametrize(
    ("wish", "field", "says"),
    [
        (off_edge, "start_at", "not on a quarter of an hour; write"),
        (lambda: {**action(4, 8), "end_at": slot(4)}, "end_at", "must be after"),
        (lambda: action(-8, -4), "end_at", "lies in the past"),
        (lambda: action(4, 96 * 20), "end_at", "days ahead"),
        (lambda: action(4, 8, "hold", power_kw=3), "power_kw", "takes none"),
        (lambda: action(4, 8, "water", target_soc_percent=50), "target_soc_percent", "takes none"),
        (lambda: action(4, 8, expires_at="2020-01-01T00:00:00Z"), "expires_at", "has passed"),
        (
            lambda: action(4, 8, "boil"),
            "body.actions.0.action",
            "'charge', 'water', 'hold' or 'export'",
        ),
        (lambda: action(4, 8, power_kw=0), "body.actions.0.power_kw", "greater than 0"),
        (
            lambda: {**action(4, 8), "start_at": "2026-01-01T00:00:00"},
            "body.actions.0.start_at",
            "timezone",
        ),
        (lambda: action(4, 8, note="x" * 201), "body.actions.0.note", "200"),
        (lambda: action(4, 8, unknown=1), "body.actions.0.unknown", "not permitted"),
    ],
)
async def test_a_wrong_action_is_refused_by_field_value_and_fix(
    tmp_path: Path, wish: Callable[[], dict[str, Any]], field: str, says: str
) -> None:
    settings = offline(tmp_path, demo=True)
    quiet = settings.automation.model_copy(update={"enable_scheduler": False})
    async with running(settings.model_copy(update={"automation": quiet})) as (app, client):
        await app.state.services.job.prepare()
        answer = await create(client, wish())
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["field"] for each in problem["errors"]] == [field]
    assert says in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"actions": [{"action": "charge", "power_kw": NaN}]}',
        b'{"actions": [{"action": "charge", "power_kw": 1e999}]}',
        b'{"actions": [{"action": "\\ud800"}]}',
        b'{"\\ud800": 1}',
        b'[{"start": "2026-01-01T00:00", "end": "9999-12-31T23:59", "content": "\\ud800"}]',
        b'[{"start": "0001-01-01T00:00+14:00", "end": "9999-12-31T23:59-14:00", "content":"Hold"}]',
        b"{",
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("path", ["/api/manual_actions", "/api/simulate", "/api/schedule/save"])
async def test_no_body_breaks_the_service(tmp_path: Path, path: str, body: bytes) -> None:
    settings = offline(tmp_path, demo=True)
    quiet = settings.automation.model_copy(update={"enable_scheduler": False})
    async with running(settings.model_copy(update={"automation": quiet})) as (app, client):
        await app.state.services.job.prepare()
        answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["status"] == answer.status_code


async def test_what_waits_for_prices_says_so_and_what_has_begun_counts(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        far = (await create(client, action(4 * 24 * 5, 4 * 24 * 5 + 4))).json()
        assert "beyond the known prices" in far["notices"][0]
        begun = (await create(client, action(-2, 2, "hold"))).json()
        assert begun["actions"][0]["state"] == "running"
        assert "has passed" in begun["notices"][0]


async def test_a_preview_says_what_it_costs_and_writes_nothing(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        await create(client, action(12, 14, "hold"))
        await replanned(app, client)
        before = await whole_database(app)
        # Six hours of heat: no plan of the demo home, whatever the hour, has that by itself.
        wish = action(12, 36, "water")
        answer = await client.post("/api/simulate", json={"actions": [wish]})
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert await whole_database(app) == before
        assert shown["cost_difference"] == pytest.approx(shown["cost"] - shown["cost_without"])
        assert shown["cost_difference"] > 0, "heat that is not needed costs money"
        assert shown["changed_slots"] > 0
        assert "overlaps action" in shown["conflicts"][0]
        by_start = {row["slot_start"]: row for row in shown["schedule"]}
        assert all(by_start[slot(n)]["is_manual"] for n in range(12, 36))
        same = (await client.post("/api/simulate", json={"actions": []})).json()
        assert same["cost_difference"] == 0
        assert same["changed_slots"] == 0


async def test_the_originals_blocks_are_the_whole_set(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        await create(client, action(30, 34))
        zone = app.state.services.job.settings.zone

        def wall(ahead: int) -> str:
            local = (slot_floor(now()) + SLOT * ahead).astimezone(zone)
            return local.replace(tzinfo=None).isoformat()

        blocks = [
            {"start": wall(8), "end": wall(12), "content": "Water Heating", "id": "x", "group": 2},
            {"start": slot(12), "end": slot(14), "content": "Export"},
        ]
        shown = await client.post("/api/simulate", json=blocks)
        assert shown.status_code == 200, shown.text
        assert shown.json()["conflicts"] == []
        saved = await client.post("/api/schedule/save", json=blocks)
        assert [(each["action"], each["start_at"]) for each in saved.json()["actions"]] == [
            ("water", slot(8)),
            ("export", slot(12)),
        ]
        listed = (await client.get("/api/manual_actions")).json()["actions"]
        assert [each["action"] for each in listed] == ["water", "export"]
        wrong = await client.post("/api/schedule/save", json=[{**blocks[0], "content": "Party"}])
        assert wrong.status_code == 422
        assert "Water Heating" in wrong.json()["detail"]
        assert len((await client.get("/api/manual_actions")).json()["actions"]) == 2, "kept"


async def test_pages_of_actions_follow_each_other(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        await create(client, *(action(4 + n, 5 + n) for n in range(5)))
        first = (await client.get("/api/manual_actions?everything=true&limit=3")).json()
        second = (
            await client.get(
                f"/api/manual_actions?everything=true&limit=3&before_id={first['next_before_id']}"
            )
        ).json()
        ids = [each["id"] for each in first["actions"] + second["actions"]]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == 5
        assert second["next_before_id"] is None


async def test_a_change_during_the_replan_of_another_is_planned_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, told = asyncio.Event(), asyncio.Event()

    async def slow(_services: Services, _plan: ScheduleOut) -> None:
        begun.set()
        await told.wait()

    async with planned(tmp_path) as (_, client):
        monkeypatch.setattr(Services, "_export", slow)
        asked = [action(4, 6, "hold"), action(8, 10, "hold")]
        assert (await create(client, asked[0])).status_code == 201
        async with asyncio.timeout(120):
            await begun.wait()  # its plan is made, and the run has not ended
        assert (await create(client, asked[1])).status_code == 201
        told.set()
        wanted = {each["start_at"] for each in asked}
        async with asyncio.timeout(120):
            while True:
                rows = (await client.get("/api/schedule")).json()["schedule"]
                if wanted <= {row["slot_start"] for row in rows if row["is_manual"]}:
                    break
                await asyncio.sleep(0.05)
