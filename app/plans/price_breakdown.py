"""What each price of today and ahead is made of, from stored prices; fetches nothing."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from app.core.clock import day_slots, local_day
from app.core.frames import PRICE_PARTS, SLOT
from app.db import prices
from app.db.connection.engine import session_scope
from app.fetch.days import published_until
from app.fetch.sources import Sources, horizon
from app.ingest import demo
from app.ingest.prices.day import delivery_day
from app.tariff import prices as tariff
from app.tariff.status import tariff_problems


@dataclass(frozen=True, slots=True)
class Breakdown:
    """``frames.PRICE_PARTS`` with the ``provider`` of each slot; empty where no price is known.

    ``is_sample``: recorded prices of the demo home stand in. ``problems``: figures of the tariff
    that are missing or have run out, a sentence each. ``corrections``: days that were replaced.
    """

    frame: pl.DataFrame
    is_sample: bool
    problems: tuple[str, ...]
    corrections: tuple[prices.Correction, ...]


async def price_breakdown(sources: Sources, *, now: datetime) -> Breakdown:
    """Return the parts of every known price from local midnight on, as the planner takes them."""
    settings = sources.settings
    today = day_slots(local_day(now, settings.zone), settings.zone)
    ahead = horizon(now, settings)
    last = max(ahead[-1], today[-1])
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=today[0],
            end=last + SLOT,
        )
        corrected = await prices.corrections(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            since=delivery_day(now),
        )
    # As for a plan: the sample stands in where the slot in progress has no price.
    is_sample = settings.is_demo and ahead[0] not in stored["slot_start"]
    if is_sample:
        end = published_until(now)
        slots = [today[0] + SLOT * index for index in range(round((end - today[0]) / SLOT))]
        sample = await asyncio.to_thread(
            demo.sample_slots, slots, zone=settings.zone, currency=settings.nordpool.currency
        )
        stored = sample.select(
            "slot_start", "spot_price_per_kwh", pl.lit(demo.SOURCE).alias("provider")
        )
    frame = await asyncio.to_thread(_with_provider, stored, sources)
    problems = tariff_problems(settings, stored["slot_start"].to_list())
    return Breakdown(frame, is_sample, problems, tuple(corrected))


def _with_provider(stored: pl.DataFrame, sources: Sources) -> pl.DataFrame:
    parts = tariff.with_parts(stored, sources.settings).select(PRICE_PARTS.names())
    return parts.with_columns(stored["provider"])
