"""What the dynamic S-index sees of the days beyond the horizon."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from app.core.clock import day_slots
from app.db import plans
from app.db.connection.engine import session_scope
from app.gather.outlook import slots_ahead
from app.settings import Settings
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, offline, running
from tests.fakes import FakeUpstreams, Fault

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
DYNAMIC = {"DARKSTAR_S_INDEX__MODE": "dynamic"}


async def _inputs_and_parts(
    environ: dict[str, str] | Settings,
) -> tuple[dict[str, str], dict[str, float]]:
    """Plan once; return the quality of every input and the parts of the S-index."""
    settings = environ if isinstance(environ, Settings) else load_settings(environ=environ).settings
    async with running(settings) as (app, client):
        await first_outcome(client)
        meta = (await client.get("/api/schedule")).json()["meta"]
        async with session_scope(app.state.services.job.sources.sessions) as session:
            run = await plans.latest_run(session)
    assert run is not None
    return {each["name"]: each["quality"] for each in meta["inputs"]}, run.s_index_parts or {}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config.yaml"
    config.write_text("demo_home: false\n")
    return DYNAMIC | {"DARKSTAR_CONFIG": str(config), "DARKSTAR_DATA_DIR": str(tmp_path)}


async def test_the_sun_and_the_load_of_all_three_days_count(environ: dict[str, str]) -> None:
    with FakeUpstreams() as fakes, time_machine.travel(NOW, tick=True):
        qualities, parts = await _inputs_and_parts(environ | fakes.environment())
    assert parts["days_with_pv"] == parts["days_with_temperature"] == 3
    assert qualities["temperature"] == "live"
    # The fake house uses 16.8 kWh a day and its 8.5 kWp give more: no deficit.
    assert parts["pv_deficit"] == 0
    assert parts["cold"] > 0


async def test_a_home_without_panels_has_a_full_deficit_and_still_feels_the_cold(
    environ: dict[str, str],
) -> None:
    bare = {"DARKSTAR_SOLAR_ARRAYS": json.dumps([])}
    with FakeUpstreams() as fakes, time_machine.travel(NOW, tick=True):
        qualities, parts = await _inputs_and_parts(environ | bare | fakes.environment())
    assert parts["pv_deficit"] == pytest.approx(0.3)
    assert parts["days_with_temperature"] == 3
    assert qualities["temperature"] == "live"


async def test_without_weather_the_outlook_is_missing_and_nothing_is_invented(
    environ: dict[str, str],
) -> None:
    with FakeUpstreams() as fakes, time_machine.travel(NOW, tick=True):
        fakes.fail("open_meteo", Fault.NOT_FOUND)
        qualities, parts = await _inputs_and_parts(environ | fakes.environment())
    assert parts["days_with_pv"] == parts["days_with_temperature"] == 0
    assert qualities["temperature"] == "missing"


async def test_the_demo_home_looks_ahead_on_its_sample_and_says_so(tmp_path: Path) -> None:
    settings = offline(tmp_path, demo=True)
    dynamic = settings.s_index.model_copy(update={"mode": "dynamic"})
    qualities, parts = await _inputs_and_parts(settings.model_copy(update={"s_index": dynamic}))
    assert parts["days_with_pv"] == parts["days_with_temperature"] == 3
    assert set(qualities.values()) == {"sample"}


def test_a_static_index_asks_for_nothing_more() -> None:
    assert slots_ahead(Settings(), now=NOW, after=NOW) == []


def test_days_ahead_are_whole_also_around_a_clock_change_and_never_asked_twice() -> None:
    settings = Settings.model_validate({"s_index": {"mode": "dynamic", "days_ahead": (3, 2, 2)}})
    now = datetime(2025, 10, 24, 12, tzinfo=UTC)
    two = day_slots(date(2025, 10, 26), settings.zone)
    assert len(two) == 100
    three = day_slots(date(2025, 10, 27), settings.zone)
    assert slots_ahead(settings, now=now, after=two[3]) == [*two[4:], *three]
