"""Have the days that should be out stored whole, and put right when a provider corrects one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

import structlog

from app.core.clock import local_midnight
from app.core.errors import NotPublishedYetError, UpstreamError
from app.db import prices
from app.db.connection.engine import session_scope
from app.fetch.choice import Choice, Question, choose, doubt_of_stored
from app.fetch.pace import FAILURES_BEFORE_REST
from app.fetch.sources import Sources
from app.ingest.prices.day import (
    DELIVERY_ZONE,
    DayRefusedError,
    PreliminaryError,
    PriceDay,
    Refusal,
    delivery_day,
    next_day,
    quoted_by,
)
from app.ingest.prices.doubts import same_prices
from app.ingest.prices.own_file import OwnPrices
from app.ingest.prices.providers import PriceProvider, providers

ASK_FOR_TOMORROW_FROM = time(12, 45)
_OUR_CHOICE = (
    f"by Darkstar's choice after {FAILURES_BEFORE_REST} failures in a row: Run planner asks at once"
)
_log = structlog.get_logger("darkstar.prices")


class Outcome(StrEnum):
    """What came of asking for a delivery day."""

    NEW = "new"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DayReport:
    """One delivery day: whose prices are stored, if any, and why other providers did not give it.

    ``refusals`` are sentences, in the order of the providers; ``failed`` tells that at least one
    of them is more than "not out yet". ``in_vain`` is why the day's own provider did not answer
    again, ``doubt`` why the stored prices are hardly real, ``from_elsewhere`` that another process
    has stored them since this one last looked.
    """

    day: date
    source: str | None
    outcome: Outcome
    refusals: tuple[str, ...]
    failed: bool
    in_vain: str = ""
    doubt: str = ""
    from_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is known of every delivery day that should be out, today first.

    ``waits`` says which providers are left alone, until when and by whose choice.
    """

    days: tuple[DayReport, ...]
    waits: tuple[str, ...] = ()

    @property
    def stored(self) -> bool:
        """Whether a day was stored that was not known before, or not with these prices."""
        return any(each.outcome in {Outcome.NEW, Outcome.CORRECTED} for each in self.days)

    @property
    def from_elsewhere(self) -> bool:
        """Whether another process has stored other prices since this one last looked."""
        return any(each.from_elsewhere for each in self.days)

    @property
    def doubted(self) -> bool:
        """Whether a stored day is hardly real and no other provider has the same prices."""
        return any(each.doubt for each in self.days)

    @property
    def problem(self) -> str:
        """What keeps the prices from being complete; empty while tomorrow is merely not out."""
        today = self.days[0].day
        missing = [
            f"{each.day}: {', '.join(each.refusals)}"
            for each in self.days
            if each.source is None and (each.failed or each.day == today)
        ]
        return "; ".join((*missing, *self.waits) if missing else ())

    @property
    def detail(self) -> str:
        """Why the prices are as they are: every refusal, and what is not out yet."""
        reasons = [
            f"{each.day} {f'is from {each.source}' if each.source else 'is missing'}: "
            f"{', '.join(each.refusals)}"
            for each in self.days
            if each.refusals
        ]
        doubts = [f"{each.day}: {each.doubt}" for each in self.days if each.doubt]
        return "; ".join((*reasons, *doubts, *(self.waits if self.problem else ())))


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


async def fetch_missing_days(
    sources: Sources, *, now: datetime, wish: bool = False, again: bool = False
) -> Fetched:
    """Fetch and store the delivery days that should be out and are not, or were corrected.

    ``wish``: a person waits for it, so that only a provider's own wish to be left alone counts.
    ``again``: ask for stored days, too, whoever they are from.
    """
    asked = providers(sources.settings)
    days = published_days(now)
    async with sources.pace.lock:
        sources.pace.forget_before(days[0])
        reports = [
            await _have(sources, asked, Question(day, now, wish=wish or again), again=again)
            for day in days
        ]
        return Fetched(tuple(reports), _waits(sources, asked, now=now))


async def _have(
    sources: Sources, asked: Sequence[PriceProvider], question: Question, *, again: bool
) -> DayReport:
    """Have one day stored: the whole of the first provider that has it, or none."""
    pace, day = sources.pace, question.day
    (stored, fetched_at), outcome = await _stored(sources, day), Outcome.UNCHANGED
    from_elsewhere = fetched_at is not None and pace.is_from_elsewhere(day, fetched_at)
    if stored is None:
        if choice := await choose(sources, asked, question):
            await _store(sources, choice, asked, now=question.now)
            outcome = Outcome.NEW
    else:
        first = await _ask_again(sources, asked, stored, question, again=again)
        if first and await _renewed(sources, asked, first, stored, question):
            outcome = Outcome.CORRECTED
    known = stored if outcome is Outcome.UNCHANGED else (await _stored(sources, day))[0]
    said = {each: error for each in asked if (error := pace.said(each.name, day))}
    # That a stored day's own provider did not answer again takes nothing away from it.
    own = [each for each in said if known and _is_from(each, known) and each.name != "file"]
    others = [error for each, error in said.items() if each not in own]
    return DayReport(
        day=day,
        source=known.source if known else None,
        outcome=outcome if known else Outcome.MISSING,
        refusals=tuple(str(error) for error in others),
        failed=any(not isinstance(error, NotPublishedYetError) for error in others),
        in_vain=str(said[own[0]]) if own else "",
        doubt=pace.doubts.get(day, "") if known else "",
        from_elsewhere=from_elsewhere,
    )


async def _ask_again(
    sources: Sources,
    asked: Sequence[PriceProvider],
    stored: PriceDay,
    question: Question,
    *,
    again: bool,
) -> list[PriceProvider]:
    """Return who is to be asked again for a stored day now, in their order; mostly nobody.

    Its own provider now and then; before it one that had the day as preliminary, and a file that
    was changed. Everybody where the day is doubted or a person asks.
    """
    pace, day, now = sources.pace, question.day, question.now
    if again:
        return list(asked)
    if pace.is_new(day):
        pace.note_check(day, now=now, doubt=await doubt_of_stored(sources, stored))
        if day in pace.doubts:
            return list(asked)
    is_due = pace.is_due(day, now=now)
    if is_due and day in pace.doubts:
        return list(asked)
    first: list[PriceProvider] = []
    for provider in asked[: _place(asked, stored) + 1]:
        is_own = _is_from(provider, stored)
        was_preliminary = isinstance(pace.said(provider.name, day), PreliminaryError)
        if isinstance(provider, OwnPrices):
            if pace.is_changed(day, await provider.stamp(day)):
                first.append(provider)
        elif (is_own and is_due) or (
            was_preliminary and pace.may_ask(provider.name, day, now=now, urgent=False)
        ):
            first.append(provider)
    return first


async def _renewed(
    sources: Sources,
    asked: Sequence[PriceProvider],
    first: Sequence[PriceProvider],
    stored: PriceDay,
    question: Question,
) -> bool:
    """Ask again for a stored day; return whether another one took its place."""
    pace, day, now = sources.pace, question.day, question.now
    doubted = pace.doubts.get(day, "")
    rest = [each for each in asked if each not in first]
    choice = await choose(sources, first, replace(question, again=True), opinions=rest)
    if choice is None:
        pace.note_check(day, now=now, doubt=doubted)
        return False
    converted = any(quoted_by(each.source)[1] for each in (stored, choice.found))
    if same_prices(stored.frame, choice.found.frame, is_converted=converted):
        pace.note_check(day, now=now, doubt=choice.doubt)
        return False
    own = _is_from(choice.provider, stored)
    is_older = own and choice.found.published_at < stored.published_at
    is_worse = not own and _place(asked, stored) < asked.index(choice.provider)
    if choice.doubt and not doubted:
        refused = DayRefusedError(Refusal.DOUBTED, choice.doubt)
        pace.note_error(choice.provider.name, day, refused, now=now)
    if is_older or (is_worse and not doubted) or (choice.doubt and not doubted):
        pace.note_check(day, now=now, doubt=doubted)
        return False
    await _store(sources, choice, asked, now=now)
    return True


def _is_from(provider: PriceProvider, stored: PriceDay) -> bool:
    return quoted_by(stored.source)[0] == provider.source


def _place(asked: Sequence[PriceProvider], stored: PriceDay) -> int:
    """Return which of the providers a stored day is from; behind them all if it is from nobody."""
    return next((at for at, each in enumerate(asked) if _is_from(each, stored)), len(asked))


def _waits(sources: Sources, asked: Sequence[PriceProvider], *, now: datetime) -> tuple[str, ...]:
    """Say of every provider that is left alone until when, and by whose choice."""
    rests = ((each.source, sources.pace.rest(each.name, now=now)) for each in asked)
    return tuple(
        f"{source} is asked again at {rest.until.astimezone(sources.settings.zone):%H:%M}, "
        + ("by its own wish" if rest.by_its_wish else _OUR_CHOICE)
        for source, rest in rests
        if rest
    )


async def _stored(sources: Sources, day: date) -> tuple[PriceDay | None, datetime | None]:
    """Return the day that is stored and when it was fetched; a stored day is a whole day."""
    home = sources.settings.nordpool
    async with session_scope(sources.sessions) as session:
        found = await prices.load(
            session,
            area=home.price_area,
            currency=home.currency,
            start=_midnight(day),
            end=_midnight(next_day(day)),
        )
    if found.is_empty():
        return None, None
    stored = PriceDay(
        day,
        home.price_area,
        home.currency,
        found.select("slot_start", "spot_price_per_kwh"),
        found["published_at"][0],
        found["provider"][0],
    )
    return stored, found["fetched_at"][0]


async def _store(
    sources: Sources, choice: Choice, asked: Sequence[PriceProvider], *, now: datetime
) -> None:
    """Store a day that was chosen, in place of the one before."""
    found, pace = choice.found, sources.pace
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
    behind = (each.name for each in asked[asked.index(choice.provider) + 1 :])
    settled = [name for name in behind if not _is_outvoted(pace.said(name, found.day))]
    pace.note_success(choice.provider.name, found.day, behind=settled)
    pace.note_check(found.day, now=now, doubt=choice.doubt)
    pace.is_from_elsewhere(found.day, now)
    for provider in asked:
        if isinstance(provider, OwnPrices):
            pace.is_changed(found.day, await provider.stamp(found.day))
    _log.info("prices stored", day=str(found.day), source=found.source)


def _is_outvoted(error: UpstreamError | None) -> bool:
    return isinstance(error, DayRefusedError) and error.refusal is Refusal.DOUBTED


def _midnight(day: date) -> datetime:
    """Return the instant (UTC) at which a delivery day begins."""
    return local_midnight(day, DELIVERY_ZONE)
