"""Planning runs through the running service: listed, read, compared, explained, replayed."""

import asyncio
import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.api.history import run_desk
from app.db import plans
from app.db.connection.engine import session_scope
from app.db.tables.models import HistorySlot, PlanRun
from app.plans import replay as replaying
from app.service.schemas.explain import ExplanationOut
from app.service.schemas.runs import DiffOut, ReplayOut, RunOut, RunsOut
from app.settings import Settings, redacted
from tests.api.test_manual import action, create, planned, replanned, slot, whole_database
from tests.api.test_service import NOWHERE, first_outcome, offline, running
from tests.db.publishing import run_start

PROBLEM = "application/problem+json"


async def newest(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await client.get("/api/runs?limit=1")).json()["runs"][0])


async def slots_of(client: httpx.AsyncClient, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plan = (await client.get(f"/api/runs/{run['id']}/schedule")).json()
    return {row["slot_start"]: row for row in plan["schedule"]}


async def in_database(app: FastAPI, run_id: int, **values: Any) -> None:
    async with session_scope(app.state.services.job.sources.sessions) as session:
        await session.execute(update(PlanRun).where(PlanRun.id == run_id).values(**values))


async def stored_inputs(app: FastAPI, run_id: int) -> dict[str, Any]:
    async with session_scope(app.state.services.job.sources.sessions) as session:
        run = await plans.run_by_id(session, run_id)
    assert run is not None
    assert run.inputs is not None
    return dict(json.loads(run.inputs))


async def test_runs_are_listed_newest_first_paged_and_narrowed_down(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        for _ in range(3):
            assert (await client.post("/api/run_planner")).status_code == 200
        listed = RunsOut.model_validate((await client.get("/api/runs?limit=3")).json())
        ids = [run.id for run in listed.runs]
        assert ids == sorted(ids, reverse=True)
        assert listed.next_before_id == ids[-1]
        rest = (await client.get(f"/api/runs?limit=3&before_id={ids[-1]}")).json()
        assert [run["trigger"] for run in rest["runs"]] == ["start"]
        assert rest["next_before_id"] is None
        starts = (await client.get("/api/runs?trigger=start")).json()["runs"]
        assert [run["id"] for run in starts] == [rest["runs"][0]["id"]]
        await in_database(app, ids[1], status="failed", error="no price", cost=None)
        failed = (await client.get("/api/runs?status=failed")).json()["runs"]
        assert [(run["id"], run["error"], run["figures"]) for run in failed] == [
            (ids[1], "no price", None)
        ]
        one = RunOut.model_validate((await client.get(f"/api/runs/{ids[0]}")).json())
        assert one == listed.runs[0]
        assert one.figures is not None
        assert {each.name for each in one.inputs} >= {"prices", "pv", "load", "soc"}
        assert one.replayable


async def test_an_inputs_age_is_that_at_planning(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        planned_at = datetime.fromisoformat(run["planned_at"])
        old = {"name": "pv", "source": "x", "quality": "cached", "detail": ""}
        issued = (planned_at - timedelta(hours=2)).isoformat()
        statuses = [old | {"issued_at": issued}, old | {"issued_at": None}]
        await in_database(app, run["id"], input_status=statuses)
        read = (await client.get(f"/api/runs/{run['id']}")).json()["inputs"]
        assert [each["age_seconds"] for each in read] == [7200.0, None]


async def test_a_plan_is_read_by_its_run_and_not_sent_twice(tmp_path: Path, fresh_url: str) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        first = (await client.get("/api/schedule")).json()
        await client.post("/api/run_planner")
        url = f"/api/runs/{first['meta']['plan_run_id']}/schedule"
        answer = await client.get(url)
        assert answer.json() == first
        assert answer.headers["Cache-Control"] == "private, no-cache"
        tag = answer.headers["ETag"]
        for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await client.get(url, headers={"If-None-Match": given})
            assert (again.status_code, again.content) == (304, b""), given
            assert again.headers["ETag"] == tag
        assert (await client.get(url, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_diff_tells_slots_in_words_and_money_and_the_inputs(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        first = await newest(client)
        await create(client, action(4, 8, "charge", target_soc_percent=95))
        await replanned(app, client)
        second = await newest(client)
        url = f"/api/runs/{first['id']}/diff/{second['id']}"
        found = DiffOut.model_validate((await client.get(url)).json())
        manual = [each for each in found.changes if each.after.is_manual]
        assert manual[0].start.isoformat().replace("+00:00", "Z") == slot(4)
        assert sum(each.slots for each in manual) == 4
        assert "(manual) instead of" in manual[0].text
        assert found.inputs is not None
        assert [(each.name, each.before, each.after) for each in found.inputs.state][:1] == [
            ("manual_slots", 0, 4)
        ]
        before, after = [await slots_of(client, run) for run in (first, second)]
        common = before.keys() & after.keys()
        money = sum(after[at]["planned_cost"] - before[at]["planned_cost"] for at in common)
        assert found.cost_difference == pytest.approx(money)
        changed = sum(each.slots for each in found.changes)
        words = sum(before[at]["classification"] != after[at]["classification"] for at in common)
        assert words <= changed <= len(common)
        ranges = [(each.start, each.end) for each in found.changes]
        assert ranges == sorted(ranges)
        assert all(one[1] <= two[0] for one, two in pairwise(ranges))

        back = DiffOut.model_validate(
            (await client.get(f"/api/runs/{second['id']}/diff/{first['id']}")).json()
        )
        assert back.cost_difference == pytest.approx(-money)
        same = (await client.get(f"/api/runs/{first['id']}/diff/{first['id']}")).json()
        assert (same["changes"], same["inputs"]) == (
            [],
            {"series": [], "state": [], "settings": []},
        )
        assert same["text"].endswith("Different inputs: none.")


async def test_a_diff_names_changed_settings_and_series_but_never_secrets(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        await client.post("/api/run_planner")
        second, first = (await client.get("/api/runs?limit=2")).json()["runs"]
        stored = await stored_inputs(app, second["id"])
        stored["settings"]["battery"]["wear_cost_per_kwh"] = 0.35
        stored["settings"]["home_assistant"] |= {"url": "http://ha:8123", "token": "hunter2"}
        stored["settings"]["database"] = {"url": "mariadb://u:hunter2@db/darkstar"}
        stored["settings"]["mqtt"] = {"url": "mqtt://u:hunter2@broker"}
        for row in stored["slots"][5:8]:
            row["load_kwh"] += 0.5
        await in_database(app, second["id"], inputs=json.dumps(stored))
        answer = await client.get(f"/api/runs/{first['id']}/diff/{second['id']}")
        assert "hunter2" not in answer.text
        assert "***" not in answer.text
        inputs = answer.json()["inputs"]
        assert inputs["settings"] == [
            {"name": "battery.wear_cost_per_kwh", "before": 0.2, "after": 0.35},
            {"name": "home_assistant.url", "before": None, "after": "http://ha:8123"},
        ]
        (load,) = [each for each in inputs["series"] if each["name"] == "load"]
        assert load["changed_slots"] == 3
        assert load["after"] - load["before"] == pytest.approx(1.5)
        assert load["most_after"] - load["most_before"] == pytest.approx(0.5)

        await in_database(app, first["id"], inputs=None)
        lost = (await client.get(f"/api/runs/{first['id']}/diff/{second['id']}")).json()
        assert lost["inputs"] is None
        assert f"run {first['id']} stored no inputs" in lost["inputs_unknown"]


async def test_a_diff_tells_until_when_the_heater_was_on(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        await client.post("/api/run_planner")
        second, first = (await client.get("/api/runs?limit=2")).json()["runs"]
        for run, until in ((first, None), (second, slot(2))):
            stored = await stored_inputs(app, run["id"])
            stored["home"]["running_water_until"] = until
            await in_database(app, run["id"], inputs=json.dumps(stored))
        answer = await client.get(f"/api/runs/{first['id']}/diff/{second['id']}")
        page = await client.get(f"/history/diff?from={first['id']}&to={second['id']}")
    assert answer.status_code == 200, answer.text
    known = {"name": "running_water_until", "before": None, "after": slot(2)}
    assert known in answer.json()["inputs"]["state"]
    assert page.status_code == 200
    assert "heater runs until" in page.text


async def test_every_slot_is_explained_with_its_rule_parts_and_alternatives(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        plan = (await client.get("/api/schedule")).json()
        run_id = plan["meta"]["plan_run_id"]
        for row in plan["schedule"][::7]:
            query = {"at": row["slot_start"]}
            answer = await client.get("/api/explain", params=query)
            found = ExplanationOut.model_validate(answer.json())
            assert found.text == row["reason_text"]
            assert found.slot.slot_start == datetime.fromisoformat(row["slot_start"])
            assert found.price is not None, found.notes
            parts = found.price.import_parts.model_dump().values()
            assert sum(parts) == pytest.approx(row["import_price_per_kwh"])
            gains = [each.gain_per_kwh for each in found.alternatives]
            assert gains == sorted(gains, reverse=True)
            assert [each.action for each in found.alternatives if each.is_planned] == [
                row["classification"]
            ]
            assert not found.rule.startswith("A rule of another version")
            of_run = await client.get(f"/api/runs/{run_id}/explain", params=query)
            assert of_run.json() == answer.json()
        assert (await client.get("/api/explain")).status_code == 200


async def test_a_price_that_was_published_anew_is_not_passed_off_as_the_planned_one(
    tmp_path: Path,
) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        stored = await stored_inputs(app, run["id"])
        stored["settings"]["pricing"]["grid_transfer_fee_per_kwh"] = 0.9
        await in_database(app, run["id"], inputs=json.dumps(stored))
        found = (await client.get("/api/explain")).json()
        assert found["price"] is None
        assert "parts are not known" in found["notes"][0]
        await in_database(app, run["id"], inputs=None)
        found = (await client.get("/api/explain")).json()
        assert (found["price"], found["alternatives"]) == (None, [])


SECRETS = ("hunter2", "hook-secret", "topic-secret", "ha-token")


def with_secrets(tmp_path: Path) -> Settings:
    """A demo home that talks to a broker, a webhook, an ntfy topic, and guards its own door."""
    more = {
        "mqtt": {"url": "mqtt://darkstar:hunter2@127.0.0.1:1"},
        "alerts": {
            "webhook": {"url": "http://127.0.0.1:1/hook-secret", "token": "hook-secret"},
            "ntfy": {"topic_url": "http://127.0.0.1:1/topic-secret", "token": "topic-secret"},
        },
        "home_assistant": {"token": "ha-token"},
        "tibber": {"token": "hunter2"},
        "entsoe": {"base_url": NOWHERE, "token": "hunter2"},
        "prices": {"providers": ["nordpool", "entsoe"]},
    }
    plain = offline(tmp_path, demo=True).model_dump(mode="json", exclude={"database"})
    return Settings.model_validate(plain | more)


async def read_everywhere(client: httpx.AsyncClient, runs: list[int]) -> dict[str, str]:
    """Every answer that is made from what a run stored, by its address."""
    one, other = runs
    reads = (
        "/api/best_time?kwh=1&hours=1",
        "/api/best_time.ics?kwh=1&hours=1",
        "/api/debug",
        f"/api/runs/{one}/explain",
        f"/api/runs/{one}/diff/{other}",
    )
    found = {path: await client.get(path) for path in reads}
    found["replay"] = await client.post(f"/api/runs/{one}/replay")
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(found, 200)
    assert found["replay"].json()["identical"], found["replay"].text
    assert found[reads[-1]].json()["inputs"] is not None
    return {path: answer.text for path, answer in found.items()}


async def test_runs_of_a_home_with_secrets_are_readable_and_hold_none(tmp_path: Path) -> None:
    settings = with_secrets(tmp_path)
    async with running(settings) as (app, client):
        await first_outcome(client)
        await client.post("/api/run_planner")
        ids = [run["id"] for run in (await client.get("/api/runs?limit=2")).json()["runs"]]
        said = list((await read_everywhere(client, ids)).values())
        for run in ids:
            stored = await stored_inputs(app, run)
            said.append(json.dumps(stored))
            # As versions before stored it: everything, masked.
            old = stored | {"settings": redacted(settings)}
            assert old["settings"]["mqtt"]["url"] == "**********"
            await in_database(app, run, inputs=json.dumps(old))
        assert not [secret for secret in SECRETS if secret in "".join(said)]
        await read_everywhere(client, ids)


@pytest.mark.parametrize("path", ["/api/explain", "/api/runs/1/explain"])
@pytest.mark.parametrize(
    ("at", "status", "code"),
    [
        ("2001-01-01T00:00:00Z", 404, "no_slot_there"),
        ("0001-01-01T00:00:00+14:00", 422, "request_invalid"),
        ("2026-11-23T03:00:00", 422, "request_invalid"),
        ("tomorrow", 422, "request_invalid"),
    ],
)
async def test_an_instant_outside_the_plan_is_said(
    tmp_path: Path, path: str, at: str, status: int, code: str
) -> None:
    async with planned(tmp_path) as (_, client):
        answer = await client.get(path, params={"at": at})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Content-Type"] == PROBLEM


async def test_a_replay_gives_the_same_plan_to_the_last_bit_and_writes_nothing(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        await create(client, action(4, 8, "hold"), action(9, 11, "water"))
        await replanned(app, client)
        before = await whole_database(app)
        for run in (await client.get("/api/runs")).json()["runs"]:
            answer = await client.post(f"/api/runs/{run['id']}/replay")
            found = ReplayOut.model_validate(answer.json())
            assert found.identical, found.text
            assert found.slots > 0
        assert await whole_database(app) == before


async def test_a_replay_names_every_field_that_differs(tmp_path: Path, fresh_url: str) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        run = await newest(client)
        row = (await client.get(f"/api/runs/{run['id']}/schedule")).json()["schedule"][3]
        await in_database(app, run["id"], cost=run["figures"]["cost"] + 1e-9)
        async with session_scope(app.state.services.job.sources.sessions) as session:
            await session.execute(
                update(HistorySlot)
                .where(HistorySlot.slot_start == datetime.fromisoformat(row["slot_start"]))
                .values(soc_target=row["soc_target"] / 2, reason="hold_full")
            )
        found = (await client.post(f"/api/runs/{run['id']}/replay")).json()
        assert found["identical"] is False
        assert {each["field"]: each["slots"] for each in found["fields"]} == {
            "soc_target": 1,
            "reason": 1,
        }
        target = next(each for each in found["fields"] if each["field"] == "soc_target")
        assert target["first_at"] == row["slot_start"]
        assert target["most"] == pytest.approx(row["soc_target"] / 2)
        assert (target["stored"], target["replayed"]) == (
            row["soc_target"] / 2,
            row["soc_target"],
        )
        assert [each["field"] for each in found["figures"]] == ["cost"]
        assert "differs in soc_target, reason and cost" in found["text"]


async def test_one_replay_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, entered, going = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    real = replaying.compare

    def slow(*run: Any) -> Any:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(going.wait(), loop).result(10)
        return real(*run)

    monkeypatch.setattr(run_desk, "compare", slow)
    async with planned(tmp_path) as (_, client):
        run = await newest(client)
        url = f"/api/runs/{run['id']}/replay"
        first = asyncio.create_task(client.post(url))
        await entered.wait()
        second = await client.post(url)
        going.set()
        assert (second.status_code, second.json()["code"]) == (409, "replay_in_progress")
        assert (await first).json()["identical"] is True


async def test_a_run_that_planned_nothing_has_no_plan_and_no_replay(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        async with session_scope(app.state.services.job.sources.sessions) as session:
            failed = await plans.start_run(
                session,
                run_start(datetime.fromisoformat(run["planned_at"])),
            )
        for method, path in (
            ("GET", f"/api/runs/{failed}/schedule"),
            ("GET", f"/api/runs/{failed}/explain"),
            ("GET", f"/api/runs/{failed}/diff/{run['id']}"),
            ("POST", f"/api/runs/{failed}/replay"),
        ):
            answer = await client.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "run_without_plan"), path
        assert (await client.get(f"/api/runs/{failed}")).json()["status"] == "running"
        await in_database(app, run["id"], inputs=None)
        answer = await client.post(f"/api/runs/{run['id']}/replay")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_replayable")


PATHS = [
    ("GET", "/api/runs/{}"),
    ("GET", "/api/runs/{}/schedule"),
    ("GET", "/api/runs/{}/explain"),
    ("GET", "/api/runs/{}/diff/1"),
    ("GET", "/api/runs/1/diff/{}"),
    ("POST", "/api/runs/{}/replay"),
]


async def test_unknown_runs_and_numbers_beyond_the_database_are_problems(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        for method, path in PATHS:
            for given, status in ((2**63 - 1, 404), (2**63, 422), (0, 422), ("x", 422)):
                answer = await client.request(method, path.format(given))
                assert answer.status_code == status, (path, given, answer.text)
                assert answer.headers["Content-Type"] == PROBLEM
        for query in ("limit=0", "limit=201", f"before_id={2**63}", "before_id=-1"):
            assert (await client.get(f"/api/runs?{query}")).status_code == 422, query
