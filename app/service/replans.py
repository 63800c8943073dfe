"""Plans that changes ask for: soon, one after the other, and never none."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from apscheduler.schedulers.base import BaseScheduler

from app.core import clock
from app.core.errors import RunInProgressError

WAIT_SECONDS = 0.5
RETRY_SECONDS = 10
RETRY_MAX_SECONDS = 320
SCHEDULED: Final = frozenset({"start", "schedule", "prices"})
"""Runs of the schedule, which repeats them itself."""
FAILED: Final = frozenset({"failed", "held"})
"""Outcomes of a run that published no plan."""
Run = Callable[[str], Awaitable[Any]]


def retry_pause(failures: int, *, is_database: bool) -> timedelta:
    """Return how long to wait after so many failures in a row.

    A database comes back within seconds and is ours; other people's servers get rest.
    """
    waits = 0 if is_database else min(failures, 10)
    return timedelta(seconds=min(RETRY_MAX_SECONDS, RETRY_SECONDS * 2**waits))


@dataclass(slots=True)
class Replans:
    """What waits for a plan. A change that comes while one is made gets another one.

    ``failed`` are runs that people or changes asked for and that published nothing: they are
    repeated until one does.
    """

    waiting: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    failures: int = 0
    is_on: bool = False

    def ended(
        self,
        trigger: str,
        outcome: str,
        *,
        owed: set[str],
        again: Callable[[str], None],
        scheduler: BaseScheduler,
        is_database: bool,
    ) -> None:
        """Note how a run ended; ``owed`` are the failed ones that it began after.

        One that published nothing is asked for ``again`` after a pause.
        """
        if outcome not in FAILED:
            self.failed -= owed
            self.failures = 0
        elif trigger not in SCHEDULED:
            self.failed.add(trigger)
            at = clock.now() + retry_pause(self.failures, is_database=is_database)
            self.failures += 1
            scheduler.add_job(
                self._repeat, "date", run_date=at, args=(again,), id="repeat", replace_existing=True
            )

    async def _repeat(self, again: Callable[[str], None]) -> None:
        """Ask again for what still waits; on the loop, not in a thread of the scheduler."""
        for trigger in sorted(self.failed):
            again(trigger)

    def forget(self) -> None:
        """Let nothing wait any more: the service stops."""
        self.waiting.clear()
        self.failed.clear()

    def ask(self, trigger: str, run: Run, scheduler: BaseScheduler) -> None:
        """Have ``run`` called with the trigger in the background, once no other run is on."""
        self.waiting.add(trigger)
        if not self.is_on:
            self.is_on = True
            scheduler.add_job(self._work, args=(run,), id="replan", replace_existing=True)

    async def _work(self, run: Run) -> None:
        try:
            while self.waiting:
                trigger = self.waiting.pop()
                try:
                    await run(trigger)
                except RunInProgressError:
                    self.waiting.add(trigger)
                    await asyncio.sleep(WAIT_SECONDS)
        finally:
            self.is_on = False
