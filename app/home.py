"""The state of the home at the start of a run, with what is known about each number."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from app.clock import local_day, local_midnight, slot_floor
from app.db import observations
from app.db.engine import session_scope
from app.db.models import Observation
from app.errors import UpstreamError
from app.frames import SLOT_HOURS
from app.gather import Sources
from app.ingest import demo, home_assistant, mqtt_readings
from app.ingest.home_assistant import Reading
from app.planner.context import HomeState
from app.provenance import InputStatus, Quality
from app.water_today import water_today

SOC_PROJECTABLE_FOR = timedelta(hours=2)
DEMO_START_SOC_PERCENT = 50.0
_DAY_HOURS = 24


class PlannedSlot(Protocol):
    """What the home's state needs of a slot of the plan in force."""

    @property
    def slot_start(self) -> datetime: ...  # noqa: D102
    @property
    def slot_end(self) -> datetime: ...  # noqa: D102
    @property
    def classification(self) -> str: ...  # noqa: D102
    @property
    def soc_projected(self) -> float: ...  # noqa: D102
    @property
    def water_kw(self) -> float: ...  # noqa: D102
    @property
    def reason_params(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class HomeNow:
    """The home's state, whether its charge level can be trusted, and the inputs behind it."""

    state: HomeState
    soc_known: bool
    inputs: tuple[InputStatus, ...]


async def home_now(
    sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime, remember: bool = True
) -> HomeNow:
    """Read the home; what cannot be read is projected, sampled in demo mode, or unknown.

    ``remember`` stores the reading, for when the sensor falls silent.
    """
    soc, soc_status = await _soc(sources, plan, now=now, remember=remember)
    used_kwh, water_status = await _water_today(sources, plan, now=now)
    running = next((slot for slot in plan if slot.slot_start <= now < slot.slot_end), None)
    state = HomeState(
        # Unknown is planned as empty: the plan must not count on energy nobody has seen.
        soc_percent=sources.settings.battery.min_soc_percent if soc is None else soc,
        water_used_today_kwh=used_kwh,
        water_owed_kwh=_owed_kwh(sources, plan, now=now),
        water_caught_up_kwh=_caught_up_kwh(sources, plan, now=now),
        running_classification=running.classification if running else None,
        running_water_until=_heating_until(plan, now=now),
    )
    return HomeNow(state, soc is not None, (soc_status, water_status))


async def _soc(
    sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime, remember: bool
) -> tuple[float | None, InputStatus]:
    settings = sources.settings
    if not settings.battery.capacity_kwh:
        status = InputStatus("soc", "no battery configured", Quality.LIVE, now)
        return settings.battery.min_soc_percent, status
    entity_id = settings.home_assistant.battery_soc_entity_id
    reading, problem = await _read(sources, entity_id, home_assistant.soc_percent, now=now)
    source = home_assistant.SOURCE
    if reading is None:
        reading, source = _charge_level_heard(sources, now=now), mqtt_readings.SOURCE
    if reading is not None:
        value, at = reading
        quality = Quality.LIVE if now - at <= home_assistant.LIVE_FOR else Quality.CACHED
        seen = Observation(
            name="soc_percent",
            observed_at=at,
            value=value,
            unit="%",
            source=source,
            quality=quality.value,
        )
        if remember:
            async with session_scope(sources.sessions, writes=True) as session:
                await observations.record(session, seen)
        return value, InputStatus("soc", source, quality, at)
    projected = next(
        (slot.soc_projected for slot in plan if slot.slot_end == slot_floor(now)), None
    )
    async with session_scope(sources.sessions) as session:
        last = await observations.last(session, "soc_percent", after=now - SOC_PROJECTABLE_FOR)
    if last is not None:
        value = projected if projected is not None else last.value
        how = "no plan to follow since" if projected is None else "projected along the plan"
        detail = f"last reading {last.value:.0f} %, {how}; {problem}"
        return value, InputStatus("soc", last.source, Quality.ESTIMATED, last.observed_at, detail)
    if settings.is_demo:
        value = projected if projected is not None else DEMO_START_SOC_PERCENT
        detail = f"a simulated battery that follows the plan; {problem}"
        return value, InputStatus("soc", demo.SOURCE, Quality.SAMPLE, None, detail)
    return None, InputStatus("soc", home_assistant.SOURCE, Quality.MISSING, None, problem)


def _charge_level_heard(sources: Sources, *, now: datetime) -> tuple[float, datetime] | None:
    return mqtt_readings.charge_level(
        sources.readings,
        sources.settings.mqtt.readings,
        now=now,
        usable_for=home_assistant.USABLE_FOR,
    )


async def _water_today(
    sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime
) -> tuple[float, InputStatus]:
    settings = sources.settings
    power_kw = settings.water_heating.power_kw
    if not power_kw:
        return 0.0, InputStatus("water_today", "no water heater configured", Quality.LIVE, now)
    entity_id = settings.home_assistant.water_heater_daily_entity_id
    today = local_day(now, settings.zone)
    # A counter last written yesterday still shows yesterday's total.
    reading, problem = await _read(
        sources,
        entity_id,
        partial(home_assistant.daily_energy_kwh, most_kwh=_DAY_HOURS * power_kw),
        now=now,
        not_before=local_midnight(today, settings.zone),
    )
    if reading is not None:
        return reading[0], InputStatus(
            "water_today", home_assistant.SOURCE, Quality.LIVE, reading[1]
        )
    tracked = await water_today(sources, plan, now=now)
    quality = Quality.CACHED if tracked.is_measured else Quality.ESTIMATED
    if settings.is_demo and not tracked.measured:
        quality = Quality.SAMPLE
    source = "own recorder" if tracked.measured else "heater slots of the plan"
    detail = f"{tracked.words}; {problem}"
    return tracked.used_kwh, InputStatus("water_today", source, quality, now, detail)


async def _read(
    sources: Sources,
    entity_id: str | None,
    convert: Callable[[Reading, str], float],
    *,
    now: datetime,
    not_before: datetime | None = None,
) -> tuple[tuple[float, datetime] | None, str]:
    """Return (value, time) of a mapped sensor, or None and why."""
    ask: Callable[..., Awaitable[Reading]] = home_assistant.read_sensor
    if not sources.settings.home_assistant.url:
        return None, "Home Assistant is not configured"
    if not entity_id:
        return None, "no sensor is mapped"
    try:
        reading = await ask(
            sources.client,
            sources.settings.home_assistant,
            entity_id,
            now=now,
            not_before=not_before,
        )
        return (convert(reading, entity_id), reading.at), ""
    except UpstreamError as error:
        return None, str(error)


def _owed_kwh(sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime) -> float:
    """Return heating that was put off past midnight and is still ahead."""
    today = local_day(now, sources.settings.zone).isoformat()
    return sum(
        slot.water_kw * SLOT_HOURS
        for slot in plan
        if slot.slot_end > now and slot.reason_params.get("water_for_day", today) < today
    )


def _caught_up_kwh(sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime) -> float:
    """Return what was heated since midnight for the day before: today still gets its own."""
    zone = sources.settings.zone
    today = local_day(now, zone)
    return sum(
        slot.water_kw * SLOT_HOURS
        for slot in plan
        if slot.slot_end <= now
        and local_day(slot.slot_start, zone) == today
        and slot.reason_params.get("water_for_day", today.isoformat()) < today.isoformat()
    )


def _heating_until(plan: Sequence[PlannedSlot], *, now: datetime) -> datetime | None:
    """Return the end of the heater block in progress, None when the heater is off."""
    until = None
    for slot in plan:
        if slot.slot_end > now:
            if slot.water_kw <= 0:
                break
            until = slot.slot_end
    return until
