"""How often each price provider is asked, and what it last said; kept as long as the service runs.

Every wait is held as (when it began, how long): should the clock be set back, it is over at once.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.core.errors import NotPublishedYetError, UpstreamError
from app.ingest.http.client import RateLimitedError
from app.ingest.prices.day import DayRefusedError

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
FAILURES_BEFORE_REST = 5
REST = timedelta(minutes=15)
# Where a provider asks to slow down and does not say for how long.
REST_AFTER_429 = timedelta(minutes=10)
# What a Retry-After may ask for; more is a mistake, and a day ends by then.
LONGEST_REST = timedelta(hours=6)
# How soon a stored day is asked for again: corrections are rare, doubts want an answer.
CHECK_AGAIN = timedelta(minutes=90)
CHECK_A_DOUBT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Wait:
    begun: datetime
    length: timedelta

    def is_on(self, now: datetime) -> bool:
        return self.begun <= now < self.begun + self.length


@dataclass(frozen=True, slots=True)
class Rest:
    """A provider is left alone until an instant: by its own wish (HTTP 429), or after failures."""

    until: datetime
    by_its_wish: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a provider said of a day, how often it has been asked in vain, when it may be again."""

    error: UpstreamError
    times: int
    wait: _Wait


@dataclass(slots=True)
class Pace:
    """Waits by provider, and by provider and day.

    A day that the home is in is urgent: it is asked for at every run until the provider has
    failed ``FAILURES_BEFORE_REST`` times. For a day ahead the waits double, from a minute on. What
    a person wishes is asked at once, unless the provider itself asked to wait. A stored day is
    asked for again now and then; ``doubts`` says why one of them is not believed yet.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _answers: dict[tuple[str, date], _Answer] = field(default_factory=dict)
    _rests: dict[str, tuple[_Wait, bool]] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    doubts: dict[date, str] = field(default_factory=dict)
    _checks: dict[date, _Wait] = field(default_factory=dict)
    _stamps: dict[date, object] = field(default_factory=dict)
    _seen: dict[date, datetime] = field(default_factory=dict)

    def may_ask(
        self, provider: str, day: date, *, now: datetime, urgent: bool, wish: bool = False
    ) -> bool:
        """Tell whether a provider may be asked for a day now."""
        rest, answer = self.rest(provider, now=now), self._answers.get((provider, day))
        if rest and (rest.by_its_wish or not wish):
            return False
        return urgent or wish or answer is None or not answer.wait.is_on(now)

    def rest(self, provider: str, *, now: datetime) -> Rest | None:
        """Return until when a provider is left alone and by whose choice, None if it is not."""
        wait, by_its_wish = self._rests.get(provider, (None, False))
        if wait is None or not wait.is_on(now):
            return None
        return Rest(wait.begun + wait.length, by_its_wish)

    def is_new(self, day: date) -> bool:
        """Tell whether a stored day has not been looked at since the service started."""
        return day not in self._checks

    def is_due(self, day: date, *, now: datetime) -> bool:
        """Tell whether a stored day is to be asked for again."""
        return day in self._checks and not self._checks[day].is_on(now)

    def note_check(self, day: date, *, now: datetime, doubt: str = "") -> None:
        """Remember that a stored day was looked at, and why it is doubted, if it is."""
        self.doubts.pop(day, None)
        if doubt:
            self.doubts[day] = doubt
        self._checks[day] = _Wait(now, CHECK_A_DOUBT if doubt else CHECK_AGAIN * _spread())

    def is_changed(self, day: date, stamp: object) -> bool:
        """Tell whether the file of a day is another than when this was asked last."""
        changed = self._stamps.get(day) != stamp
        self._stamps[day] = stamp
        return changed

    def said(self, provider: str, day: date) -> UpstreamError | None:
        """Return why a provider's day was not had when it was last asked, None if it was not."""
        answer = self._answers.get((provider, day))
        return answer.error if answer else None

    def is_from_elsewhere(self, day: date, fetched_at: datetime) -> bool:
        """Tell whether another process has stored a day anew since this one saw it."""
        before, self._seen[day] = self._seen.get(day), fetched_at
        return before is not None and before != fetched_at

    def note_error(self, provider: str, day: date, error: UpstreamError, *, now: datetime) -> None:
        """Keep what went wrong, and space out the next question."""
        before = self._answers.get((provider, day))
        times = before.times + 1 if before else 1
        wait = min(FIRST_WAIT * 2 ** min(times - 1, 8), LONGEST_WAIT) * _spread()
        self._answers[provider, day] = _Answer(error, times, _Wait(now, wait))
        if isinstance(error, NotPublishedYetError | DayRefusedError):
            self._failures.pop(provider, None)  # it is there, and answers
        elif isinstance(error, RateLimitedError):
            asked = timedelta(seconds=error.after_seconds) or REST_AFTER_429
            self._rests[provider] = _Wait(now, min(asked, LONGEST_REST)), True
        else:
            self._failures[provider] = self._failures.get(provider, 0) + 1
            if self._failures[provider] >= FAILURES_BEFORE_REST:
                self._rests[provider] = _Wait(now, REST), False

    def note_success(self, provider: str, day: date, *, behind: Iterable[str] = ()) -> None:
        """Forget what a provider had against it, and what those behind it said of the day."""
        self._failures.pop(provider, None)
        self._rests.pop(provider, None)
        for name in (provider, *behind):
            self._answers.pop((name, day), None)

    def forget_before(self, day: date) -> None:
        """Drop what was said of days gone by."""
        self._answers = {key: kept for key, kept in self._answers.items() if key[1] >= day}
        self.doubts = {key: kept for key, kept in self.doubts.items() if key >= day}
        self._checks = {key: kept for key, kept in self._checks.items() if key >= day}
        self._stamps = {key: kept for key, kept in self._stamps.items() if key >= day}
        self._seen = {key: kept for key, kept in self._seen.items() if key >= day}


def _spread() -> float:
    """Return a factor by chance, so that homes do not all ask in step."""
    return random.uniform(1, 1.25)  # noqa: S311 - nothing depends on its secrecy
