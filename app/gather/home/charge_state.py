"""The battery's charge level at the start of a run, and how far it can be believed.

Whatever door a level enters by (Home Assistant, MQTT), it is held against what the battery can have
done since the last one that was believed, and, once it has not changed for long, against what
should have moved it. What is not believed is held back, told, and counts once it has lasted.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from app.core.clock import slot_floor
from app.core.errors import UpstreamError
from app.core.frames import SLOT, SLOT_HOURS
from app.core.provenance import InputStatus, Quality
from app.db import heater_slots, observations, observed
from app.db.connection.engine import session_scope
from app.db.tables.models import Observation
from app.fetch.sources import Sources
from app.ingest import demo
from app.ingest.home import charge_level, ha_company, ha_rest, home_assistant, mqtt_readings
from app.ingest.home.charge_level import Company, Followed, Move, Point, Reach

NAME: Final = "soc_percent"
HELD_BACK: Final = "soc_percent_held_back"
SOC_PROJECTABLE_FOR: Final = timedelta(hours=2)
# Older than that, no level is out of reach of the last one.
REMEMBERED_FOR: Final = timedelta(hours=24)
DEMO_START_SOC_PERCENT: Final = 50.0
_log = structlog.get_logger("darkstar.charge_level")


class ProjectedSlot(Protocol):
    """What is asked of a slot of the plan in force."""

    @property
    def slot_end(self) -> datetime: ...  # noqa: D102
    @property
    def soc_projected(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Heard:
    """A level in percent as a sensor says it, when it last confirmed it, and who else to ask."""

    percent: float
    at: datetime
    source: str
    points: Callable[[datetime], Awaitable[Sequence[Point]]]
    company: Callable[[], Awaitable[Company]]


@dataclass(frozen=True, slots=True)
class _Unbelieved:
    """Why no level is believed, and where it would be by what moved the battery, if known."""

    why: str
    followed: Followed | None = None


async def charge_state(
    sources: Sources, plan: Sequence[ProjectedSlot], *, now: datetime, remember: bool
) -> tuple[float | None, InputStatus]:
    """Return the charge level in percent, None where nobody knows it, and what it rests on.

    ``remember`` stores what is believed, and what is held back.
    """
    settings = sources.settings
    if not settings.battery.capacity_kwh:
        status = InputStatus("soc", "no battery configured", Quality.LIVE, now)
        return settings.battery.min_soc_percent, status
    async with session_scope(sources.sessions) as session:
        last = await observations.last(session, NAME, after=now - REMEMBERED_FOR)
    problem = _Unbelieved("")
    for ask in (_home_assistant, _mqtt):
        heard = await ask(sources, now=now)
        if isinstance(heard, _Heard):
            judged = await _judged(sources, heard, last, now=now, remember=remember)
            if isinstance(judged, InputStatus):
                return heard.percent, judged
            problem = judged if not problem.followed else problem
        elif not problem.why:
            problem = _Unbelieved(heard)
    return _without(sources, plan, last, problem, now=now)


async def _judged(
    sources: Sources, heard: _Heard, last: Observation | None, *, now: datetime, remember: bool
) -> InputStatus | _Unbelieved:
    """Return the status of a level that is believed, or why it is not."""
    if last is not None and await _jumped(sources, heard, last, now=now):
        after = max(heard.at - last.observed_at, timedelta(0)) / timedelta(seconds=1)
        why = (
            f"{heard.percent:g} % is held back: {last.value:g} % was known {after:.0f} s before, "
            "and the battery cannot have moved so far; "
            f"it counts once it has lasted {charge_level.PERSISTS_AFTER.seconds // 60} minutes"
        )
        if remember:
            _log.warning("charge level held back", source=heard.source, why=why)
            await _store(sources, HELD_BACK, heard, at=heard.at, quality="held_back")
        return _Unbelieved(why)
    company, moved = Company(), Followed(heard.percent, 0.0)
    if now - heard.at > charge_level.LIVE_FOR:
        company, moved = await heard.company(), await _moved(sources, heard, now=now)
    if why := charge_level.doubt(heard.percent, heard.at, company, moved, now=now):
        why = f"the charge level is not believed: {why}"
        if remember:
            _log.warning("charge level not believed", source=heard.source, why=why)
        return _Unbelieved(why, moved)
    detail = charge_level.constancy(heard.at, company, now=now)
    if remember:
        # What has not changed is known as of now: it can be projected from here.
        await _store(
            sources, NAME, heard, at=now if detail else heard.at, quality=Quality.LIVE.value
        )
    return InputStatus("soc", heard.source, Quality.LIVE, heard.at, detail)


async def _jumped(sources: Sources, heard: _Heard, last: Observation, *, now: datetime) -> bool:
    """Tell whether the battery cannot have got here from ``last``, and the level has not lasted."""
    reach = Reach.of(sources.settings.battery)
    if reach.allows(last.value, heard.percent, within=heard.at - last.observed_at):
        return False
    begin = max(last.observed_at, now - 2 * charge_level.PERSISTS_AFTER)
    points = [
        (last.observed_at, last.value),
        *(each for each in await heard.points(begin) if last.observed_at < each[0] < heard.at),
        (max(heard.at, last.observed_at), heard.percent),
    ]
    return charge_level.believed(points, reach, until=now)[-1] != points[-1]


async def _moved(sources: Sources, heard: _Heard, *, now: datetime) -> Followed:
    """Follow a level since it was read along the battery's meters, and the plan without them."""
    # Slots are compared with slots: the one in progress counts as far as it has come.
    start, end = slot_floor(heard.at), slot_floor(now) + SLOT
    async with session_scope(sources.sessions) as session:
        planned = await heater_slots.battery_moves(session, start=start, end=end)
        metered = [
            await observed.quantity(session, name, start=start, end=end)
            for name in ("charge_kwh", "discharge_kwh")
        ]
    powers = {slot: (charge, discharge) for slot, charge, discharge in planned.iter_rows()}
    both = metered[0].join(metered[1], on="slot_start").select("slot_start", "value", "value_right")
    powers |= {slot: (up / SLOT_HOURS, down / SLOT_HOURS) for slot, up, down in both.iter_rows()}
    moves = [Move(slot, slot + SLOT, *kw) for slot, kw in powers.items()]
    return charge_level.followed(heard.percent, heard.at, moves, sources.settings.battery, now=now)


def _without(
    sources: Sources,
    plan: Sequence[ProjectedSlot],
    last: Observation | None,
    problem: _Unbelieved,
    *,
    now: datetime,
) -> tuple[float | None, InputStatus]:
    """Return what is known without a level that is believed: a projection, a sample, nothing."""
    projected = next(
        (slot.soc_projected for slot in plan if slot.slot_end == slot_floor(now)), None
    )
    if last is not None and now - last.observed_at <= SOC_PROJECTABLE_FOR:
        value, how = last.value, "no plan to follow since"
        if problem.followed is not None:
            value, how = problem.followed.percent, "followed along what moved the battery"
        elif now - last.observed_at <= charge_level.LIVE_FOR:
            how = "just before"
        elif projected is not None:
            value, how = projected, "projected along the plan"
        detail = f"last reading {last.value:.0f} %, {how}; {problem.why}"
        return value, InputStatus("soc", last.source, Quality.ESTIMATED, last.observed_at, detail)
    if sources.settings.is_demo:
        value = projected if projected is not None else DEMO_START_SOC_PERCENT
        detail = f"a simulated battery that follows the plan; {problem.why}"
        return value, InputStatus("soc", demo.SOURCE, Quality.SAMPLE, None, detail)
    return None, InputStatus("soc", home_assistant.SOURCE, Quality.MISSING, None, problem.why)


async def _home_assistant(sources: Sources, *, now: datetime) -> _Heard | str:
    """Return what Home Assistant says, or why it says nothing."""
    client, home = sources.client, sources.settings.home_assistant
    entity_id = home.battery_soc_entity_id
    if not home.url:
        return "Home Assistant is not configured"
    if not entity_id:
        return "no sensor is mapped"

    async def points(start: datetime) -> Sequence[Point]:
        try:
            found = await ha_rest.read_history(
                client, home, entity_id, unit=reading.unit, start=start, end=now
            )
        except UpstreamError:
            return []
        return list(found.iter_rows())

    async def company() -> Company:
        try:
            return (await ha_company.read_companies(home, [entity_id]))[entity_id]
        except UpstreamError as error:
            _log.info("the level's device was not asked", why=str(error))
            return Company()

    try:
        reading = await home_assistant.read_sensor(client, home, entity_id)
        percent = home_assistant.soc_percent(reading, entity_id)
    except UpstreamError as error:
        return str(error)
    return _Heard(percent, reading.at, home_assistant.SOURCE, points, company)


async def _mqtt(sources: Sources, *, now: datetime) -> _Heard | str:
    """Return what was heard by MQTT, or why nothing was."""
    readings, wanted = sources.readings, sources.settings.mqtt.readings
    level = mqtt_readings.charge_level(readings, wanted)
    if level is None:
        return "no sensor is mapped"

    async def points(start: datetime) -> Sequence[Point]:
        return mqtt_readings.charge_points(readings, wanted, start=start, end=now)

    async def company() -> Company:
        return mqtt_readings.company(readings, wanted)

    return _Heard(level[0], level[1], mqtt_readings.SOURCE, points, company)


async def _store(sources: Sources, name: str, heard: _Heard, *, at: datetime, quality: str) -> None:
    seen = Observation(
        name=name,
        observed_at=at,
        value=heard.percent,
        unit="%",
        source=heard.source,
        quality=quality,
    )
    async with session_scope(sources.sessions, writes=True) as session:
        await observations.record(session, seen)
