"""The home's state at the start of a run."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.db import migrate
from app.db.engine import close, make_engine, make_sessions
from app.frames import SLOT
from app.gather import Sources
from app.gather_load import gather_load
from app.home import HomeNow, home_now
from app.provenance import Quality
from app.settings import Database, HomeAssistant, Settings
from tests.fakes import CONSUMPTION, SOC, WATER, FakeUpstreams
from tests.plans import plan_of, slots

MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)  # 15 January in Stockholm


@dataclass(frozen=True)
class Slot:
    """One quarter of the plan in force."""

    slot_start: datetime
    water_kw: float = 0.0
    reason_params: dict[str, Any] = field(default_factory=dict)
    classification: str = "hold"
    soc_projected: float = 50.0

    @property
    def slot_end(self) -> datetime:
        return self.slot_start + SLOT


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[Sources]:
    """A home without sensors, on an empty database."""
    url = SecretStr(f"sqlite+aiosqlite:///{tmp_path}/home.db")
    settings = Settings(database=Database(url=url))
    engine = make_engine(settings)
    await migrate.upgrade(engine)
    async with httpx.AsyncClient() as client:
        yield Sources(settings, client, make_sessions(engine))
    await close(engine)


def _with_sensors(sources: Sources, fakes: FakeUpstreams) -> Sources:
    home_assistant = HomeAssistant(
        url=fakes.url("home_assistant"),
        token=SecretStr(fakes.token),
        battery_soc_entity_id=SOC,
        water_heater_daily_entity_id=WATER,
        consumption_entity_id=CONSUMPTION,
    )
    settings = sources.settings.model_copy(update={"home_assistant": home_assistant})
    return replace(sources, settings=settings)


async def _home(sources: Sources, plan: list[Slot], *, quarters: int) -> HomeNow:
    return await home_now(sources, plan, now=MIDNIGHT + quarters * SLOT)


async def test_heating_put_off_past_midnight_does_not_count_for_the_new_day(
    sources: Sources,
) -> None:
    plan = [Slot(MIDNIGHT + i * SLOT, 3.0, {"water_for_day": "2026-01-14"}) for i in range(8)] + [
        Slot(MIDNIGHT + i * SLOT, 3.0, {"water_for_day": "2026-01-15"}) for i in range(8, 10)
    ]
    state = (await _home(sources, plan, quarters=10)).state
    assert state.water_used_today_kwh == 7.5
    assert state.water_caught_up_kwh == 6.0
    assert state.water_owed_kwh == 0.0
    replan = plan_of(
        slots(MIDNIGHT + 10 * SLOT, [1.0] * 86),
        water_used_today_kwh=state.water_used_today_kwh,
        water_caught_up_kwh=state.water_caught_up_kwh,
    )
    assert replan.schedule["water_kw"].sum() / 4 == pytest.approx(6.0 - 1.5)


async def test_a_counter_that_never_resets_is_not_taken_for_the_water_of_today(
    sources: Sources,
) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT + 10 * SLOT) as fakes:
        fakes.sensors[WATER] = ("412.7", "kWh")
        home = await _home(_with_sensors(sources, fakes), [], quarters=10)
    assert home.state.water_used_today_kwh == 0
    water = next(status for status in home.inputs if status.name == "water_today")
    assert water.quality == Quality.ESTIMATED
    assert "412.7" in water.detail
    assert "resets at midnight" in water.detail


async def test_a_silent_sensor_without_a_plan_is_not_said_to_be_projected(
    sources: Sources,
) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT) as fakes:
        await _home(_with_sensors(sources, fakes), [], quarters=0)
        fakes.sensors[SOC] = ("unavailable", "%")
        home = await _home(_with_sensors(sources, fakes), [], quarters=1)
    soc = next(status for status in home.inputs if status.name == "soc")
    assert (home.state.soc_percent, soc.quality) == (57.3, Quality.ESTIMATED)
    assert "projected" not in soc.detail


async def test_a_missing_load_sensor_is_not_blamed_on_home_assistant(sources: Sources) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT) as fakes:
        known = _with_sensors(sources, fakes)
        home_assistant = known.settings.home_assistant.model_copy(
            update={"consumption_entity_id": None}
        )
        settings = known.settings.model_copy(update={"home_assistant": home_assistant})
        load = await gather_load(replace(known, settings=settings), [MIDNIGHT], [], now=MIDNIGHT)
    assert load.status.quality == Quality.ESTIMATED
    assert load.status.detail == "no sensor of the consumption is mapped"


async def test_what_the_home_does_not_have_is_not_missing(sources: Sources) -> None:
    bare = Settings.model_validate(
        {"battery": {"capacity_kwh": 0}, "water_heating": {"power_kw": 0}}
    )
    home = await _home(replace(sources, settings=bare), [], quarters=0)
    assert home.soc_known
    assert {status.quality for status in home.inputs} == {Quality.LIVE}
    assert [status.source for status in home.inputs] == [
        "no battery configured",
        "no water heater configured",
    ]
