"""Gather the prices of one planning run: stored days, fetched where one is missing."""

import asyncio
from datetime import datetime

import polars as pl

from app.db import prices
from app.db.engine import session_scope
from app.errors import PlanHeldError
from app.fetch_prices import fetch_missing_days, published_until
from app.frames import SLOT
from app.gather import Gathered, Sources, horizon
from app.ingest import demo, tariff
from app.provenance import InputStatus, Quality


async def gather_prices(sources: Sources, *, now: datetime) -> Gathered:
    """Return ``frames.PRICES`` from the slot in progress on, else raise ``PlanHeldError``."""
    settings = sources.settings
    fetched = await fetch_missing_days(sources, now=now)
    problem = fetched.problem
    slots = horizon(now, settings)
    asked = [*tariff.quarters_before(slots[0], settings), *slots]
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=asked[0],
            end=asked[-1] + SLOT,
        )
    if slots[0] in stored["slot_start"]:
        ahead = stored.filter(pl.col("slot_start") >= slots[0])
        status = InputStatus(
            "prices",
            "; ".join(ahead["provider"].unique(maintain_order=True)),
            Quality.CACHED if problem else Quality.LIVE,
            max(ahead["published_at"]),
            fetched.detail,
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
    return Gathered(priced.filter(pl.col("slot_start") >= slots[0]), status)
