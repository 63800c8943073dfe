"""The home's state at the start of a run."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from pydantic import SecretStr

from app.core.frames import SLOT
from app.core.provenance import InputStatus, Quality
from app.db import observations, observed
from app.db.connection import migrate
from app.db.connection.engine import close, make_engine, make_sessions, session_scope
from app.fetch.sources import Sources
from app.gather.home.charge_state import HELD_BACK
from app.gather.home.state import HomeNow, home_now
from app.gather.load import gather_load
from app.ingest.home.mqtt_readings import Readings
from app.settings import Database, HomeAssistant, Mqtt, Settings
from app.settings.mqtt import MqttReading
from tests.db.publishing import publish
from tests.fakes import CONSUMPTION, SOC, WATER, FakeUpstreams
from tests.made_plans import plan_of, slots

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
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


def _status(home: HomeNow, name: str) -> InputStatus:
    return next(status for status in home.inputs if status.name == name)


async def _water(
    sources: Sources, fakes: FakeUpstreams, text: str, *told: tuple[float, str]
) -> tuple[float, InputStatus]:
    """What is taken for today of a counter that said ``told`` (hours after midnight, state)."""
    fakes.sensors[WATER] = (text, "kWh")
    fakes.histories[WATER] = [(MIDNIGHT + hours * HOUR, said) for hours, said in told]
    home = await _home(_with_sensors(sources, fakes), [], quarters=40)
    return home.state.water_used_today_kwh, _status(home, "water_today")


DAILY = ((-5, "4.9"), (-1, "5.2"), (0, "0"), (3, "0.8"), (9, "1.3"))
LIFETIME = ((-5, "411.2"), (-1, "411.4"), (3, "412.2"), (9, "412.7"))
YOUNG = ((-5, "7.2"), (-1, "7.4"), (3, "8.2"), (9, "8.7"))
LATE_CLOCK = ((-1, "5.2"), (0.3, "5.4"), (0.5, "0"), (9, "1.1"))
RESTARTED = ((-1, "5.2"), (0, "0"), (3, "0.9"), (5, "unavailable"), (6, "0"), (9, "0.4"))


@pytest.mark.parametrize(
    ("text", "told", "kwh", "how"),
    [
        ("1.3", DAILY, 1.3, ""),
        ("412.7", LIFETIME, 1.3, "goes on counting"),
        ("8.7", YOUNG, 1.3, "goes on counting"),
        ("1.1", LATE_CLOCK, 1.3, ""),
        ("0.4", RESTARTED, 1.3, ""),
        ("5.2", ((-9, "5.2"),), 0.0, "goes on counting"),
        ("0.7", ((5, "0"), (9, "0.7")), 0.7, ""),
    ],
    ids=["daily", "lifetime", "young", "late clock", "restarted", "not begun anew", "just mapped"],
)
async def test_every_kind_of_counter_gives_what_was_used_since_midnight(
    sources: Sources, text: str, told: tuple[tuple[float, str], ...], kwh: float, how: str
) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT + 40 * SLOT) as fakes:
        used_kwh, status = await _water(sources, fakes, text, *told)
    assert used_kwh == pytest.approx(kwh)
    assert status.quality == Quality.LIVE
    assert how in status.detail
    assert bool(how) == bool(status.detail)


@pytest.mark.parametrize(
    ("text", "told", "why"),
    [
        ("12", ((5, "11.9"), (9, "12")), "does not reach back to midnight"),
        ("12", (), "does not reach back to midnight"),
        ("500", ((-5, "400"), (9, "500")), "counted 100 kWh since midnight"),
        ("6", ((-5, "8"), (2, "6"), (4, "9"), (6, "7"), (8, "6")), "a counter only rises"),
        ("unavailable", LIFETIME, "is unavailable"),
    ],
    ids=["since this morning", "not recorded", "too much", "a level of heat", "away"],
)
async def test_a_counter_that_cannot_be_told_is_refused_and_says_why(
    sources: Sources, text: str, told: tuple[tuple[float, str], ...], why: str
) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT + 40 * SLOT) as fakes:
        used_kwh, status = await _water(sources, fakes, text, *told)
    assert used_kwh == 0, "as planned: nothing"
    assert status.quality == Quality.ESTIMATED
    assert why in status.detail


async def test_a_counter_that_says_when_it_began_anew_needs_no_history(sources: Sources) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT + 40 * SLOT) as fakes:
        fakes.attributes[WATER] = {"state_class": "total", "last_reset": MIDNIGHT.isoformat()}
        used_kwh, status = await _water(sources, fakes, "2.5")
        assert (used_kwh, status.quality) == (2.5, Quality.LIVE)
        fakes.attributes[WATER] = {"last_reset": "1970-01-01T00:00:00+00:00"}
        _, never = await _water(sources, fakes, "2.5")
    assert never.quality == Quality.ESTIMATED


async def test_a_lifetime_counter_does_not_leave_the_day_without_hot_water(
    sources: Sources,
) -> None:
    with FakeUpstreams(now=lambda: MIDNIGHT + 40 * SLOT) as fakes:
        used_kwh, _ = await _water(sources, fakes, "8.7", *YOUNG)
    plan = plan_of(slots(MIDNIGHT + 40 * SLOT, [1.0] * 56), water_used_today_kwh=used_kwh)
    assert 4.7 <= plan.schedule["water_kw"].sum() / 4 < 4.7 + 0.75, "in whole quarters"


@dataclass
class Charge:
    """A battery's sensor, looked at run by run."""

    sources: Sources
    fakes: FakeUpstreams
    now: datetime = MIDNIGHT

    async def at(
        self, now: datetime, text: str = "63.5", *, said: datetime | None = None
    ) -> HomeNow:
        """The home at an instant; the sensor says ``text`` since ``said``."""
        self.now = now
        self.fakes.sensors[SOC] = (text, "%")
        self.fakes.said_at[SOC] = said or now
        return await home_now(_with_sensors(self.sources, self.fakes), [], now=now)


@pytest.fixture
def charge(sources: Sources) -> Iterator[Charge]:
    """A battery of 10 kWh and 5 kW whose history holds 63.5 % since long ago."""
    with FakeUpstreams() as fakes:
        found = Charge(sources, fakes)
        fakes.now = lambda: found.now
        fakes.histories[SOC] = [(MIDNIGHT - DAY, "63.5")]
        yield found


async def test_a_level_that_jumps_for_seconds_turns_no_plan_over(charge: Charge) -> None:
    second = timedelta(seconds=1)
    assert (await charge.at(MIDNIGHT)).state.soc_percent == 63.5
    for index, text in enumerate(("0", "100"), start=1):
        charge.fakes.histories[SOC].append((MIDNIGHT + index * second, text))
        home = await charge.at(MIDNIGHT + index * second, text)
        assert home.state.soc_percent == 63.5
        status = _status(home, "soc")
        assert status.quality == Quality.ESTIMATED
        assert f"{text} % is held back" in status.detail
        assert home.soc_known
    assert _status(await charge.at(MIDNIGHT + 3 * second), "soc").quality == Quality.LIVE


async def test_what_was_held_back_counts_once_it_has_lasted(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    jump = MIDNIGHT + MINUTE
    charge.fakes.histories[SOC].append((jump, "20"))
    assert (await charge.at(jump + 9 * MINUTE, "20", said=jump)).state.soc_percent == 63.5
    charge.fakes.histories[SOC].append((jump + 9.5 * MINUTE, "19.8"))
    later = await charge.at(jump + 10 * MINUTE, "19.8", said=jump + 9.5 * MINUTE)
    assert (later.state.soc_percent, _status(later, "soc").quality) == (19.8, Quality.LIVE)


async def test_after_a_restart_the_last_believed_level_comes_from_the_database(
    charge: Charge,
) -> None:
    await charge.at(MIDNIGHT)
    charge.sources = replace(charge.sources, readings=Readings())
    charge.fakes.histories[SOC] = []
    home = await charge.at(MIDNIGHT + 2 * MINUTE, "3")
    assert home.state.soc_percent == 63.5
    async with session_scope(charge.sources.sessions) as session:
        held = await observations.last(session, HELD_BACK, after=MIDNIGHT)
        believed = await observations.last(session, "soc_percent", after=MIDNIGHT)
    assert held is not None
    assert (held.value, held.quality) == (3, "held_back")
    assert believed is not None
    assert believed.value == 63.5


async def test_a_look_that_is_not_a_run_keeps_nothing(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    charge.fakes.sensors[SOC] = ("3", "%")
    charge.fakes.said_at[SOC] = charge.now = MIDNIGHT + MINUTE
    known = _with_sensors(charge.sources, charge.fakes)
    home = await home_now(known, [], now=MIDNIGHT + MINUTE, remember=False)
    assert home.state.soc_percent == 63.5
    async with session_scope(charge.sources.sessions) as session:
        assert await observations.last(session, HELD_BACK, after=MIDNIGHT) is None


async def test_a_jump_heard_by_mqtt_is_held_back_too(sources: Sources) -> None:
    reading = MqttReading(sensor="battery_soc", topic="inverter/soc", unit="%")
    mqtt = Mqtt.model_validate({"url": "mqtt://127.0.0.1", "readings": [reading.model_dump()]})
    known = replace(sources, settings=sources.settings.model_copy(update={"mqtt": mqtt}))

    async def heard(payload: bytes, seconds: float) -> tuple[float, Quality]:
        at = MIDNIGHT + timedelta(seconds=seconds)
        known.readings.receive((reading,), reading.topic, payload, at=at)
        home = await home_now(known, [], now=at)
        return home.state.soc_percent, _status(home, "soc").quality

    assert await heard(b"63.5", 0) == (63.5, Quality.LIVE)
    assert await heard(b"0", 1) == (63.5, Quality.ESTIMATED)
    assert await heard(b"100", 2) == (63.5, Quality.ESTIMATED)
    assert await heard(b"63.5", 3) == (63.5, Quality.LIVE)
    still = await home_now(known, [], now=MIDNIGHT + 5 * HOUR)
    assert _status(still, "soc").quality == Quality.LIVE, "it reports changes only"


async def _planned(sources: Sources, *, discharge_kw: float, hours: int) -> None:
    """Publish a plan made at midnight that moves the battery so."""
    frame = plan_of(slots(MIDNIGHT, [1.0] * 96)).schedule.with_columns(
        discharge_kw=pl.when(pl.col("slot_start") < MIDNIGHT + hours * HOUR)
        .then(discharge_kw)
        .otherwise(0.0),
        charge_kw=pl.lit(0.0),
    )
    await publish(sources.sessions.kw["bind"], frame, today=MIDNIGHT)


async def test_a_plan_that_holds_for_five_hours_does_not_make_itself_blind(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    await _planned(charge.sources, discharge_kw=0, hours=24)
    for hours in (1.5, 2.5, 5.0001, 8):
        home = await charge.at(MIDNIGHT + hours * HOUR, said=MIDNIGHT)
        status = _status(home, "soc")
        assert (home.state.soc_percent, status.quality) == (63.5, Quality.LIVE)
        assert "nothing was to move the battery" in status.detail
    charge.fakes.sensors[SOC] = ("unavailable", "%")
    charge.now = MIDNIGHT + 9 * HOUR
    away = await home_now(_with_sensors(charge.sources, charge.fakes), [], now=charge.now)
    assert _status(away, "soc").quality == Quality.ESTIMATED, "known an hour ago"


async def test_a_level_that_stays_while_the_plan_moves_it_is_frozen(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    await _planned(charge.sources, discharge_kw=0.5, hours=24)
    early = await charge.at(MIDNIGHT + 1.5 * HOUR, said=MIDNIGHT)
    assert _status(early, "soc").quality == Quality.LIVE, "7.7 % may hide in a coarse sensor"
    frozen = await charge.at(MIDNIGHT + 3 * HOUR, said=MIDNIGHT)
    status = _status(frozen, "soc")
    assert status.quality == Quality.ESTIMATED
    assert "frozen" in status.detail
    assert frozen.state.soc_percent == pytest.approx(63.5 - 15 / 0.95**0.5, abs=0.1)
    gone = await charge.at(MIDNIGHT + 4 * HOUR, said=MIDNIGHT)
    assert not gone.soc_known
    assert "frozen" in _status(gone, "soc").detail
    back = await charge.at(MIDNIGHT + 4.5 * HOUR, "41")
    assert (back.state.soc_percent, back.soc_known) == (41, True)


async def test_meters_that_stood_still_excuse_a_level_that_stays(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    await _planned(charge.sources, discharge_kw=0.5, hours=24)
    rest = {"quality": {"charge_kwh": "measured", "discharge_kwh": "measured"}}
    rows = [
        dict.fromkeys(observed.QUANTITIES)
        | {"slot_start": MIDNIGHT + i * SLOT, "charge_kwh": 0.0, "discharge_kwh": 0.0}
        | rest
        | {"source": "Home Assistant", "recorded_at": MIDNIGHT + DAY}
        for i in range(16)
    ]
    async with session_scope(charge.sources.sessions, writes=True) as session:
        await observed.save(session, rows)
    home = await charge.at(MIDNIGHT + 4 * HOUR, said=MIDNIGHT)
    assert _status(home, "soc").quality == Quality.LIVE, "the battery did not follow the plan"


async def test_a_bridge_that_died_is_noticed_by_the_silence_of_its_device(charge: Charge) -> None:
    await charge.at(MIDNIGHT)
    power = "sensor.battery_power"
    charge.fakes.sensors[power] = ("180", "W")
    charge.fakes.devices = {SOC: "inverter", power: "inverter"}
    now = MIDNIGHT + 5 * HOUR
    charge.fakes.said_at[power] = now - MINUTE
    alive = await charge.at(now, said=MIDNIGHT)
    assert "its device goes on reporting" in _status(alive, "soc").detail
    charge.fakes.said_at[power] = MIDNIGHT + 2 * HOUR
    dead = await charge.at(now, said=MIDNIGHT)
    assert _status(dead, "soc").quality == Quality.ESTIMATED
    assert "its bridge is gone" in _status(dead, "soc").detail


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
