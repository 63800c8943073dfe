"""Gather what the sun will give: live, from the last forecast, sampled in demo mode, or zero."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from app.clock import slot_floor
from app.db import forecasts
from app.db.engine import session_scope
from app.errors import UpstreamError
from app.frames import PRICES
from app.gather import Gathered, Sources
from app.ingest import demo, open_meteo, pv_forecast
from app.provenance import InputStatus, Quality
from app.settings import SolarArray

PV_REUSABLE_FOR = timedelta(hours=24)


async def gather_pv(
    sources: Sources, slots: Sequence[datetime], ahead: Sequence[datetime], *, now: datetime
) -> tuple[Gathered, pl.DataFrame | None]:
    """Return ``slot_start`` and ``pv_kwh`` for the slots, and the weather if it was reached.

    Of the slots ``ahead``, beyond the plan, those that are known come with them.
    """
    settings = sources.settings
    arrays = [array for array in settings.solar_arrays if array.peak_power_kwp > 0]
    if not arrays:
        status = InputStatus("pv", "no solar arrays configured", Quality.LIVE, now)
        return Gathered(_no_pv([*slots, *ahead]), status), None
    try:
        weather = [
            await open_meteo.fetch_weather(
                sources.client, settings.open_meteo, location=settings.location, array=array
            )
            for array in arrays
        ]
        known = await asyncio.to_thread(_pv_energy, weather, arrays)
    except UpstreamError as error:
        return await _pv_without_weather(sources, slots, ahead, now=now, problem=str(error)), None
    pv = _covering(known, slots, ahead)
    if pv is None:
        problem = f"{open_meteo.SOURCE}: the forecast does not cover every slot of the plan"
        fallback = await _pv_without_weather(sources, slots, ahead, now=now, problem=problem)
        return fallback, weather[0]
    await _store_pv(sources, known, now=now)
    return Gathered(pv, InputStatus("pv", open_meteo.SOURCE, Quality.LIVE, now)), weather[0]


def _pv_energy(weather: list[pl.DataFrame], arrays: list[SolarArray]) -> pl.DataFrame:
    pairs = zip(weather, arrays, strict=True)
    return pv_forecast.total(
        [pv_forecast.pv_energy(frame.lazy(), array) for frame, array in pairs]
    ).collect()


def _no_pv(slots: Sequence[datetime]) -> pl.DataFrame:
    times = pl.DataFrame({"slot_start": slots}, schema={"slot_start": PRICES["slot_start"]})
    return times.with_columns(pv_kwh=pl.lit(0.0))


def _covering(
    known: pl.DataFrame, slots: Sequence[datetime], ahead: Sequence[datetime]
) -> pl.DataFrame | None:
    """Return all the slots and what is known of those ahead, None if a slot is not known."""
    found = known.filter(pl.col("slot_start").is_in([*slots, *ahead]))
    return found if set(slots) <= set(found["slot_start"]) else None


async def _store_pv(sources: Sources, known: pl.DataFrame, *, now: datetime) -> None:
    """Store the forecast as far as any plan may reach while it can be reused."""
    start = slot_floor(now)
    end = start + timedelta(hours=sources.settings.automation.horizon_hours) + PV_REUSABLE_FOR
    reachable = known.filter(pl.col("slot_start").is_between(start, end, closed="left"))
    issue = forecasts.Issue("pv_kwh", open_meteo.SOURCE, now, reachable.rename({"pv_kwh": "value"}))
    async with session_scope(sources.sessions) as session:
        await forecasts.save(session, issue)


async def _pv_without_weather(
    sources: Sources,
    slots: Sequence[datetime],
    ahead: Sequence[datetime],
    *,
    now: datetime,
    problem: str,
) -> Gathered:
    """Go down the ladder: the last issue of today, the demo sample, zero."""
    async with session_scope(sources.sessions) as session:
        last = await forecasts.latest(session, kind="pv_kwh", issued_after=now - PV_REUSABLE_FOR)
    if last is not None:
        pv = _covering(last.frame.rename({"value": "pv_kwh"}), slots, ahead)
        if pv is not None:
            status = InputStatus("pv", last.source, Quality.CACHED, last.issued_at, problem)
            return Gathered(pv, status)
    if sources.settings.demo_home:
        both = [*slots, *ahead]
        sample = await asyncio.to_thread(
            demo.sample_slots, both, zone=sources.settings.zone, currency=demo.CURRENCY
        )
        status = InputStatus("pv", demo.SOURCE, Quality.SAMPLE, None, problem)
        return Gathered(sample.select("slot_start", "pv_kwh"), status)
    status = InputStatus("pv", "no forecast: planned as zero", Quality.ESTIMATED, now, problem)
    return Gathered(_no_pv(slots), status)
