"""The pages of planning runs: listed, narrowed down, compared, opened, replayed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.api.history import words as history_words
from app.api.history.trail_view import trails
from app.api.history.view import Asked, Found, history_view
from app.api.web.page_templates import templates
from app.core.clock import local_day
from app.db import plans, run_changes
from app.db.connection.engine import session_scope
from app.db.tables.models import HistorySlot
from tests.api.test_manual import action, create, planned, replanned
from tests.api.test_runs import in_database, newest, stored_inputs
from tests.api.test_service import offline, running
from tests.db.publishing import run_start

BROWSER = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


async def with_failed_run(app: FastAPI, at: datetime) -> int:
    """Add a run that came to nothing, after all others."""
    async with session_scope(app.state.services.job.sources.sessions) as session:
        failed = await plans.start_run(session, run_start(at))
    await in_database(app, failed, status="failed", error="no price for Friday")
    return failed


async def two_runs(
    app: FastAPI, client: httpx.AsyncClient
) -> tuple[dict[str, Any], dict[str, Any]]:
    first = await newest(client)
    await create(client, action(4, 8, "charge", target_soc_percent=95))
    await replanned(app, client)
    return [first, await newest(client)]


async def test_the_list_marks_the_run_in_force_and_says_what_each_changed(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        alone = (await client.get("/history")).text
        assert alone.count('<tr class="run') == 1
        # With a single plan there is nothing to compare.
        assert '<button class="primary">' not in alone
        first, second = await two_runs(app, client)
        failed = await with_failed_run(app, datetime.fromisoformat(second["planned_at"]))
        page = (await client.get("/history")).text
        assert page.count(">in force<") == 1
        row = page.index(f'id="run-{second["id"]}"')
        assert row < page.index(">in force<") < page.index(f'id="run-{first["id"]}"')
        assert f'name="from" value="{first["id"]}" checked' in page
        assert f'name="to" value="{second["id"]}" checked' in page
        assert f'value="{failed}"' not in page
        assert "No price for Friday." in page
        assert f"/history/diff?from={first['id']}&amp;to={second['id']}" in page
        assert "Charging asked for" in page


async def test_the_change_of_a_run_is_that_of_the_diff(tmp_path: Path, fresh_url: str) -> None:
    async with planned(tmp_path, fresh_url) as (app, client):
        first, second = await two_runs(app, client)
        diff = (await client.get(f"/api/runs/{first['id']}/diff/{second['id']}")).json()
        async with session_scope(app.state.services.job.sources.sessions) as session:
            pairs = await run_changes.published_before(session, [first["id"], second["id"]])
            found = (await run_changes.changes(session, pairs))[second["id"]]
        assert pairs == {second["id"]: first["id"]}
        assert found.slots == diff["common"]["slots"]
        assert found.changed_slots == sum(each["slots"] for each in diff["changes"]) > 0
        assert round(found.cost_difference, 9) == round(diff["cost_difference"], 9)


async def test_the_list_is_narrowed_down_and_paged(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        made = datetime.fromisoformat(run["planned_at"])
        for _ in range(27):
            await with_failed_run(app, made - timedelta(days=400))
        page = (await client.get("/history")).text
        assert page.count('<tr class="run') == 25
        assert "Older" in page
        older = (await client.get("/history?before=4")).text
        assert older.count('<tr class="run') == 3
        assert "Newest" in older
        assert (await client.get("/history?status=ok")).text.count('<tr class="run') == 1
        zone = app.state.services.job.settings.zone
        day = local_day(made - timedelta(days=400), zone).isoformat()
        assert (await client.get(f"/history?day={day}&status=ok")).text.count("No run fits") == 1
        assert (await client.get(f"/history?day={day}")).text.count('<tr class="run') == 25
        assert (await client.get("/history?trigger=&status=&day=")).status_code == 200


async def test_a_diff_says_in_words_and_money_what_changed_and_why(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        first, second = await two_runs(app, client)
        stored = await stored_inputs(app, second["id"])
        stored["settings"]["battery"]["wear_cost_per_kwh"] = 0.35
        for row in stored["slots"][5:8]:
            row["load_kwh"] += 0.5
        await in_database(app, second["id"], inputs=json.dumps(stored))
        page = await client.get(f"/history/diff?from={first['id']}&to={second['id']}")
        assert page.status_code == 200
        assert "are different" in page.text
        found = (await client.get(f"/api/runs/{first['id']}/diff/{second['id']}")).json()
        assert history_words.dearer(found["cost_difference"], "SEK") in page.text
        assert page.text.count("chip manual") >= 1
        assert "manual quarters" in page.text
        assert "consumption forecast" in page.text
        assert "3 quarters differ" in page.text
        assert "battery.wear_cost_per_kwh" in page.text
        assert "What a kWh drawn from the cells costs in ageing." in page.text
        # The newest and the one before are what an address without runs means.
        assert (await client.get("/history/diff")).text == page.text
        same = (await client.get(f"/history/diff?from={first['id']}&to={first['id']}")).text
        assert "Nothing changes in the" in same
        assert "were the same" in same


@pytest.mark.parametrize(
    ("difference", "words"),
    [(1.234, "costs 1.23 SEK more."), (-0.096, "costs 0.10 SEK less."), (0.004, "costs the same.")],
)
def test_what_the_later_plan_costs_is_said_either_way(difference: float, words: str) -> None:
    assert history_words.dearer(difference, "SEK") == f"Over these the later plan {words}"


async def test_with_a_single_plan_the_diff_says_what_it_takes(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        page = await client.get("/history/diff")
        assert (page.status_code, "It takes two plans" in page.text) == (200, True)


async def test_a_run_shows_its_inputs_figures_and_plan(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        slots = (await client.get(f"/api/runs/{run['id']}/schedule")).json()["schedule"]
        page = (await client.get(f"/history/{run['id']}")).text
        assert page.count('<tr class="slot') == len(slots)
        assert "Sun forecast" in page
        assert "Best possible" in page
        assert f"/ui/history/{run['id']}/why?slot={slots[0]['slot_start']}" in page
        why = f"/ui/history/{run['id']}/why"
        row = await client.get(why, params={"slot": slots[0]["slot_start"]})
        assert "this is the plan" in row.text
        failed = await with_failed_run(app, datetime.fromisoformat(run["planned_at"]))
        bare = (await client.get(f"/history/{failed}")).text
        assert "No price for Friday." in bare
        assert "This run published no plan" in bare
        assert "Replay this run" not in bare


async def test_a_replay_is_said_in_words(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        run = await newest(client)
        url = f"/history/{run['id']}/replay"
        fragment = await client.post(url, headers=HTMX)
        assert "the same to the last bit" in fragment.text
        assert "<html" not in fragment.text
        page = await client.post(url, headers=BROWSER)
        assert "the same to the last bit" in page.text
        assert "<html" in page.text
        async with session_scope(app.state.services.job.sources.sessions) as session:
            await session.execute(
                update(HistorySlot)
                .where(HistorySlot.plan_run_id == run["id"])
                .values(soc_target=50.0)
            )
        changed = (await client.post(url, headers=HTMX)).text
        assert "Something differs" in changed
        assert "soc target differs in" in changed
        await in_database(app, run["id"], inputs=None)
        refused = await client.post(url, headers=HTMX)
        assert (refused.status_code, "stored no inputs" in refused.text) == (200, True)


async def test_runs_that_are_not_there_have_a_page_of_their_own(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        for path in (
            "/history/999",
            "/history/abc",
            "/history/0",
            "/history/diff?from=1&to=999",
            "/history/diff?from=x",
            "/history?day=someday",
        ):
            answer = await client.get(path, headers=BROWSER)
            assert answer.status_code == 404, path
            assert "All runs that are kept" in answer.text, path
        problem = await client.get("/history/999", headers=HTMX)
        assert problem.headers["Content-Type"] == "application/problem+json"


def test_before_the_first_run_the_page_says_what_will_be_here() -> None:
    now, zone = datetime(2026, 11, 23, tzinfo=UTC), ZoneInfo("Europe/Stockholm")
    nothing = Found((), {}, None, more=False)
    context = {"trails": trails((), (), now, zone)}
    render = templates.env.get_template("_history.html").render
    page = render(view=history_view(nothing, Asked(), now, zone), **context)
    assert "No run yet" in page
    assert "No setting has been changed" in page
    assert "Nothing has been asked for by hand" in page
    narrowed = render(view=history_view(nothing, Asked(status="held"), now, zone), **context)
    assert "No run fits" in narrowed


async def test_a_database_that_is_away_is_a_page_too(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False, database="mariadb://u:p@127.0.0.1:9/d")) as (
        _,
        client,
    ):
        page = await client.get("/history", headers=BROWSER)
        assert page.status_code == 503
        assert "This page cannot be shown now" in page.text
