"""The page ``/plan``: a row a quarter on every kind of day, folded, explained, downloaded."""

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.web.page_templates import templates
from app.api.web.plan_table import PlanTableView, plan_table
from app.core.clock import day_slots, iso_utc, local_day, now
from app.core.frames import SLOT
from app.service.schemas import examples
from app.service.schemas.plan import ScheduleOut
from tests.api.test_manual import action, create, planned, replanned
from tests.api.test_service import offline, running

ZONE = ZoneInfo("Europe/Stockholm")
ORDINARY, SPRING, AUTUMN = date(2026, 11, 23), date(2026, 3, 29), date(2026, 10, 25)


def slot(start: datetime, **more: Any) -> dict[str, Any]:
    times = {"slot_start": iso_utc(start), "slot_end": iso_utc(start + SLOT)}
    return {**examples.SLOT, **times, "valid_until": times["slot_end"], **more}


def plan(*slots: dict[str, Any]) -> ScheduleOut:
    return ScheduleOut.model_validate({"meta": examples.META, "schedule": slots})


def rows(table: PlanTableView) -> list[str]:
    return [
        row.time
        for day in table.days
        for block in (*day.earlier, *day.ahead)
        for row in block.slots
    ]


@pytest.mark.parametrize(
    ("day", "count", "note"),
    [
        (ORDINARY, 96, ""),
        (SPRING, 92, "The clocks go forward: 92 quarters."),
        (
            AUTUMN,
            100,
            "The clocks go back: 100 quarters; an hour comes twice and names its zone.",
        ),
    ],
)
def test_a_day_has_a_row_a_quarter_each_with_a_label_of_its_own(
    day: date, count: int, note: str
) -> None:
    starts = day_slots(day, ZONE)
    table = plan_table(plan(*map(slot, starts)), starts[0])
    assert len(rows(table)) == count
    assert len(set(rows(table))) == count
    assert [each.note for each in table.days] == [note]
    ids = [row.id for each in table.days for block in each.ahead for row in block.slots]
    assert len(set(ids)) == count


def test_the_hour_that_comes_twice_names_its_zone() -> None:
    times = rows(plan_table(plan(*map(slot, day_slots(AUTUMN, ZONE))), day_slots(AUTUMN, ZONE)[0]))
    assert times[8:10] == ["02:00 CEST", "02:15 CEST"]
    assert times[12:14] == ["02:00 CET", "02:15 CET"]


def test_two_days_are_grouped_by_local_midnight_with_sums_of_their_own() -> None:
    starts = [*day_slots(ORDINARY, ZONE), *day_slots(ORDINARY + timedelta(days=1), ZONE)[:4]]
    table = plan_table(plan(*map(slot, starts)), starts[0])
    today, tomorrow = table.days
    assert (today.title, tomorrow.title) == (
        "Today, Monday 23 November",
        "Tomorrow, Tuesday 24 November",
    )
    assert tomorrow.note == "The plan covers 00:00 to 01:00 of it."
    sums = dict(tomorrow.totals)
    # Four quarters of 5 kW, 5.8 kW and 0.2 kWh, at 1.189 each.
    assert sums["Into the battery"] == "5.0 kWh"
    assert sums["Bought"] == "5.8 kWh"
    assert sums["Consumption"] == "0.8 kWh"
    assert sums["Cost"] == "4.76 SEK"
    assert "Thrown away" not in sums


def test_what_is_over_is_folded_and_manual_quarters_stand_apart() -> None:
    starts = day_slots(ORDINARY, ZONE)[:6]
    slots = [slot(at, is_manual=index == 4) for index, at in enumerate(starts)]
    (day,) = plan_table(plan(*slots), starts[2] + timedelta(minutes=7)).days
    assert [len(block.slots) for block in day.earlier] == []
    assert [(len(block.slots), block.is_manual, block.is_now) for block in day.ahead] == [
        (4, False, True),
        (1, True, False),
        (1, False, False),
    ]
    (day,) = plan_table(plan(*slots), starts[4]).days
    assert [len(block.slots) for block in day.earlier] == [4]
    assert not day.earlier_is_open


async def test_the_page_lists_every_quarter_and_stays_light(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        slots = (await client.get("/api/schedule")).json()["schedule"]
        answer = await client.get("/plan")
        assert answer.status_code == 200
        assert answer.text.count('<tr class="slot') == len(slots)
        assert answer.text.count('aria-current="time"') == 1
        assert "Sell from the battery" not in answer.text
        opened = (await client.get("/plan", params={"slot": slots[1]["slot_start"]})).text
        assert opened.count('<tr class="explained"') == 1
        assert "Sell from the battery" in opened
        assert "this is the plan" in opened
        row = await client.get("/ui/plan-why", params={"slot": slots[1]["slot_start"]})
        assert row.text.lstrip().startswith('<tr class="explained"')
        # Of all that the longest plan can have, asked for at once, the last ones are opened.
        mine = [each["slot_start"] for each in slots]
        today = local_day(now(), ZONE)
        both = [*day_slots(today, ZONE), *day_slots(today + timedelta(days=1), ZONE)]
        two_days = [*({iso_utc(start) for start in both} - set(mine)), *mine]
        assert len(two_days) in {188, 192, 196}
        for wanted in (mine, two_days):
            many = await client.get("/plan", params={"slot": wanted})
            assert many.text.count('<tr class="explained"') == 8


def test_two_whole_days_weigh_less_than_200_kb() -> None:
    starts = [*day_slots(ORDINARY, ZONE), *day_slots(AUTUMN, ZONE)]
    table = plan_table(plan(*map(slot, sorted(starts))), starts[0])
    html = templates.env.get_template("_plan_slots.html").render(table=table)
    assert html.count('<tr class="slot') == 196
    assert len(html.encode()) < 190_000


async def test_manual_quarters_are_marked(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        assert "chip manual" not in (await client.get("/plan")).text
        await create(client, action(4, 6, "hold"))
        await replanned(app, client)
        # Two quarters, and the block they make: two blocks where the sun charges in one of them.
        assert (await client.get("/ui/plan-slots")).text.count("chip manual") in {3, 4}


async def test_a_quarter_outside_the_plan_is_said_and_rubbish_is_a_page(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        row = await client.get("/ui/plan-why", params={"slot": "2001-01-01T00:00:00Z"})
        assert (row.status_code, "no slot at" in row.text) == (200, True)
        old = await client.get("/plan", params={"slot": "2001-01-01T00:00:00Z"})
        assert (old.status_code, "no slot at" in old.text) == (200, True)
        page = await client.get("/plan?slot=rubbish")
        assert page.status_code == 404
        assert "There is no such page" in page.text
        fragment = await client.get("/ui/plan-why?slot=x", headers={"HX-Request": "true"})
        assert fragment.headers["Content-Type"] == "application/problem+json"


async def test_the_plan_downloads_as_csv(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        slots = (await client.get("/api/schedule")).json()["schedule"]
        answer = await client.get("/plan.csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["Content-Disposition"]
        read = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["slot_start_utc"] for row in read] == [each["slot_start"] for each in slots]
        assert [float(row["planned_cost"]) for row in read] == [
            each["planned_cost"] for each in slots
        ]
        local = datetime.fromisoformat(read[0]["slot_start_local"])
        assert local == datetime.fromisoformat(slots[0]["slot_start"])


async def test_without_a_plan_the_page_says_what_will_be_here(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        page = await client.get("/plan")
        assert page.status_code == 200
        assert "No plan yet" in page.text
        assert (await client.get("/plan.csv")).status_code == 404
