"""When to plan: at start, every so often, on new prices, and again soon after a run that failed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.interval import IntervalTrigger

from app import clock
from app.api.services import Services
from app.errors import (
    DarkstarError,
    DatabaseUnavailableError,
    RunInProgressError,
    StandByError,
)
from app.gather_prices import fetch_missing_days

RETRY_SECONDS = 10
RETRY_MAX_SECONDS = 320
LOOK_SECONDS = 15
WATCH_SECONDS = 60
WATCH_MAX_SECONDS = 600


@dataclass(slots=True)
class Schedule:
    """The jobs of one process; ``failures`` and ``asked`` space out what does not succeed.

    The first run plans in any case: the settings may be new. Once ``started``, a run leaves the
    plan to another service that keeps it fresh.
    """

    services: Services
    started: bool = False
    failures: int = 0
    asked: int = 0
    ask_after: datetime | None = None

    def start(self) -> None:
        """Add every job and let the scheduler go."""
        automation, now = self.services.job.settings.automation, clock.now()
        if automation.enable_scheduler:
            every = IntervalTrigger(minutes=automation.plan_every_minutes, timezone="UTC")
            self._add("plan", self.plan, every, first=now)
            watch = IntervalTrigger(seconds=WATCH_SECONDS, jitter=WATCH_SECONDS // 4)
            self._add(
                "prices", self.watch_prices, watch, first=now + timedelta(seconds=WATCH_SECONDS)
            )
        else:
            again = IntervalTrigger(seconds=RETRY_SECONDS)
            self._add("prepare", self.prepare, again, first=now)
        look = IntervalTrigger(seconds=LOOK_SECONDS)
        self._add("look", self.look, look, first=now + timedelta(seconds=LOOK_SECONDS))
        daily = IntervalTrigger(hours=24, jitter=600)
        # A service that is restarted every day would never see a first run a day ahead.
        soon = now + timedelta(minutes=10)
        self._add("retention", self.services.purge, daily, first=soon)
        self.services.scheduler.start()

    def _add(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        every: IntervalTrigger,
        *,
        first: datetime,
    ) -> None:
        async def job() -> None:
            # Submitted just before the stop, it would work on a closed database.
            if self.services.stopping:
                return
            # What is cut off when the service stops has said so itself.
            with suppress(asyncio.CancelledError):
                await work()

        self.services.scheduler.add_job(job, every, id=name, next_run_time=first)

    async def prepare(self) -> None:
        """Migrate the database where no run does it; again and again until it answers."""
        try:
            await self.services.job.prepare()
        except DarkstarError:
            return
        self.services.scheduler.remove_job("prepare")

    async def plan(self, trigger: str = "") -> None:
        """Plan; after a failure try again soon, beside another service only when it is overdue."""
        if self.services.job.log.running:
            return
        try:
            state = await self.services.run_planner(
                trigger or ("schedule" if self.started else "start")
            )
        except StandByError as other:
            self._plan_at(other.until)
        except RunInProgressError:
            self.started = True
            self._plan_at(clock.now() + timedelta(seconds=RETRY_SECONDS))
        else:
            self._after(state.last_outcome)

    def _after(self, outcome: str) -> None:
        if outcome not in {"failed", "held"}:
            self.started, self.failures = True, 0
            return
        # A database comes back within seconds and is ours; other people's servers get rest.
        waits = 0 if self.services.database_error else self.failures
        seconds = min(RETRY_MAX_SECONDS, RETRY_SECONDS * 2**waits)
        self.failures = min(self.failures + 1, 10)
        self._plan_at(clock.now() + timedelta(seconds=seconds))

    def _plan_at(self, instant: datetime) -> None:
        self.services.scheduler.modify_job("plan", next_run_time=instant)

    async def look(self) -> None:
        """See whether another service published, and whether the tables still stand."""
        job = self.services.job
        if job.log.running:
            return
        with self.services.busy():
            if job.log.migrated:
                await self.services.look()
            if not job.log.tables_lost:
                return
            with suppress(DarkstarError):  # the status says so, and the next look tries again
                await job.prepare()
        if job.log.migrated and job.settings.automation.enable_scheduler:
            await self.plan()

    async def watch_prices(self) -> None:
        """Plan as soon as new prices are out; ask for them ever more rarely."""
        job, now = self.services.job, clock.now()
        if job.log.running or not job.log.migrated or (self.ask_after and now < self.ask_after):
            return
        try:
            with self.services.busy():
                found = await fetch_missing_days(job.sources, now=now)
        except DatabaseUnavailableError:  # the planning job and the status say so
            return
        if found.stored:
            await self.plan("prices")
        self.asked = self.asked + 1 if found.missing else 0
        wait = min(WATCH_MAX_SECONDS, WATCH_SECONDS * 2 ** min(self.asked, 10) // 2)
        self.ask_after = now + timedelta(seconds=wait) if found.missing else None
