"""Gather what the house will use, each step down the ladder labelled.

Live history, the own recorder, the last forecast, own days of another time, the configured daily
energy; the sample only in the demo home.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import local_day
from app.core.errors import UpstreamError
from app.core.frames import SLOT
from app.core.provenance import InputStatus, Quality
from app.db import forecasts, observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Gathered, Sources
from app.forecast import load as load_forecast
from app.forecast.day_class import HomeCalendar
from app.forecast.load import WINDOW_DAYS, LoadForecast
from app.forecast.load_temperature import LEAST_DAYS_BEFORE, LEAST_HELD_OUT_DAYS
from app.gather.load_sources import RECORDER, Past, own_past, richest_past
from app.ingest import demo
from app.ingest.home.home_assistant import COUNTER_USABLE_FOR
from app.ingest.weather import outdoor_temperature

KIND: Final = "load_kwh"
LOAD_REUSABLE_FOR: Final = timedelta(hours=24)
# A recorder that stopped is not live, however much it holds; a counter may be silent for a day.
RECORDER_LIVE_FOR: Final = timedelta(hours=2)


async def gather_load(
    sources: Sources, slots: Sequence[datetime], ahead: Sequence[datetime], *, now: datetime
) -> Gathered:
    """Return ``load_forecast.LOAD`` for the slots, and for those ahead where they are known."""
    settings = sources.settings
    wanted = [*slots, *ahead]
    past = await richest_past(sources, now=now)
    if past.days:
        return await _from_past(sources, past, wanted, now=now)
    problem = "; ".join(past.why)
    if settings.is_demo:
        sample = await asyncio.to_thread(
            demo.sample_slots, wanted, zone=settings.zone, currency=demo.CURRENCY
        )
        status = InputStatus("load", demo.SOURCE, Quality.SAMPLE, None, problem)
        return Gathered(sample.select("slot_start", load_kwh="load_forecast_kwh"), status)
    lower = await _last_forecast(sources, slots, wanted, now=now, problem=problem)
    lower = lower or await _climatology(sources, wanted, problem=problem)
    if lower is not None:
        return lower
    daily_kwh = settings.forecasting.fallback_daily_load_kwh
    status = InputStatus(
        "load", f"configured {daily_kwh:g} kWh a day", Quality.ESTIMATED, now, problem
    )
    return Gathered(load_forecast.flat(daily_kwh, slots=wanted), status)


async def _from_past(
    sources: Sources, past: Past, wanted: list[datetime], *, now: datetime
) -> Gathered:
    temperature_c, no_weather = await _temperatures(sources, past, now=now)
    made = await _forecast(sources, past, wanted, temperature_c)
    newest: datetime = past.frame["slot_start"][-1]
    live_for = RECORDER_LIVE_FOR if past.source == RECORDER else COUNTER_USABLE_FOR
    fresh = now - newest <= live_for
    quality = Quality.LIVE if fresh else Quality.CACHED
    issued_at = now if fresh else newest
    detail = "; ".join([_words(past, made), *past.why, *no_weather])
    frame = made.frame.rename({"load_kwh": "value", "p10_kwh": "p10", "p90_kwh": "p90"})
    issue = forecasts.Issue(KIND, past.source, now, frame, made_for=_made_for(sources))
    async with session_scope(sources.sessions, writes=True) as session:
        await forecasts.save(session, issue)
    return Gathered(made.frame, InputStatus("load", past.source, quality, issued_at, detail))


def _words(past: Past, made: LoadForecast) -> str:
    """Say what the forecast was made from."""
    words = [f"from {made.days} day{'s' if made.days != 1 else ''}"]
    if past.heater_days:
        words.append(f"{past.heater_days} of them with the water heater still in")
    if made.kwh_per_degree_day:
        words.append(f"{made.kwh_per_degree_day:.1f} kWh more for every degree of cold and day")
    if made.slots_cut:
        words.append(f"{made.slots_cut} outlier{'s' if made.slots_cut != 1 else ''} cut")
    return ", ".join(words)


async def _forecast(
    sources: Sources, past: Past, wanted: list[datetime], temperature_c: dict[date, float]
) -> LoadForecast:
    settings = sources.settings
    return await asyncio.to_thread(
        load_forecast.from_history,
        past.frame,
        slots=wanted,
        calendar=HomeCalendar.of(settings.zone, settings.nordpool.price_area),
        temperature_c=temperature_c,
    )


async def _temperatures(
    sources: Sources, past: Past, *, now: datetime
) -> tuple[dict[date, float], list[str]]:
    """Return daily means, and why there are none; not asked for while they could decide nothing."""
    if past.days < LEAST_DAYS_BEFORE + LEAST_HELD_OUT_DAYS:
        return {}, []
    settings = sources.settings
    first = local_day(past.frame["slot_start"][0], settings.zone)
    days = (local_day(now, settings.zone) - first).days
    try:
        found = await outdoor_temperature.fetch_daily_means(
            sources.client,
            settings.open_meteo,
            location=settings.location,
            zone=settings.zone,
            past_days=min(WINDOW_DAYS, days) + 1,
        )
    except UpstreamError as error:
        return {}, [f"temperature left out: {error}"]
    return found, []


async def _last_forecast(
    sources: Sources,
    slots: Sequence[datetime],
    wanted: Sequence[datetime],
    *,
    now: datetime,
    problem: str,
) -> Gathered | None:
    """Return the last forecast of this home if it covers every slot of the plan."""
    async with session_scope(sources.sessions) as session:
        last = await forecasts.latest(
            session,
            kind=KIND,
            issued_after=now - LOAD_REUSABLE_FOR,
            made_for=_made_for(sources),
        )
    if last is None:
        return None
    known = last.frame.rename({"value": "load_kwh", "p10": "p10_kwh", "p90": "p90_kwh"})
    found = known.filter(pl.col("slot_start").is_in(list(wanted)))
    if not set(slots) <= set(found["slot_start"]):
        return None
    return Gathered(
        found, InputStatus("load", last.source, Quality.CACHED, last.issued_at, problem)
    )


async def _climatology(
    sources: Sources, wanted: list[datetime], *, problem: str
) -> Gathered | None:
    """Return a forecast from the newest days the recorder still has, however old."""
    async with session_scope(sources.sessions) as session:
        last = await observed.newest_of(session, "load_kwh")
    if last is None or not (past := await own_past(sources, until=last + SLOT)).days:
        return None
    made = await _forecast(sources, past, wanted, {})
    newest: datetime = past.frame["slot_start"][-1]
    zone = sources.settings.zone
    detail = f"{_words(past, made)} up to {local_day(newest, zone):%-d %B %Y}"
    status = InputStatus("load", past.source, Quality.ESTIMATED, newest, f"{detail}; {problem}")
    return Gathered(made.frame, status)


def _made_for(sources: Sources) -> str:
    """Return a fingerprint of the meter behind the forecast: another one's is not reused."""
    home = sources.settings.home_assistant
    parts = (
        home.url,
        home.consumption_entity_id,
        home.consumption_includes_water_heater,
        sources.settings.timezone,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
