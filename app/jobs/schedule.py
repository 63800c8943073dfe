"""When to plan: at start, every so often, on new prices, and again soon after a run that failed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.core import clock
from app.core.errors import (
    DarkstarError,
    DatabaseUnavailableError,
    RunInProgressError,
    StandByError,
    UpstreamError,
)
from app.fetch.days import fetch_missing_days
from app.jobs.clock_watch import ClockWatch
from app.recorder import scoring
from app.recorder.run import Recorder
from app.service.replans import FAILED, RETRY_SECONDS, retry_pause
from app.service.services import Services
from app.settings import Settings

LOOK_SECONDS = 15
ALERT_SECONDS = 30
WATCH_SECONDS = 60
RECORD_SECONDS = 40
_log = structlog.get_logger("darkstar.schedule")


@dataclass(slots=True)
class Schedule:
    """The jobs of one process; ``failures`` spaces out runs that do not succeed.

    The first run plans in any case: the settings may be new. Once ``started``, a run leaves the
    plan to another service that keeps it fresh.
    """

    services: Services
    started: bool = False
    settled: Settings | None = None
    failures: int = 0
    recorder: Recorder = field(init=False)
    clock_watch: ClockWatch = field(init=False)

    def __post_init__(self) -> None:
        """Give the recorder what the planning job gathers from, and watch the clock."""
        self.recorder = Recorder(self.services.job.sources)
        self.clock_watch = ClockWatch(
            self.services.scheduler, lambda: self.services.stopping, self._plan_for_the_new_time
        )

    def start(self) -> None:
        """Add every job and let the scheduler go."""
        settings, now = self.services.job.settings, clock.now()
        if settings.automation.enable_scheduler:
            self._plan_by_itself(settings, first=now)
        else:
            again = IntervalTrigger(seconds=RETRY_SECONDS)
            self._add("prepare", self.prepare, again, first=now)
        look = IntervalTrigger(seconds=LOOK_SECONDS)
        self._add("look", self.look, look, first=now + timedelta(seconds=LOOK_SECONDS))
        # One that was ended is there again before the next plan wants it.
        self._add("planner", self.services.job.planner.keep, look, first=now + timedelta(seconds=5))
        alert = IntervalTrigger(seconds=ALERT_SECONDS)
        self._add("alerts", self.alerts, alert, first=now + timedelta(seconds=ALERT_SECONDS))
        daily = IntervalTrigger(hours=24, jitter=600)
        # A service that is restarted every day would never see a first run a day ahead.
        soon = now + timedelta(minutes=10)
        self._add("retention", self.services.purge, daily, first=soon)
        # Meters report late: two minutes after each slot, and soon after a start.
        quarterly = CronTrigger(minute="2,17,32,47", jitter=30, timezone="UTC")
        self._add("record", self.record, quarterly, first=now + timedelta(seconds=RECORD_SECONDS))
        # After the home's midnight, when the day and its last slot are recorded.
        self._score_nightly(settings, first=soon)
        self.settled = settings
        self.services.scheduler.start()
        self.clock_watch.look()

    def _plan_for_the_new_time(self) -> None:
        """Plan at once when the clock was set: which slot is in progress is another now."""
        if self.services.job.settings.automation.enable_scheduler:
            self.services.replan_soon("clock")

    def settle(self, settings: Settings) -> None:
        """Follow changed settings: whether and how often to plan, and when the home's day ends."""
        last, self.settled = self.settled, settings
        self.recorder.sources = self.services.alerts.teller.sources = self.services.job.sources
        if last is None:
            return
        was, is_now, now = last.automation, settings.automation, clock.now()
        if is_now.enable_scheduler and (
            not was.enable_scheduler or was.plan_every_minutes != is_now.plan_every_minutes
        ):
            planned = self.services.scheduler.get_job("plan")
            due = now + timedelta(minutes=is_now.plan_every_minutes)
            # A run that is due anyway, a retry perhaps, is not put off.
            first = min(planned.next_run_time or due, due) if planned else now
            self._plan_by_itself(settings, first=first)
        if was.enable_scheduler and not is_now.enable_scheduler:
            for name in ("plan", "prices"):
                self.services.scheduler.remove_job(name)
        if last.timezone != settings.timezone:
            self._score_nightly(settings, first=None)

    def _plan_by_itself(self, settings: Settings, *, first: datetime) -> None:
        minutes = settings.automation.plan_every_minutes
        self._add("plan", self.plan, IntervalTrigger(minutes=minutes, timezone="UTC"), first=first)
        watch = IntervalTrigger(seconds=WATCH_SECONDS, jitter=WATCH_SECONDS // 4)
        soon = clock.now() + timedelta(seconds=WATCH_SECONDS)
        self._add("prices", self.watch_prices, watch, first=soon)

    def _score_nightly(self, settings: Settings, *, first: datetime | None) -> None:
        nightly = CronTrigger(hour=0, minute=40, jitter=300, timezone=settings.zone)
        self._add("scores", self.score_forecasts, nightly, first=first)

    def _add(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        every: BaseTrigger,
        *,
        first: datetime | None,
    ) -> None:
        async def job() -> None:
            # Submitted just before the stop, it would work on a closed database.
            if self.services.stopping:
                return
            # What is cut off when the service stops has said so itself.
            with suppress(asyncio.CancelledError):
                await work()

        when = {} if first is None else {"next_run_time": first}
        self.services.scheduler.add_job(job, every, id=name, replace_existing=True, **when)

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
        if outcome not in FAILED:
            self.started, self.failures = True, 0
            return
        pause = retry_pause(self.failures, is_database=bool(self.services.database_error))
        self.failures += 1
        self._plan_at(clock.now() + pause)

    def _plan_at(self, instant: datetime) -> None:
        # A run may end after somebody switched the scheduler off.
        if self.services.scheduler.get_job("plan"):
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

    async def alerts(self) -> None:
        """See what is worth a message, and send it; a run in progress is judged at its end."""
        if not self.services.job.log.running:
            await self.services.watch_alerts()

    async def watch_prices(self) -> None:
        """Plan as soon as new prices are out; how often who is asked, their pace says."""
        job, now = self.services.job, clock.now()
        if job.log.running or not job.log.migrated:
            return
        try:
            with self.services.busy():
                found = await fetch_missing_days(job.sources, now=now)
        except DatabaseUnavailableError:  # the planning job and the status say so
            return
        if found.stored or found.from_elsewhere:
            self.services.events.publish("prices")
            # Whoever stored them plans by them; another service leaves that to it.
            await self.plan("prices" if found.stored else "")

    async def record(self) -> None:
        """Write down what happened in the slots that are over."""
        if not self.services.job.log.migrated:
            return
        with self.services.busy():
            try:
                done = await self.recorder.record(now=clock.now())
            except (UpstreamError, DatabaseUnavailableError) as error:
                _log.warning("nothing recorded", error=str(error))
            else:
                _log.info("slots recorded", slots=done.slots, gaps=done.gaps)
                for problem in done.problems:
                    _log.warning("sensor not recorded", problem=problem)

    async def score_forecasts(self) -> None:
        """Compare the forecasts of the last days with what was measured since."""
        job = self.services.job
        if not job.log.migrated:
            return
        with self.services.busy():
            try:
                scored = await scoring.score_recent_days(job.sources, now=clock.now())
            except DatabaseUnavailableError as error:
                _log.warning("forecasts not scored", error=str(error))
            else:
                _log.info("forecasts scored", rows=scored)
