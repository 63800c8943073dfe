"""Where the house's past is known from: the own recorder, Home Assistant's statistics or history.

The richest is taken, as one whole: mixing meters that count different things makes a third.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import slot_floor
from app.core.errors import UpstreamError
from app.db import heater_slots, observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.forecast import ha_load, load_history
from app.forecast.load import WINDOW_DAYS, whole_days
from app.forecast.load_history import WATER
from app.ingest.home import home_assistant
from app.ingest.home.consumption import CONSUMPTION, most_kwh_per_slot

RECORDER: Final = "own recorder"
STATISTICS: Final = "Home Assistant's long-term statistics"
HISTORY: Final = "Home Assistant's history"
# Four half-lives hold 94 % of the weight: with as many days of its own, nobody else is asked.
ENOUGH_DAYS: Final = 28
# unless it has stopped: then a meter that still counts may know better.
STOPPED_AFTER: Final = timedelta(hours=24)
# All of it together: a run that waits longer would rather plan with less.
ASK_SECONDS: Final = 50


@dataclass(frozen=True, slots=True)
class Past:
    """What the house used (``CONSUMPTION``, without the heater), and where that is known from.

    ``days`` counts whole days, ``heater_days`` those that may still hold the water heater. ``why``
    says what else was known, and what could not be asked.
    """

    frame: pl.DataFrame
    source: str
    days: int
    heater_days: int = 0
    why: tuple[str, ...] = ()


@dataclass(slots=True)
class _Asked:
    """What has been tried so far."""

    found: list[Past] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def own_past(sources: Sources, *, until: datetime) -> Past:
    """Return what the recorder measured in the weeks before; implausible slots are left out."""
    settings = sources.settings
    begin, end = slot_floor(until - timedelta(days=WINDOW_DAYS)), slot_floor(until)
    async with session_scope(sources.sessions) as session:
        seen = await observed.quantity(session, "load_kwh", start=begin, end=end)
    most_kwh = most_kwh_per_slot(settings.grid, settings.inverter)
    frame = seen.select("slot_start", load_kwh="value").filter(
        pl.col("load_kwh").is_between(0, most_kwh)
    )
    return Past(frame, RECORDER, len(whole_days(frame, settings.zone)))


async def richest_past(sources: Sources, *, now: datetime) -> Past:
    """Return the past with the most whole days; its ``days`` are 0 where nobody has one.

    The recorder wins a tie: it knows the heater and every quarter. The demo home's recorder knows
    a simulation only.
    """
    home = sources.settings.home_assistant
    own = Past(pl.DataFrame(schema=CONSUMPTION), RECORDER, 0)
    if not sources.settings.is_demo:
        own = await own_past(sources, until=now)
    if own.days >= ENOUGH_DAYS and now - own.frame["slot_start"][-1] <= STOPPED_AFTER:
        return own
    if not home.url:
        return replace(own, why=("Home Assistant is not configured",))
    if not home.consumption_entity_id:
        return replace(own, why=("no sensor of the consumption is mapped",))
    asked = _Asked()
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await _home_assistant(sources, home.consumption_entity_id, asked, now=now)
    except TimeoutError:
        asked.problems.append(f"Home Assistant did not answer within {ASK_SECONDS} s")
    best = max(asked.found, key=lambda each: each.days, default=own)
    if best.days > own.days:
        return replace(best, why=(f"{RECORDER}: {own.days} days", *asked.problems))
    others = (f"{each.source}: {each.days} days" for each in asked.found)
    return replace(own, why=(*others, *asked.problems))


async def _home_assistant(
    sources: Sources, entity_id: str, asked: _Asked, *, now: datetime
) -> None:
    """Ask for the statistics, and for the history where they hold no whole day."""
    settings, home = sources.settings, sources.settings.home_assistant
    most_kwh = most_kwh_per_slot(settings.grid, settings.inverter)
    removes = home.consumption_includes_water_heater and settings.water_heating.power_kw > 0
    heated = (
        await _heated(sources, start=now - timedelta(days=WINDOW_DAYS), now=now)
        if removes
        else pl.DataFrame(schema=WATER)
    )
    try:
        rows = await ha_load.read_statistics(
            home,
            entity_id,
            water_entity_id=_water_entity(sources) if removes else None,
            now=now,
            days=WINDOW_DAYS,
        )
        frame = await asyncio.to_thread(rows.history, heated=heated, most_kwh=most_kwh)
        known = pl.concat([rows.water, heated])
        asked.found.append(_past(sources, frame, STATISTICS, known if removes else None))
        asked.problems += filter(None, [rows.problem])
    except UpstreamError as error:
        asked.problems.append(str(error))
    if asked.found and asked.found[0].days:
        return
    try:
        states = await home_assistant.read_consumption(
            sources.client, home, entity_id, now=now, most_kwh=most_kwh
        )
        kept = load_history.without_water(load_history.rows_of(states), heated)
        frame = load_history.slots(kept, most_kwh=most_kwh)
        asked.found.append(_past(sources, frame, HISTORY, heated if removes else None))
    except UpstreamError as error:
        asked.problems.append(str(error))


def _past(sources: Sources, frame: pl.DataFrame, source: str, water: pl.DataFrame | None) -> Past:
    """Count the whole days, and those of which nobody knows when the heater ran."""
    days = whole_days(frame, sources.settings.zone)
    heater_days = 0
    if water is not None:
        known = frame.join(water, on="slot_start", how="semi")
        heater_days = len(set(days) - set(whole_days(known, sources.settings.zone)))
    return Past(frame, source, len(days), heater_days=heater_days)


def _water_entity(sources: Sources) -> str | None:
    home = sources.settings.home_assistant
    return home.water_heater_entity_id or home.water_heater_daily_entity_id


async def _heated(sources: Sources, *, start: datetime, now: datetime) -> pl.DataFrame:
    """Return ``WATER`` from the recorder, and from the plans for slots it does not know."""
    begin, end = slot_floor(start), slot_floor(now)
    async with session_scope(sources.sessions) as session:
        seen = await observed.quantity(
            session,
            "water_kwh",
            start=begin,
            end=end,
            known_as=(*observed.KNOWN, observed.ESTIMATED),
        )
        planned = await heater_slots.executed(session, start=begin, end=end)
    recorded = seen.select(
        "slot_start",
        water_kwh="value",
        is_measured=pl.col("known_as").is_in(observed.KNOWN),
    )
    executed = planned.with_columns(is_measured=pl.lit(value=False))
    both = pl.concat([recorded, executed.select(WATER.names())])
    return both.unique("slot_start", keep="first", maintain_order=True).sort("slot_start")
