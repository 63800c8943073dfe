"""One planning run: gather, plan, check, publish; under a lock, off the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app import __version__
from app.core import metrics
from app.core.clock import local_day, local_midnight, now
from app.core.errors import (
    DarkstarError,
    DatabaseUnavailableError,
    PlanHeldError,
    RunInProgressError,
    StandByError,
    TablesMissingError,
)
from app.db import plans
from app.db.connection import lock, migrate
from app.db.connection.engine import session_scope
from app.db.connection.faults import is_transient
from app.fetch.sources import Sources
from app.gather.inputs import gather_inputs
from app.plans.process import Planner
from app.plans.record import result_of
from app.settings import Settings, config_hash

# Prices, then weather beside history, then two sensors: 140 s when every source hangs.
RUN_SECONDS = 180
# The triggers of a run that a person asked for.
WISHES = ("button", "mqtt")
# A deadlock passes at once, a database that restarts takes about a second.
PUBLISH_PAUSES_SECONDS = (0.1, 0.5, 1.5)
_log = structlog.get_logger("darkstar.job")


@dataclass(slots=True)
class JobLog:
    """What the planning job did last; read by the status page."""

    running: bool = False
    phase: str = ""
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    last_outcome: str = "none"
    last_error: str = ""
    migrated: bool = False
    tables_lost: bool = False
    database_error: str = ""
    config_error: str = ""


@dataclass(slots=True)
class PlanningJob:
    """The planner of one process; ``run`` is the only way a plan comes about.

    ``refresh_settings`` puts in force what was written into the files, and returns their fault.
    """

    sources: Sources
    engine: AsyncEngine
    planner: Planner
    log: JobLog = field(default_factory=JobLog)
    refresh_settings: Callable[[], Awaitable[str]] | None = None
    _single: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open_run: int | None = None
    _last_published: int | None = None

    @property
    def settings(self) -> Settings:
        """The settings this job plans with."""
        return self.sources.settings

    def use(self, settings: Settings) -> None:
        """Plan with other settings from the next run on: one that is on keeps its own."""
        self.sources = replace(self.sources, settings=settings)

    async def run(self, trigger: str) -> JobLog:
        """Plan once; a second caller waits for nothing and is told that a run is on."""
        if self._single.locked():
            raise RunInProgressError("a planning run is on; its plan will show in a moment")
        async with self._single:
            self.log.running, self.log.last_started_at = True, now()
            self.log.phase = "preparing"
            outcome, error = "failed", "the service stopped during the run"
            counts: dict[str, int] = {}
            try:
                async with asyncio.timeout(RUN_SECONDS):
                    outcome, counts = await self._plan_and_publish(trigger)
                    error = ""
            except RunInProgressError as other:
                outcome, error = "stood_down", ""
                await self._close_run("aborted", str(other))
                raise
            except PlanHeldError as held:
                outcome, error = "held", str(held)
            except TimeoutError:
                error = f"the run took longer than {RUN_SECONDS} s"
            except Exception as fault:  # noqa: BLE001 - the one place: the old plan stays, the run is told
                error = str(fault)
                if isinstance(fault, DatabaseUnavailableError):
                    self.database_failed(fault)
                if not isinstance(fault, DarkstarError):
                    # Its words may hold an address or a token: the page is no place for them.
                    error = f"{type(fault).__name__}: a bug in Darkstar, see the log"
                    _log.exception("planning run crashed", trigger=trigger)
            finally:
                self.log.running, self.log.last_finished_at = False, now()
                self.log.phase = ""
                self.log.last_outcome, self.log.last_error = outcome, error
                took = self.log.last_finished_at - self.log.last_started_at
                metrics.RUNS.labels(outcome).inc()
                metrics.RUN_SECONDS.observe(took.total_seconds())
                counts |= {"duration_ms": round(took / timedelta(milliseconds=1))}
                _log.info("planning run", trigger=trigger, outcome=outcome, error=error, **counts)
            await self._close_run(outcome, error)
            return self.log

    async def _close_run(self, status: str, error: str) -> None:
        """Give the row of a run that published nothing its end."""
        run_id, self._open_run = self._open_run, None
        if run_id is None:
            return
        try:
            async with session_scope(self.sources.sessions, writes=True) as session:
                await plans.finish_run(
                    session, run_id, status=status, error=error, finished_at=now()
                )
        except DatabaseUnavailableError as away:
            _log.warning("run left open for the next one to close", run_id=run_id, error=str(away))

    def database_failed(self, fault: DatabaseUnavailableError) -> None:
        """Remember what is wrong; the next run makes tables again that are gone."""
        self.log.database_error = str(fault)
        if isinstance(fault, TablesMissingError):
            self.log.migrated, self.log.tables_lost = False, True

    async def prepare(self) -> None:
        """Migrate the database once it answers."""
        if self.log.migrated:
            return
        try:
            async with asyncio.timeout(90):
                await migrate.upgrade(self.engine)
        except (OSError, TimeoutError) as error:
            self.log.database_error = "the database does not answer"
            raise DatabaseUnavailableError(self.log.database_error) from error
        except DarkstarError as error:
            self.log.database_error = str(error)
            raise
        self.log.migrated, self.log.tables_lost, self.log.database_error = True, False, ""

    async def _plan_and_publish(self, trigger: str) -> tuple[str, dict[str, int]]:
        """Return the outcome of a run and what it counted."""
        await self.prepare()
        if self.refresh_settings is not None:
            self.log.config_error = await self.refresh_settings()
        async with lock.planner_lock(self.engine):
            planned_at, sources = now(), self.sources
            async with session_scope(self.sources.sessions, writes=True) as session:
                if trigger == "schedule":
                    await self._leave_it_to_others(session, planned_at)
                # Only the holder of the lock plans: any other open run is one that a crash left.
                await plans.abort_running(session, now=planned_at)
                run_id = await plans.start_run(
                    session, _start(sources.settings, planned_at, trigger)
                )
                seen = await plans.generation(session)
            self._open_run, self.log.database_error = run_id, ""
            self.log.phase = "gathering"
            inputs = await gather_inputs(sources, planned_at, wish=trigger in WISHES)
            self.log.phase = "planning"
            plan = await self.planner.plan(inputs.slots, inputs.ctx)
            result = await asyncio.to_thread(result_of, inputs, plan, planned_at)
            self.log.phase = "publishing"
            await self._publish(
                run_id=run_id,
                schedule=plan.schedule,
                result=result,
                planned_at=planned_at,
                planner_version=__version__,
                today_start=local_midnight(
                    local_day(planned_at, sources.settings.zone), sources.settings.zone
                ),
                seen_generation=seen,
            )
            self._open_run, self._last_published = None, run_id
            return result.status, {"slots": plan.schedule.height, "warnings": len(result.warnings)}

    async def _leave_it_to_others(self, session: AsyncSession, at: datetime) -> None:
        """Raise ``StandByError`` while another service keeps this database's plan fresh."""
        latest = await plans.latest_run(session)
        if latest is None or latest.id == self._last_published:
            return
        every = timedelta(minutes=self.settings.automation.plan_every_minutes)
        if at - latest.planned_at < every:
            # A tenth of the interval for the other one to be late in.
            raise StandByError(
                "another Darkstar process plans on this database",
                until=latest.planned_at + 1.1 * every,
            )

    async def _publish(self, **publication: Any) -> None:
        """Publish in one transaction; run it again where that may help: it is idempotent."""
        for pause_seconds in (*PUBLISH_PAUSES_SECONDS, None):
            try:
                async with session_scope(self.sources.sessions, writes=True) as session:
                    await plans.publish(session, **publication)
            except DatabaseUnavailableError as error:
                if pause_seconds is None or not is_transient(error):
                    raise
                _log.warning("publish again", run_id=publication["run_id"], error=str(error))
                await asyncio.sleep(pause_seconds)
            else:
                return


def _start(settings: Settings, planned_at: datetime, trigger: str) -> plans.RunStart:
    return plans.RunStart(
        planned_at=planned_at,
        trigger=trigger,
        engine=settings.planner.engine,
        planner_version=__version__,
        config_hash=config_hash(settings),
        timezone=settings.timezone,
        currency=settings.nordpool.currency,
        demo_home=settings.is_demo,
    )
