"""How often each price provider is asked, and what it last said; kept as long as the service runs.

Every wait is held as (when it began, how long): should the clock be set back, it is over at once.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.errors import NotPublishedYetError, UpstreamError
from app.ingest.http import RateLimitedError
from app.ingest.price_day import DayRefusedError

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
FAILURES_BEFORE_REST = 5
REST = timedelta(minutes=15)
# Where a provider asks to slow down and does not say for how long.
REST_AFTER_429 = timedelta(minutes=10)
# What a Retry-After may ask for; more is a mistake, and a day ends by then.
LONGEST_REST = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Wait:
    begun: datetime
    length: timedelta

    def is_on(self, now: datetime) -> bool:
        return self.begun <= now < self.begun + self.length


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
    failed ``FAILURES_BEFORE_REST`` times. For a day ahead the waits double, from a minute on.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _answers: dict[tuple[str, date], _Answer] = field(default_factory=dict)
    _rests: dict[str, _Wait] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)

    def may_ask(self, provider: str, day: date, *, now: datetime, urgent: bool) -> bool:
        """Tell whether a provider may be asked for a day now."""
        rest, answer = self._rests.get(provider), self._answers.get((provider, day))
        if rest and rest.is_on(now):
            return False
        return urgent or answer is None or not answer.wait.is_on(now)

    def said(self, provider: str, day: date) -> UpstreamError | None:
        """Return why a provider's day was not had when it was last asked, None if it was not."""
        answer = self._answers.get((provider, day))
        return answer.error if answer else None

    def note_error(self, provider: str, day: date, error: UpstreamError, *, now: datetime) -> None:
        """Keep what went wrong, and space out the next question."""
        before = self._answers.get((provider, day))
        times = before.times + 1 if before else 1
        # Spread, so that homes that failed together do not all come back together.
        spread = random.uniform(1, 1.25)  # noqa: S311 - nothing depends on its secrecy
        wait = min(FIRST_WAIT * 2 ** min(times - 1, 8), LONGEST_WAIT) * spread
        self._answers[provider, day] = _Answer(error, times, _Wait(now, wait))
        if isinstance(error, NotPublishedYetError | DayRefusedError):
            self._failures.pop(provider, None)  # it is there, and answers
        elif isinstance(error, RateLimitedError):
            asked = timedelta(seconds=error.after_seconds) or REST_AFTER_429
            self._rests[provider] = _Wait(now, min(asked, LONGEST_REST))
        else:
            self._failures[provider] = self._failures.get(provider, 0) + 1
            if self._failures[provider] >= FAILURES_BEFORE_REST:
                self._rests[provider] = _Wait(now, REST)

    def note_success(self, provider: str, day: date, *, behind: Iterable[str] = ()) -> None:
        """Forget what a provider had against it, and what those behind it said of the day."""
        self._failures.pop(provider, None)
        self._rests.pop(provider, None)
        for name in (provider, *behind):
            self._answers.pop((name, day), None)

    def forget_before(self, day: date) -> None:
        """Drop what was said of days gone by."""
        self._answers = {key: kept for key, kept in self._answers.items() if key[1] >= day}
