"""Gather the prices of one planning run: stored days, fetched where one is missing."""

import asyncio
from datetime import datetime

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_slots, local_day
from app.core.errors import PlanHeldError
from app.core.frames import SLOT
from app.core.provenance import InputStatus, Quality
from app.db import prices
from app.db.connection.engine import session_scope
from app.fetch.days import fetch_missing_days, published_until
from app.fetch.sources import Gathered, Sources, horizon
from app.ingest import demo
from app.ingest.prices.day import delivery_day
from app.settings import Settings
from app.tariff import prices as tariff


async def gather_prices(sources: Sources, *, now: datetime, wish: bool = False) -> Gathered:
    """Return ``frames.PRICES`` from the slot in progress on, else raise ``PlanHeldError``.

    ``wish``: a person asked for the plan, so that no wait of our own counts.
    """
    settings = sources.settings
    fetched = await fetch_missing_days(sources, now=now, wish=wish)
    problem = fetched.problem
    slots = horizon(now, settings)
    # Whole days: slots rank within their day, the hours of today that have passed among them.
    days = sorted({local_day(slot, settings.zone) for slot in slots})
    asked = [slot for day in days for slot in day_slots(day, settings.zone)]
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=asked[0],
            end=asked[-1] + SLOT,
        )
        corrected = await corrections_told(session, settings, now=now)
    if slots[0] in stored["slot_start"]:
        quality = Quality.CACHED if problem else Quality.LIVE
        if fetched.doubted:
            quality = Quality.ESTIMATED
        ahead = stored.filter(pl.col("slot_start") >= slots[0])
        status = InputStatus(
            "prices",
            "; ".join(ahead["provider"].unique(maintain_order=True)),
            quality,
            max(ahead["published_at"]),
            "; ".join(filter(None, (fetched.detail, *corrected))),
        )
        spot = stored.select("slot_start", "spot_price_per_kwh")
    elif settings.is_demo:
        status = InputStatus("prices", demo.SOURCE, Quality.SAMPLE, None, problem)
        end = published_until(now)
        known = [slot for slot in asked if slot < end]
        sample = await asyncio.to_thread(
            demo.sample_slots, known, zone=settings.zone, currency=settings.nordpool.currency
        )
        spot = sample.select("slot_start", "spot_price_per_kwh")
    else:
        raise PlanHeldError(f"no price for the slot in progress: {problem or 'none stored'}")
    priced = await asyncio.to_thread(tariff.with_prices(spot.lazy(), settings).collect)
    within = pl.col("slot_start").is_between(slots[0], slots[-1])
    return Gathered(priced.filter(within), status, beside=priced.filter(~within))


async def corrections_told(
    session: AsyncSession, settings: Settings, *, now: datetime
) -> tuple[str, ...]:
    """Say which of the days from today on were replaced by later prices, and when last."""
    home = settings.nordpool
    found = await prices.corrections(
        session, area=home.price_area, currency=home.currency, since=delivery_day(now)
    )
    return tuple(
        f"{each.delivery_day} was corrected at "
        f"{each.superseded_at.astimezone(settings.zone):%H:%M on %Y-%m-%d}"
        for each in found
    )
