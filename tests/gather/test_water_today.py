"""Without its daily sensor the heater's energy is counted since the home's own midnight."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.clock import local_midnight
from app.core.frames import SLOT
from app.core.provenance import Quality
from app.db import observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.gather.home.state import home_now
from app.gather.home.water_today import water_today
from tests.db.test_observed import slot
from tests.gather.test_home import Slot, sources

__all__ = ["sources"]

MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)  # 15 January in Stockholm


async def _record(
    sources: Sources, start: datetime, quarters: list[float | None], quality: str = "measured"
) -> None:
    rows = [
        slot(0, water_kwh=kwh)
        | {
            "slot_start": start + i * SLOT,
            "quality": {"water_kwh": "gap" if kwh is None else quality},
        }
        for i, kwh in enumerate(quarters)
    ]
    async with session_scope(sources.sessions) as session:
        await observed.save(session, rows)


async def test_measured_quarters_count_and_yesterdays_do_not(sources: Sources) -> None:
    await _record(sources, MIDNIGHT - 2 * SLOT, [0.7, 0.7, 0.5, 0.25, 0.0])
    plan = [Slot(MIDNIGHT + i * SLOT, 3.0) for i in range(3)]
    found = await water_today(sources, plan, now=MIDNIGHT + 3 * SLOT)
    assert found.used_kwh == pytest.approx(0.75), "measured, whatever was planned"
    assert found.is_measured


async def test_at_midnight_the_count_begins_at_nothing(sources: Sources) -> None:
    await _record(sources, MIDNIGHT - 4 * SLOT, [0.75] * 4)
    assert (await water_today(sources, [], now=MIDNIGHT)).used_kwh == 0
    before = await water_today(sources, [], now=MIDNIGHT - timedelta(seconds=1))
    assert before.used_kwh == pytest.approx(3 * 0.75), "the quarter in progress is not over"


async def test_gaps_and_newest_quarters_are_taken_from_the_plan(sources: Sources) -> None:
    await _record(sources, MIDNIGHT, [0.75, None, 0.0])
    plan = [Slot(MIDNIGHT + i * SLOT, 3.0 if i in {1, 4} else 0.0) for i in range(8)]
    found = await water_today(sources, plan, now=MIDNIGHT + 6 * SLOT)
    assert found.used_kwh == pytest.approx(0.75 + 0.75 + 0.75)
    assert not found.is_measured
    assert found.words == "2 of 6 quarters measured, the others as planned"


async def test_what_the_recorder_took_from_a_plan_is_no_measurement(sources: Sources) -> None:
    await _record(sources, MIDNIGHT, [0.75] * 4, quality="estimated")
    found = await water_today(sources, [], now=MIDNIGHT + 4 * SLOT)
    assert (found.used_kwh, found.measured, found.is_measured) == (3.0, 0, False)


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
async def test_a_day_of_the_clock_change_counts_whole(
    sources: Sources, day: date, quarters: int
) -> None:
    begin = local_midnight(day, sources.settings.zone)
    await _record(sources, begin - SLOT, [0.1] * (quarters + 2))
    last = begin + quarters * SLOT - timedelta(seconds=1)
    found = await water_today(sources, [], now=last)
    assert found.used_kwh == pytest.approx(0.1 * (quarters - 1))
    assert (await water_today(sources, [], now=last + SLOT)).used_kwh == 0


async def test_the_run_says_where_the_water_of_today_is_from(sources: Sources) -> None:
    await _record(sources, MIDNIGHT, [0.75] * 8)
    home = await home_now(sources, [], now=MIDNIGHT + 8 * SLOT)
    assert home.state.water_used_today_kwh == pytest.approx(6.0)
    water = next(status for status in home.inputs if status.name == "water_today")
    assert (water.source, water.quality) == ("own recorder", Quality.CACHED)
    assert "not configured" in water.detail
    demo = sources.settings.model_copy(update={"demo_home": True})
    planned = await home_now(
        replace(sources, settings=demo), [Slot(MIDNIGHT + 96 * SLOT, 3.0)], now=MIDNIGHT + 97 * SLOT
    )
    assert planned.state.water_used_today_kwh == pytest.approx(0.75)
    assert planned.inputs[1].quality == Quality.SAMPLE
