"""Gather the prices of one planning run: stored days, fetched where one is missing."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time

from app.clock import local_midnight
from app.db import prices
from app.db.engine import session_scope
from app.errors import NotPublishedYetError, PlanHeldError, UpstreamError
from app.frames import PRICES, SLOT
from app.gather import Gathered, Sources, horizon
from app.ingest import demo, nordpool, tariff
from app.provenance import InputStatus, Quality

ASK_FOR_TOMORROW_FROM = time(12, 45)


async def gather_prices(sources: Sources, *, now: datetime) -> Gathered:
    """Return ``frames.PRICES`` from the slot in progress on, else raise ``PlanHeldError``."""
    settings = sources.settings
    problem = (await fetch_missing_days(sources, now=now)).problem
    slots = horizon(now, settings)
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=slots[0],
            end=slots[-1] + SLOT,
        )
    if stored.height and stored["slot_start"][0] == slots[0]:
        fresh = not problem
        status = InputStatus(
            "prices",
            stored["provider"][0],
            Quality.LIVE if fresh else Quality.CACHED,
            max(stored["published_at"]),
            problem,
        )
        spot = stored.select("slot_start", "spot_price_per_kwh")
    elif settings.demo_home:
        status = InputStatus("prices", demo.SOURCE, Quality.SAMPLE, None, problem)
        end = _midnight(nordpool.next_day(published_days(now)[-1]))
        known = [slot for slot in slots if slot < end]
        sample = await asyncio.to_thread(
            demo.sample_slots, known, zone=settings.zone, currency=settings.nordpool.currency
        )
        spot = sample.select("slot_start", "spot_price_per_kwh")
    else:
        raise PlanHeldError(f"no price for the slot in progress: {problem or 'none stored'}")
    priced = await asyncio.to_thread(tariff.with_prices(spot.lazy(), settings.pricing).collect)
    return Gathered(priced.select(PRICES.names()), status)


def published_days(now: datetime) -> list[date]:
    """Return the delivery days that should be out by now: today, and tomorrow from 12:45 on.

    By the market's clock: a Finnish home just past its midnight still needs the day it is in.
    """
    today = nordpool.delivery_day(now)
    if now.astimezone(nordpool.DELIVERY_ZONE).time() < ASK_FOR_TOMORROW_FROM:
        return [today]
    return [today, nordpool.next_day(today)]


def _midnight(day: date) -> datetime:
    """Return the instant (UTC) at which a delivery day begins."""
    return local_midnight(day, nordpool.DELIVERY_ZONE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Whether new days were stored, whether some are still missing, and what went wrong."""

    stored: bool
    missing: bool
    problem: str


async def fetch_missing_days(sources: Sources, *, now: datetime) -> Fetched:
    """Fetch and store the delivery days that should be out and are not stored yet."""
    settings = sources.settings.nordpool
    today = nordpool.delivery_day(now)
    problem, stored, missing = "", False, False
    for day in published_days(now):
        start = _midnight(day)
        async with session_scope(sources.sessions) as session:
            known = await prices.load(
                session,
                area=settings.price_area,
                currency=settings.currency,
                start=start,
                end=start + SLOT,
            )
        if known.height:
            continue
        try:
            fetched = await nordpool.fetch_day(sources.client, settings, day=day)
        except NotPublishedYetError as error:
            problem, missing = problem or (str(error) if day == today else ""), True
        except UpstreamError as error:
            # Tomorrow is not asked of a source that just failed for today.
            return Fetched(stored, missing=True, problem=problem or str(error))
        else:
            origin = prices.DayOrigin(
                area=fetched.area,
                currency=fetched.currency,
                delivery_day=day,
                provider=fetched.source,
                published_at=fetched.published_at,
                fetched_at=now,
            )
            async with session_scope(sources.sessions) as session:
                await prices.save_day(session, origin, fetched.frame)
            stored = True
    return Fetched(stored, missing, problem)
