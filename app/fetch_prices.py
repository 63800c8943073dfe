"""Ask the price providers in their order for the days that should be out, and store whole days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog

from app.clock import local_midnight
from app.db import prices
from app.db.engine import session_scope
from app.errors import NotPublishedYetError, UpstreamError
from app.frames import SLOT
from app.gather import Sources
from app.ingest.price_day import (
    DELIVERY_ZONE,
    DayRefusedError,
    PriceDay,
    Refusal,
    converted,
    delivery_day,
    next_day,
)
from app.ingest.price_providers import PriceProvider, providers

ASK_FOR_TOMORROW_FROM = time(12, 45)
_log = structlog.get_logger("darkstar.prices")


@dataclass(frozen=True, slots=True)
class DayReport:
    """One delivery day: whose prices are stored, if any, and why other providers did not give it.

    ``refusals`` are sentences, in the order of the providers; ``failed`` tells that at least one
    of them is more than "not out yet".
    """

    day: date
    source: str | None
    newly_stored: bool
    refusals: tuple[str, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is known of every delivery day that should be out, today first."""

    days: tuple[DayReport, ...]

    @property
    def stored(self) -> bool:
        """Whether a day was stored that was not known before."""
        return any(each.newly_stored for each in self.days)

    @property
    def problem(self) -> str:
        """What keeps the prices from being complete; empty while tomorrow is merely not out."""
        today = self.days[0].day
        return "; ".join(
            f"{each.day}: {', '.join(each.refusals)}"
            for each in self.days
            if each.source is None and (each.failed or each.day == today)
        )

    @property
    def detail(self) -> str:
        """Why the prices are as they are: every refusal, and what is not out yet."""
        return "; ".join(
            f"{each.day} {f'is from {each.source}' if each.source else 'is missing'}: "
            f"{', '.join(each.refusals)}"
            for each in self.days
            if each.refusals
        )


def published_days(now: datetime) -> list[date]:
    """Return the delivery days that should be out by now: today, and tomorrow from 12:45 on.

    By the market's clock: a Finnish home just past its midnight still needs the day it is in.
    """
    today = delivery_day(now)
    if now.astimezone(DELIVERY_ZONE).time() < ASK_FOR_TOMORROW_FROM:
        return [today]
    return [today, next_day(today)]


def published_until(now: datetime) -> datetime:
    """Return the instant (UTC) at which the prices that should be out by now end."""
    return _midnight(next_day(published_days(now)[-1]))


async def fetch_missing_days(sources: Sources, *, now: datetime) -> Fetched:
    """Fetch and store the delivery days that should be out and are not stored yet."""
    asked = providers(sources.settings)
    days = published_days(now)
    async with sources.pace.lock:
        sources.pace.forget_before(days[0])
        return Fetched(tuple([await _have(sources, asked, day, now=now) for day in days]))


async def _have(
    sources: Sources, asked: Sequence[PriceProvider], day: date, *, now: datetime
) -> DayReport:
    """Have one day stored: the whole of the first provider that has it, or none."""
    known = await _source_of(sources, day)
    stored = None if known else await _fetch(sources, asked, day, now=now)
    said = [error for each in asked if (error := sources.pace.said(each.name, day))]
    return DayReport(
        day=day,
        source=known or stored,
        newly_stored=stored is not None,
        refusals=tuple(str(error) for error in said),
        failed=any(not isinstance(error, NotPublishedYetError) for error in said),
    )


async def _fetch(
    sources: Sources, asked: Sequence[PriceProvider], day: date, *, now: datetime
) -> str | None:
    """Ask one provider after another; return the source of the day stored, None without one."""
    pace, urgent = sources.pace, day == delivery_day(now)
    for place, provider in enumerate(asked, start=1):
        if not pace.may_ask(provider.name, day, now=now, urgent=urgent):
            continue
        try:
            found = await provider.fetch_day(sources.client, day=day, asked_at=now)
            found = await _in_home_currency(sources, found)
        except UpstreamError as error:
            _tell(provider, day, error, before=pace.said(provider.name, day))
            pace.note_error(provider.name, day, error, now=now)
            continue
        pace.note_success(provider.name, day, behind=[each.name for each in asked[place:]])
        await _store(sources, found, now=now)
        _log.info("prices stored", day=str(day), source=found.source)
        return found.source
    return None


def _tell(
    provider: PriceProvider, day: date, error: UpstreamError, *, before: UpstreamError | None
) -> None:
    """Log a refusal once, not at every question; "not out yet" is no refusal."""
    if isinstance(error, NotPublishedYetError) or (before and before.code == error.code):
        return
    _log.warning(
        "prices not taken", provider=provider.name, day=str(day), code=error.code, why=str(error)
    )


async def _in_home_currency(sources: Sources, found: PriceDay) -> PriceDay:
    """Convert a day quoted in EUR by the last published exchange rate, which its source names."""
    settings = sources.settings
    currency, days = settings.nordpool.currency, settings.prices.exchange_rate_max_age_days
    if found.currency == currency:
        return found
    since = found.day - timedelta(days=days)
    async with session_scope(sources.sessions) as session:
        rate = await prices.latest_exchange_rate(
            session, currency=currency, since=since, until=found.day
        )
    if rate is None:
        raise DayRefusedError(
            Refusal.NO_RATE,
            f"{found.source} quotes in EUR, and no {currency} exchange rate "
            f"of the last {days} days is stored",
        )
    return converted(
        found, currency=currency, rate_per_eur=rate.per_eur, rate_day=rate.delivery_day
    )


async def _source_of(sources: Sources, day: date) -> str | None:
    """Return whose prices are stored for a day; a stored day is a whole day."""
    home = sources.settings.nordpool
    start = _midnight(day)
    async with session_scope(sources.sessions) as session:
        found = await prices.load(
            session, area=home.price_area, currency=home.currency, start=start, end=start + SLOT
        )
    return None if found.is_empty() else str(found["provider"][0])


async def _store(sources: Sources, found: PriceDay, *, now: datetime) -> None:
    origin = prices.DayOrigin(
        area=found.area,
        currency=found.currency,
        delivery_day=found.day,
        provider=found.source,
        published_at=found.published_at,
        fetched_at=now,
        exchange_rate_per_eur=found.exchange_rate_per_eur,
    )
    async with session_scope(sources.sessions, writes=True) as session:
        await prices.save_day(session, origin, found.frame)


def _midnight(day: date) -> datetime:
    """Return the instant (UTC) at which a delivery day begins."""
    return local_midnight(day, DELIVERY_ZONE)
