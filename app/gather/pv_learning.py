"""What the home's own production teaches: how its roof differs from the model, and how surely.

The demo home's recorder knows a simulation only, and teaches nothing.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import local_day, slot_floor
from app.core.frames import SLOT
from app.db import modelled_pv, observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.forecast import pv_climatology, pv_correction, pv_spread
from app.gather.day_ahead import issued_before
from app.gather.pv_plant import Plant, modelled
from app.ingest.weather.open_meteo import MOST_PAST_DAYS, PAST_DAYS

KIND: Final = "pv_kwh"
# A meter a little off is a meter; one that gives twice the plant's limit is broken.
_SLACK_RATIO: Final = 1.25
# At its limit an inverter tells nothing of the panels behind it.
_LIMITED_RATIO: Final = 0.98
_SAVE_SECONDS: Final = 30


async def past_days(sources: Sources, plant: Plant, *, now: datetime) -> int:
    """Return how many days of weather are missing that production was measured in.

    A week at least, to know the snow; all that can be had for a plant not modelled yet.
    """
    if sources.settings.is_demo:
        return PAST_DAYS
    async with session_scope(sources.sessions) as session:
        last = await modelled_pv.newest(session, plant.made_for)
        if last is None and await observed.newest_of(session, KIND) is None:
            return PAST_DAYS
    missing = MOST_PAST_DAYS if last is None else (now - last).days + 1
    return min(max(missing, PAST_DAYS), MOST_PAST_DAYS)


async def remember(sources: Sources, plant: Plant, panels: pl.DataFrame, *, now: datetime) -> None:
    """Store what the panels should have given in the slots that are over and not stored yet."""
    start = pl.col("slot_start")
    async with session_scope(sources.sessions) as session:
        last = await modelled_pv.newest(session, plant.made_for)
    over = panels.filter(start < slot_floor(now))
    new = over if last is None else over.filter(start > last)
    rows = await asyncio.to_thread(modelled, new, plant)
    # Three months of slots, once, take longer than a transaction commonly may.
    async with session_scope(
        sources.sessions, timeout_seconds=_SAVE_SECONDS, writes=True
    ) as session:
        await modelled_pv.save(session, plant.made_for, rows)


async def correction(sources: Sources, plant: Plant, *, now: datetime) -> pv_correction.Correction:
    """Return what the roof does to the model, neutral until enough days have shown it."""
    if sources.settings.is_demo:
        return pv_correction.NEUTRAL
    start = slot_floor(now - timedelta(days=pv_correction.WINDOW_DAYS))
    async with session_scope(sources.sessions) as session:
        found = await modelled_pv.compared(
            session, plant.made_for, start=start, end=slot_floor(now)
        )
    usable = found.filter(
        pl.col("snow_ratio") == 0,
        ~pl.col("is_limited"),
        pl.col("measured_kwh").is_between(0, _LIMITED_RATIO * plant.most_kwh),
    )
    if sources.settings.inverter.can_curtail_pv:
        # Who is charged for selling may have been told to stop.
        usable = usable.filter(pl.col("export_price_per_kwh").fill_null(0) >= 0)
    return await asyncio.to_thread(pv_correction.learn, usable, today=now.date())


async def past_errors(sources: Sources, plant: Plant, *, now: datetime) -> pl.DataFrame:
    """Return ``slot_start``, ``forecast_kwh`` as issued the day before, and ``measured_kwh``."""
    zone = sources.settings.zone
    today = local_day(now, zone)
    days = [today - timedelta(days=ago) for ago in range(pv_spread.SPREAD_DAYS, 0, -1)]
    issued: list[pl.DataFrame] = []
    async with session_scope(sources.sessions) as session:
        measured = await _measured(
            sources, plant, start=slot_floor(now - timedelta(days=len(days) + 2)), end=now
        )
        for day in days if measured.height else ():
            issue = await issued_before(session, KIND, day, zone)
            if issue is not None and issue.made_for == plant.made_for:
                issued.append(issue.frame)
    forecast = pl.concat([pl.DataFrame(schema=measured.schema), *(_values(f) for f in issued)])
    return forecast.rename({"value": "forecast_kwh"}).join(
        measured.rename({"value": "measured_kwh"}), on="slot_start"
    )


def _values(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("slot_start", "value")


async def _measured(
    sources: Sources, plant: Plant, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Return ``slot_start`` and ``value`` in kWh of what a meter said and can be believed."""
    if sources.settings.is_demo:
        return _values(pl.DataFrame(schema=observed.QUANTITY))
    async with session_scope(sources.sessions) as session:
        found = await observed.quantity(session, KIND, start=start, end=slot_floor(end))
    return _values(found).filter(pl.col("value").is_between(0, _SLACK_RATIO * plant.most_kwh))


async def climatology(
    sources: Sources, plant: Plant, slots: list[datetime], *, now: datetime
) -> tuple[pl.DataFrame, int] | None:
    """Return ``pv_spread.PV`` from this time of the year, now and in years before, and its days."""
    half = timedelta(days=pv_climatology.HALF_MONTH_DAYS)
    found = []
    for ago in range(pv_climatology.YEARS):
        middle = slot_floor(now) - timedelta(days=365) * ago
        until = min(middle + half, slot_floor(now))
        found.append(await _measured(sources, plant, start=middle - half, end=until + SLOT))
    return await asyncio.to_thread(pv_climatology.climatology, pl.concat(found), slots=slots)
