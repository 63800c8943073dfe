"""The original's routes: their shapes, from the plan in force and what is really known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import delete, update

from app.core.clock import day_slots, iso_utc, local_day, now
from app.core.frames import SLOT
from app.db import observed
from app.db.connection.engine import session_scope
from app.db.tables.models import CurrentSlot, PlanPointer
from app.forecast.day_profile import day_profile
from app.settings import Settings
from tests.api.test_manual import planned
from tests.api.test_service import first_outcome, offline, running

STOCKHOLM = ZoneInfo("Europe/Stockholm")


async def found(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("day", "quarters"),
    [(datetime(2026, 3, 28, 23, tzinfo=UTC), 92), (datetime(2026, 10, 24, 22, tzinfo=UTC), 100)],
)
def test_the_average_day_is_by_wall_clock_on_long_and_short_days(
    day: datetime, quarters: int
) -> None:
    slots = [(day + SLOT * index, 0.25) for index in range(quarters)]
    profile = day_profile(slots, STOCKHOLM)
    assert profile.known == min(96, quarters)
    assert {value for value in profile.quarters_kw if value is not None} == {1.0}
    assert profile.hours_kw[2] == (None if quarters == 92 else 1.0)
    assert profile.average_kw == 1.0
    assert day_profile([], STOCKHOLM).average_kw is None


async def test_horizon_average_and_water_tell_what_the_plan_counts_on(tmp_path: Path) -> None:
    async with planned(tmp_path) as (_, client):
        horizon = await found(client, "/api/forecast/horizon")
        average = await found(client, "/api/ha/average")
        water = await found(client, "/api/ha/water_today")
        plan = (await client.get("/api/schedule")).json()
    assert horizon["total_days_in_schedule"] == len(horizon["days_list"])  # type: ignore[arg-type]
    assert horizon["horizon_end"] == plan["meta"]["horizon_end"]
    assert len(average["hourly_kw"]) == 24  # type: ignore[arg-type]
    assert len(average["quarterly_kw"]) == 96  # type: ignore[arg-type]
    known = [kw for kw in average["quarterly_kw"] if kw is not None]  # type: ignore[attr-defined]
    assert average["daily_kwh"] == pytest.approx(24 * sum(known) / len(known))
    assert water["source"] == "plan"


async def test_a_home_without_a_heater_says_so(tmp_path: Path) -> None:
    plain = offline(tmp_path, demo=True)
    bare = Settings.model_validate(plain.model_dump() | {"water_heating": {"power_kw": 0}})
    async with running(bare) as (_, client):
        await first_outcome(client)
        water = await found(client, "/api/ha/water_today")
    assert (water["source"], water["water_kwh_today"]) == ("none", 0)


async def test_debug_takes_the_plan_in_force_apart_and_adds_up(tmp_path: Path) -> None:
    plain = offline(tmp_path, demo=True)
    wanted = plain.model_dump() | {"debug": {"enable_planner_debug": True, "sample_size": 3}}
    async with running(Settings.model_validate(wanted)) as (_, client):
        await first_outcome(client)
        parts = (await client.get("/api/debug")).json()
        plan = (await client.get("/api/schedule")).json()
    meta = plan["meta"]
    ahead = [slot for slot in plan["schedule"] if slot["slot_start"] >= meta["horizon_start"]]
    assert parts["plan_run_id"] == meta["plan_run_id"]
    assert parts["s_index"]["value"] == meta["s_index"]
    assert parts["metrics"]["total_cost"] == pytest.approx(
        sum(slot["planned_cost"] for slot in ahead)
    )
    assert parts["metrics"]["final_soc_percent"] == pytest.approx(ahead[-1]["soc_projected"])
    assert [each["name"][:5] for each in parts["passes"]] == [f"pass{n}" for n in range(9)]
    assert sum(parts["water_by_day"].values()) == pytest.approx(
        sum(slot["water_kw"] / 4 for slot in ahead)
    )
    assert len(parts["sample_schedule"]) == 3
    assert parts["sample_schedule"][0]["slot_start"] == ahead[0]["slot_start"]
    for window in parts["windows"]:
        assert window["start"] < window["end"]


async def test_without_debug_switched_on_there_are_no_samples_and_it_says_why(
    tmp_path: Path,
) -> None:
    async with planned(tmp_path) as (_, client):
        parts = (await client.get("/api/debug")).json()
    assert parts["sample_schedule"] == []
    assert "enable_planner_debug" in parts["samples"]


async def test_pushing_says_what_is_there_and_publishes_where_nothing_is(
    tmp_path: Path, database_url: str
) -> None:
    async with planned(tmp_path, database_url) as (app, client):
        there = (await client.post("/api/db/push_current")).json()
        rows = (await client.get("/api/db/current_schedule")).json()
        async with session_scope(app.state.services.job.sources.sessions, writes=True) as session:
            await session.execute(update(PlanPointer).values(plan_run_id=None))
            await session.execute(delete(CurrentSlot))
        anew = (await client.post("/api/db/push_current")).json()
    assert (there["published"], there["rows"]) == (False, len(rows))
    assert anew["published"] is True
    assert anew["rows"] > 0
    assert anew["plan_run_id"] != there["plan_run_id"]


async def test_learning_tells_what_was_recorded_and_nothing_it_has_not(tmp_path: Path) -> None:
    async with planned(tmp_path) as (app, client):
        empty = await found(client, "/api/learning/status")
        before = day_slots(local_day(now(), STOCKHOLM) - timedelta(days=2), STOCKHOLM)
        slots = [
            {
                "slot_start": slot,
                "load_kwh": 0.2,
                "quality": {"load_kwh": "measured"},
                "source": "test",
                "recorded_at": slot + SLOT,
            }
            for slot in before
        ]
        async with session_scope(app.state.services.job.sources.sessions, writes=True) as session:
            await observed.save(session, slots)
        status = await found(client, "/api/learning/status")
        loops = await found(client, "/api/learning/loops")
        changes = await found(client, "/api/learning/changes")
        history = await found(client, "/api/learning/history")
        ran = (await client.post("/api/learning/run")).json()
    assert empty["load"]["days"] == 0  # type: ignore[index]
    assert empty["last_observation"] is None
    assert status["last_observation"] == iso_utc(slots[-1]["slot_start"])  # type: ignore[arg-type]
    assert status["load"]["days"] == 1  # type: ignore[index]
    assert status["pv"] == {"days": 0, "factor": 1.0, "factor_by_hour": {}}
    assert loops["pv_correction"]["status"] == "no_changes"  # type: ignore[index]
    assert (changes["changes"], history["days"]) == ([], [])
    assert ran == {"status": "success", "scored_rows": 0}


@pytest.mark.parametrize("path", ["/api/forecast/horizon", "/api/ha/average", "/api/debug"])
async def test_before_the_first_plan_they_say_so(tmp_path: Path, path: str) -> None:
    plain = offline(tmp_path, demo=True)
    idle = plain.model_dump() | {"automation": {"enable_scheduler": False}}
    async with running(Settings.model_validate(idle)) as (_, client):
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) in {
        (404, "no_plan_yet"),
        (503, "database_unavailable"),
    }
