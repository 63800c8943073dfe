"""Gather what the day after the published prices may look like, from the prices of recent days."""

import asyncio
from datetime import datetime, timedelta

import polars as pl

from app.core.clock import slot_floor
from app.core.frames import FORECAST, SLOT
from app.core.provenance import AFTER_THE_HORIZON, InputStatus, Quality
from app.db import prices
from app.db.connection.engine import session_scope
from app.fetch.sources import Gathered, Sources
from app.forecast import lookahead
from app.ingest import demo
from app.tariff import prices as tariff

# A whole local day may begin up to a day before the first slot that counts.
_LOOK_BACK = timedelta(days=lookahead.RECENT_DAYS + 1)


async def gather_lookahead(
    sources: Sources, known: Gathered, pv: Gathered, load: Gathered, *, now: datetime
) -> tuple[pl.DataFrame | None, InputStatus]:
    """Return ``frames.LOOKAHEAD`` (None if no whole day of prices is known) and its label."""
    end: datetime = known.frame["slot_start"][-1] + SLOT
    spot = await _recent_spot(sources, known, start=slot_floor(now - _LOOK_BACK), end=end)
    frame = await asyncio.to_thread(_estimate, spot, pv, load, end, sources)
    days = 0 if frame is None else frame["price_day"].n_unique()
    detail = f"mean of {days} recent days" if days else "no whole day of prices is stored yet"
    quality = Quality.ESTIMATED if days else Quality.MISSING
    if known.status.quality is Quality.SAMPLE:
        quality = Quality.SAMPLE
    return frame, InputStatus(AFTER_THE_HORIZON, known.status.source, quality, now, detail)


async def _recent_spot(
    sources: Sources, known: Gathered, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Return the spot prices of recent days: stored ones, or the sample's where the plan has it."""
    settings = sources.settings
    if known.status.quality is Quality.SAMPLE:
        grid = [start + SLOT * index for index in range(round((end - start) / SLOT))]
        sample = await asyncio.to_thread(
            demo.sample_slots, grid, zone=settings.zone, currency=settings.nordpool.currency
        )
        return sample.select("slot_start", "spot_price_per_kwh")
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=start,
            end=end,
        )
    return stored.select("slot_start", "spot_price_per_kwh")


def _estimate(
    spot: pl.DataFrame, pv: Gathered, load: Gathered, end: datetime, sources: Sources
) -> pl.DataFrame | None:
    settings = sources.settings
    forecast = pv.frame.lazy().join(load.frame.lazy(), on="slot_start", how="inner")
    return lookahead.lookahead(
        tariff.billed_spot(spot, settings),
        forecast.select(FORECAST.names()).collect(),
        end=end,
        zone=settings.zone,
        price=lambda lent: tariff.tariffed(lent, settings),
    )
