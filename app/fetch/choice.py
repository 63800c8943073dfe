"""Which provider's answer is taken for a delivery day: the first, unless it is hardly real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
import structlog

from app.core.clock import local_midnight
from app.core.errors import NotPublishedYetError, UpstreamError
from app.db import prices
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.ingest.prices.day import (
    DELIVERY_ZONE,
    DayRefusedError,
    PriceDay,
    Refusal,
    converted,
    delivery_day,
)
from app.ingest.prices.doubts import agree, compared_with, doubts
from app.ingest.prices.providers import PriceProvider

_log = structlog.get_logger("darkstar.prices")


@dataclass(frozen=True, slots=True)
class Question:
    """A delivery day, when it is asked for, and whether a person wishes it now."""

    day: date
    now: datetime
    wish: bool = False
    # A stored day is only looked at again: that nobody answers takes nothing away.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A day to store in the home's currency, whose it is, and why it is hardly real, if so."""

    found: PriceDay
    provider: PriceProvider
    why: tuple[str, ...] = ()

    @property
    def doubt(self) -> str:
        """Return the sentence that says so, empty for a day that is believed."""
        return _doubt(self.found.source, self.why)


async def choose(
    sources: Sources,
    asked: Sequence[PriceProvider],
    question: Question,
    *,
    opinions: Sequence[PriceProvider] = (),
) -> Choice | None:
    """Ask one provider after another; return whose day to take, None where nobody has it.

    A doubted day is held against the next provider's, ``opinions`` too, which are asked only then.
    Two that agree are believed, one without doubts before one with them.
    """
    held: list[Choice] = []
    for provider in (*asked, *opinions):
        if provider in opinions and not held:
            break
        found = await _ask(sources, provider, question)
        if found is None:
            continue
        why = doubts(found, await _days_before(sources, question.day))
        twin = next((each for each in held if agree(each.found, found)), None)
        if twin or not why:
            return _taken(sources, question, twin or Choice(found, provider), held)
        held.append(Choice(found, provider, why))
    if not held:
        return None
    _log.warning("prices doubted", day=str(question.day), why=held[0].doubt)
    return held[0]


def _taken(sources: Sources, question: Question, choice: Choice, held: list[Choice]) -> Choice:
    """Return a day that is believed, and remember why those held before it are not."""
    choice = Choice(choice.found, choice.provider)
    for each in held:
        if each.provider is choice.provider:
            continue
        why = _doubt(each.found.source, each.why, beside=f" beside {choice.found.source}")
        refused = DayRefusedError(Refusal.DOUBTED, why)
        _tell(each.provider, question.day, refused, before=None)
        sources.pace.note_error(each.provider.name, question.day, refused, now=question.now)
    return choice


async def _ask(sources: Sources, provider: PriceProvider, question: Question) -> PriceDay | None:
    """Return one provider's day in the home's currency, None where it is not had now."""
    pace, day, now = sources.pace, question.day, question.now
    urgent = question.again or day == delivery_day(now)
    if not pace.may_ask(provider.name, day, now=now, urgent=urgent, wish=question.wish):
        return None
    try:
        found = await provider.fetch_day(sources.client, day=day, asked_at=now)
        found = await _in_home_currency(sources, found)
    except UpstreamError as error:
        _tell(provider, day, error, before=pace.said(provider.name, day))
        pace.note_error(provider.name, day, error, now=now)
        return None
    pace.note_success(provider.name, day)
    return found


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


async def _days_before(sources: Sources, day: date) -> pl.DataFrame:
    """Return the stored prices that a day is held against."""
    home = sources.settings.nordpool
    start, end = compared_with(local_midnight(day, DELIVERY_ZONE))
    async with session_scope(sources.sessions) as session:
        return await prices.load(
            session, area=home.price_area, currency=home.currency, start=start, end=end
        )


async def doubt_of_stored(sources: Sources, found: PriceDay) -> str:
    """Return why a stored day is hardly real, empty for an ordinary one."""
    return _doubt(found.source, doubts(found, await _days_before(sources, found.day)))


def _doubt(source: str, why: tuple[str, ...], *, beside: str = "") -> str:
    return f"{source} can hardly be believed{beside}: {' and '.join(why)}" if why else ""
