"""The best-time finder through the running service: JSON and calendar, on both databases."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.forecasts.finder_schemas import BestTimeOut
from app.core.clock import iso_utc
from app.planner.run import make_plan
from app.plans.best_time import Finder, PlanRunOutError, Wanted
from tests.api.test_manual import planned
from tests.api.test_runs import in_database, newest
from tests.api.test_service import offline, running
from tests.made_plans import plan_of, slots


async def ask(client: httpx.AsyncClient, **query: Any) -> BestTimeOut:
    answer = await client.get("/api/best_time", params=query)
    assert answer.status_code == 200, answer.text
    return BestTimeOut.model_validate(answer.json())


async def test_starts_are_the_cheapest_do_not_overlap_and_add_up(
    tmp_path: Path, fresh_url: str
) -> None:
    async with planned(tmp_path, fresh_url) as (_, client):
        found = await ask(client, kwh=1.5, hours=1.25, count=4)
        assert 1 <= len(found.starts) <= 4
        assert found.power_kw == pytest.approx(1.2)
        costs = [start.cost for start in found.starts]
        assert costs == sorted(costs)
        for start in found.starts:
            assert start.end - start.start == timedelta(hours=1.25)
            assert found.after <= start.start
            assert start.end <= found.before <= found.prices_known_until
            assert sum(part.cost for part in start.parts) == pytest.approx(start.cost)
            assert sum(part.kwh for part in start.parts) == pytest.approx(1.5)
            assert found.now is not None
            assert start.saving == pytest.approx(found.now.cost - start.cost)
        spans = sorted((start.start, start.end) for start in found.starts)
        assert all(one[1] <= two[0] for one, two in pairwise(spans))
        assert found.cheapest_price is not None
        assert found.cheapest_price.cost >= costs[0] - 1e-9
        assert (await ask(client, kwh=1.5, power_kw=1.2, count=4)).starts == found.starts


async def test_a_window_is_kept(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        end = (await ask(client, kwh=1, hours=1)).prices_known_until
        after, before = end - timedelta(hours=4), end - timedelta(hours=2)
        found = await ask(client, kwh=1, hours=1, after=iso_utc(after), before=iso_utc(before))
        assert found.starts
        assert after <= found.starts[0].start
        assert found.starts[0].end <= before
        late = await ask(client, kwh=1, hours=1, after=iso_utc(end))
        assert (late.starts, late.cheapest_price) == ([], None)
        assert "prices are known until" in late.note
        big = await ask(client, kwh=40, hours=1)
        assert (big.starts, big.now) == ([], None)
        assert "fuse" in big.note


async def test_a_new_plan_is_asked_about_as_soon_as_it_is_in_force(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        first = await ask(client, kwh=1, hours=1)
        await client.post("/api/run_planner")
        second = await ask(client, kwh=1, hours=1)
        assert second.plan_run_id > first.plan_run_id
        assert second.planned_at > first.planned_at


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hours=1", "kwh"),
        ("kwh=1", "one of hours and power_kw"),
        ("kwh=1&hours=1&power_kw=1", "one of hours and power_kw"),
        ("kwh=0&hours=1", "kwh"),
        ("kwh=nan&hours=1", "kwh"),
        ("kwh=1e999&hours=1", "kwh"),
        ("kwh=1&hours=49", "hours"),
        ("kwh=100&power_kw=0.1", "1000 h"),
        ("kwh=1&power_kw=1e-320", "power_kw"),
        ("kwh=1&hours=1&count=11", "count"),
        ("kwh=1&hours=1&before=soon", "before"),
        ("kwh=1&hours=1&after=9999-12-31T23:59:59Z", "out of the calendar"),
        ("kwh=1&hours=1&before=2001-01-01T00:00:00Z", "do not fit"),
        ("kwh=1&hours=1&wash=yes", "wash"),
        ("kwh=1&hours=1&name=a%0D%0ABEGIN:VEVENT", "name"),
    ],
)
@pytest.mark.parametrize("path", ["/api/best_time", "/api/best_time.ics"])
async def test_what_cannot_be_asked_is_refused_by_name(
    tmp_path: Path, query: str, words: str, path: str
) -> None:
    async with planned(tmp_path) as (_, client):
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 422, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert words in answer.text


async def test_the_calendar_holds_the_same_starts_and_keeps_its_events(
    tmp_path: Path, fresh_url: str
) -> None:
    query = {"kwh": 1.1, "hours": 1.5, "count": 2, "name": "Dishes, pots; pans and more ü"}
    async with planned(tmp_path, fresh_url) as (_, client):
        found = await ask(client, **query)
        answer = await client.get("/api/best_time.ics", params=query)
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        calendar = Calendar.from_ical(answer.content)
        events = calendar.walk("VEVENT")
        times = [(event.decoded("dtstart"), event.decoded("dtend")) for event in events]
        assert times == [(start.start, start.end) for start in found.starts]
        assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
        summary = str(events[0]["summary"])
        assert summary == f"{query['name']}: {found.starts[0].cost:.2f} SEK"
        uids = [str(event["uid"]) for event in events]
        await client.post("/api/run_planner")
        again = Calendar.from_ical((await client.get("/api/best_time.ics", params=query)).content)
        assert [str(event["uid"]) for event in again.walk("VEVENT")] == uids
        other = await client.get("/api/best_time.ics", params={**query, "name": "Car"})
        assert uids[0] not in other.text


async def test_without_a_plan_or_its_inputs_it_says_so(tmp_path: Path, engine: AsyncEngine) -> None:
    del engine
    async with planned(tmp_path) as (app, client):
        await in_database(app, (await newest(client))["id"], inputs=None)
        answer = await client.get("/api/best_time?kwh=1&hours=1")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_replayable")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with running(offline(elsewhere, demo=False)) as (app, client):
        await app.state.services.job.prepare()
        answer = await client.get("/api/best_time?kwh=1&hours=1")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_plan_yet")


@pytest.mark.parametrize(
    ("midnight", "count"),
    [
        (datetime(2025, 10, 25, 22, tzinfo=UTC), 100),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 92),
    ],
)
def test_long_and_short_days_are_searched_whole(midnight: datetime, count: int) -> None:
    """Three hours of an appliance are three hours, also over the hour that comes twice."""
    prices = [3.0] * count
    prices[4:16] = [1.0] * 12
    finder = Finder(plan_of(slots(midnight, prices)), now=midnight)
    assert finder.end - midnight == timedelta(minutes=15 * count)
    wanted = Wanted(kwh=3, hours=3, after=midnight, before=None, count=1)
    (start,) = finder.find(wanted, now=midnight).starts
    assert start.start == midnight + timedelta(hours=1)
    assert start.end - start.start == timedelta(hours=3)
    assert len(start.parts) == 12


def test_a_plan_that_has_run_out_is_not_searched() -> None:
    start = datetime(2026, 1, 15, 23, tzinfo=UTC)
    plan = plan_of(slots(start, [1.0] * 8))
    with pytest.raises(PlanRunOutError):
        Finder(plan, now=start + timedelta(hours=2))


async def test_the_finder_asks_the_plan_in_force_itself(tmp_path: Path) -> None:
    """The plan made again from stored inputs is the published one, so the answers are about it."""
    async with planned(tmp_path) as (app, client):
        found = await ask(client, kwh=1, hours=1)
        published = (await client.get("/api/schedule")).json()["schedule"]
        desk = app.state.best_time_desk
        known = desk._known  # noqa: SLF001 - what the answer came from
        plan = make_plan(known.inputs.slots, known.inputs.ctx)
        ahead = [row["soc_projected"] for row in published][-plan.schedule.height :]
        assert plan.schedule["soc_projected"].to_list() == ahead
        values = {row["slot_start"]: row["marginal_value_per_kwh"] for row in published}
        for part in found.starts[0].parts:
            assert values[iso_utc(part.slot_start)] == part.marginal_value_per_kwh
