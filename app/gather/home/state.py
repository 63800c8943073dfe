"""The state of the home at the start of a run, with what is known about each number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.core.clock import local_day, local_midnight
from app.core.errors import UpstreamError
from app.core.frames import SLOT_HOURS
from app.core.provenance import InputStatus, Quality
from app.fetch.sources import Sources
from app.gather.home.charge_state import charge_state
from app.gather.home.water_today import water_today
from app.ingest.home import ha_counter, home_assistant
from app.ingest.home.ha_counter import CountedToday
from app.planner.model.context import HomeState

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
    soc, soc_status = await charge_state(sources, plan, now=now, remember=remember)
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


async def _water_today(
    sources: Sources, plan: Sequence[PlannedSlot], *, now: datetime
) -> tuple[float, InputStatus]:
    settings = sources.settings
    power_kw = settings.water_heating.power_kw
    if not power_kw:
        return 0.0, InputStatus("water_today", "no water heater configured", Quality.LIVE, now)
    counted = await _counted_today(sources, power_kw, now=now)
    if isinstance(counted, CountedToday):
        source = home_assistant.SOURCE
        status = InputStatus("water_today", source, Quality.LIVE, counted.at, counted.how)
        return counted.energy_kwh, status
    tracked = await water_today(sources, plan, now=now)
    quality = Quality.CACHED if tracked.is_measured else Quality.ESTIMATED
    if settings.is_demo and not tracked.measured:
        quality = Quality.SAMPLE
    source = "own recorder" if tracked.measured else "heater slots of the plan"
    detail = f"{tracked.words}; {counted}"
    return tracked.used_kwh, InputStatus("water_today", source, quality, now, detail)


async def _counted_today(sources: Sources, power_kw: float, *, now: datetime) -> CountedToday | str:
    """Return what the heater's counter says of today, or why it says nothing."""
    settings = sources.settings
    entity_id = settings.home_assistant.water_heater_daily_entity_id
    if not settings.home_assistant.url:
        return "Home Assistant is not configured"
    if not entity_id:
        return "no sensor is mapped"
    try:
        return await ha_counter.read_today(
            sources.client,
            settings.home_assistant,
            entity_id,
            midnight=local_midnight(local_day(now, settings.zone), settings.zone),
            now=now,
            most_kwh=_DAY_HOURS * power_kw,
        )
    except UpstreamError as error:
        return str(error)


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
