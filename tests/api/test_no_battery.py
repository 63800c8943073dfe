"""A home without a battery, as its owner writes it, in the running service: every page and API."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, running
from tests.fakes import FakeUpstreams

AFTERNOON = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
CONFIG = Path(__file__).parent.parent / "fixtures" / "no_battery" / "config.yaml"
PAGES = (
    *("/", "/plan", "/plan.csv", "/actions", "/history", "/history/1", "/forecast", "/system"),
    *("/settings", "/settings/battery", "/setup", "/setup/battery", "/setup/plan"),
    *("/ui/today", "/ui/chart", "/ui/plan", "/ui/plan-slots?day=2026-11-23", "/ui/prices"),
    *("/ui/doctor", "/ui/forecast", "/ui/manual/form", "/ui/scores"),
    "/ui/forecast/finder?kwh=1.5&hours=2",
)
# Answers that never end, or that need a question.
ASKED_OTHERWISE = {"/api/events", "/api/best_time", "/api/best_time.ics"}
QUESTIONS = ("/api/best_time?kwh=1.5&hours=2", "/api/best_time.ics?kwh=1.5&hours=2")


@pytest.fixture
def without_battery(home: tuple[FakeUpstreams, dict[str, str]], tmp_path: Path) -> dict[str, str]:
    """The environment of a live home whose configuration says that it has no battery."""
    shutil.copy(CONFIG, tmp_path / "config.yaml")
    return home[1]


async def test_every_page_and_api_answers_and_the_heater_is_planned(
    without_battery: dict[str, str],
) -> None:
    settings = load_settings(environ=without_battery).settings
    assert settings.battery.capacity_kwh == 0
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(settings) as (app, client):
            status: dict[str, Any] = await first_outcome(client)
            assert status["job"]["last_outcome"] == "ok", status
            assert status["state"] == "ok"
            assert status["warnings"] == []
            plan = (await client.get("/api/schedule")).json()
            assert {slot["charge_kw"] + slot["discharge_kw"] for slot in plan["schedule"]} == {0}
            assert sum(slot["water_kw"] for slot in plan["schedule"]) > 0
            asked = [
                path
                for path, methods in app.openapi()["paths"].items()
                if "get" in methods and "{" not in path and path not in ASKED_OTHERWISE
            ]
            for path in (*PAGES, *QUESTIONS, *asked):
                reply = await client.get(path, follow_redirects=True)
                assert reply.status_code == 200, (path, reply.status_code, reply.text[:300])
            for path in ("/api/run_planner", "/api/runs/1/replay"):
                again = await client.post(path)
                assert again.is_success, (path, again.text)
