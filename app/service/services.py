"""What handlers ask: the plan in force, the state of the service, and a new run."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.access.gate import Gate
from app.alerts.monitor import Monitor
from app.core import clock
from app.core.errors import AnswerTooSlowError, DatabaseUnavailableError, TablesMissingError
from app.db import plans
from app.db.connection.engine import session_scope
from app.db.connection.patience import of_its_own
from app.fetch.days import Fetched, fetch_missing_days
from app.gather.home.state import home_now
from app.plans import schedule_file as export
from app.plans.job import PlanningJob
from app.recorder import upkeep
from app.service.events import Broadcaster
from app.service.outbox import Outbox
from app.service.plan_cache import PlanCache
from app.service.plan_document import PlanDocument
from app.service.replans import Replans
from app.service.schemas.plan import InitialStateOut, InputOut, JobState, ScheduleOut, StatusOut
from app.service.status import Facts, status_of

# A second more than the database's patience, so that the database is named when it is to blame.
INITIAL_STATE_SECONDS = 5.8
# With the 3 s that open requests get, well inside the 10 s a supervisor waits.
SETTLE_SECONDS = 4
CANCEL_SECONDS = 1
_log = structlog.get_logger("darkstar.services")


@dataclass(slots=True)
class Services:
    """The running service, as handlers see it."""

    job: PlanningJob
    scheduler: AsyncIOScheduler
    gate: Gate
    events: Broadcaster = field(default_factory=Broadcaster)
    alerts: Monitor = field(init=False)
    plan_cache: PlanCache = field(init=False)
    outbox: Outbox = field(default_factory=Outbox)
    database_error: str = ""
    database_down_since: datetime | None = None
    database_up_since: datetime | None = None
    export_error: str = ""
    told_generation: int | None = None
    stopping: bool = False
    replans: Replans = field(default_factory=Replans)
    at_work: set[asyncio.Task[Any] | None] = field(default_factory=set)
    _exporting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Have the alerts tell the pages, and the readings of the plan how the database is."""
        self.alerts = Monitor(self.job, self.events.publish)
        self.plan_cache = PlanCache(self.job, self._database_told, self.busy)

    async def plan(self) -> ScheduleOut | None:
        """Return the plan in the database; while it is away, the last one this process saw.

        Where that one must not be followed any more, its rows say so: ``valid_until`` is over.
        """
        document = await self.plan_document()
        return document.plan if document else None

    async def plan_document(self) -> PlanDocument | None:
        """Return the same as it is sent."""
        if not self.job.log.migrated:
            # There are no tables to read yet; the job says why, once it has tried.
            self._note_database(self.job.log.database_error)
            found = self.plan_cache.held()
        else:
            found = await self.plan_cache.current()
        if found is not None and self.database_error and self.alerts.withdrawing:
            return await self.plan_cache.as_withdrawn(found)
        return found

    def _database_told(self, failure: DatabaseUnavailableError | None) -> None:
        if failure is None:
            self._note_database("")
        else:
            self._database_failed(failure)

    def _note_database(self, error: str) -> None:
        """Keep what the database's failure is, and since when it lasts."""
        self.database_error = error
        self.events.database_is(up=not error)
        self.database_down_since = (self.database_down_since or clock.now()) if error else None
        self.database_up_since = None if error else (self.database_up_since or clock.now())

    async def initial_state(self) -> InitialStateOut:
        """Read what a run started now would begin with; remembers nothing.

        Raises ``DatabaseUnavailableError`` or ``AnswerTooSlowError``.
        """
        try:
            async with asyncio.timeout(INITIAL_STATE_SECONDS):
                plan = await self.plan()
                if self.database_error:
                    # Asking again would cost the caller the database's whole patience once more.
                    raise DatabaseUnavailableError(self.database_error)
                slots = plan.schedule if plan else []
                home = await home_now(self.job.sources, slots, now=clock.now(), remember=False)
        except TimeoutError as error:
            raise AnswerTooSlowError(
                f"the home's state was not read within {INITIAL_STATE_SECONDS} s; "
                "check that Home Assistant and the database answer quickly"
            ) from error
        return InitialStateOut(
            soc_percent=home.state.soc_percent if home.soc_known else None,
            water_used_today_kwh=home.state.water_used_today_kwh,
            inputs=[InputOut.model_validate(status) for status in home.inputs],
        )

    async def run_planner(self, trigger: str) -> JobState:
        """Plan now, tell the pages, export the file; returns how it went.

        A run that published nothing is repeated soon.
        """
        with self.busy(), of_its_own():
            return await self._run_planner(trigger)

    async def refresh_prices(self) -> Fetched:
        """Ask for the prices that should be out again, stored or not, and plan by what is new.

        Raises ``DatabaseUnavailableError``.
        """
        if not self.job.log.migrated:
            raise DatabaseUnavailableError(
                self.job.log.database_error or "the database is being made"
            )
        with self.busy():
            found = await fetch_missing_days(self.job.sources, now=clock.now(), again=True)
        if found.stored:
            self.events.publish("prices")
            self.replan_soon("prices")
        return found

    def replan_soon(self, trigger: str) -> None:
        """Plan in the background as soon as no run is on."""
        self.replans.ask(trigger, self.run_planner, self.scheduler)

    async def look(self) -> None:
        """Tell the pages when a plan is in force that this process has not told them of."""
        try:
            async with session_scope(self.job.sources.sessions) as session:
                generation = await plans.generation(session)
        except DatabaseUnavailableError as error:
            self._database_failed(error)
            return
        if generation != self.told_generation:
            self.told_generation = generation
            self.events.publish("plan")

    def _database_failed(self, error: DatabaseUnavailableError) -> None:
        self._note_database(str(error))
        if isinstance(error, TablesMissingError):
            self.job.database_failed(error)

    async def purge(self) -> None:
        """Forget what is older than the configured retention."""
        with self.busy():
            try:
                gone = await upkeep.purge(self.job.sources)
            except DatabaseUnavailableError as error:
                _log.warning("nothing purged", error=str(error))
            else:
                _log.info("old rows purged", rows=gone)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Have the service wait for the present task before it stops."""
        task = asyncio.current_task()
        self.at_work.add(task)
        try:
            yield
        finally:
            self.at_work.discard(task)

    async def settle(self) -> None:
        """Let work in progress finish, else cancel it: it would leave its connection behind."""
        self.stopping = True
        self.replans.forget()
        if not (tasks := {task for task in self.at_work if task}):
            return
        _, late = await asyncio.wait(tasks, timeout=SETTLE_SECONDS)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_SECONDS)

    async def _run_planner(self, trigger: str) -> JobState:
        owed = set(self.replans.failed)
        log = await self.job.run(trigger)
        # At once: the log is that of the next run as soon as that begins.
        outcome, error = log.last_outcome, log.last_error
        self.replans.ended(
            trigger,
            outcome,
            owed=owed,
            again=self.replan_soon,
            scheduler=self.scheduler,
            is_database=bool(log.database_error),
        )
        if log.database_error:
            # Asking again would cost the caller the database's whole patience once more.
            self._note_database(log.database_error)
            self.alerts.database_failed(log.database_error)
            plan = None
        else:
            # First: it withdraws what must not be followed.
            await self.alerts.look()
            plan = await self.plan()
        await self._export_if_wanted(plan)
        self.events.run_ended(outcome)
        return self.job_state().model_copy(update={"last_outcome": outcome, "last_error": error})

    async def watch_alerts(self) -> None:
        """See what is worth a message and send it; a withdrawn plan is so in the file as well."""
        with self.busy():
            if await self.alerts.look():
                await self._export_if_wanted(await self.plan())
            await self.alerts.deliver()

    async def _export_if_wanted(self, plan: ScheduleOut | None) -> None:
        if plan is not None and self.job.settings.automation.write_schedule_json:
            await self._export(plan)

    async def _export(self, plan: ScheduleOut) -> None:
        """Write ``schedule.json``; where that fails the plan stands, and the status says so."""
        path = Path(self.job.settings.data_dir) / export.FILE_NAME
        async with self._exporting:
            try:
                is_open = self.job.settings.access.reads == "open"
                await asyncio.to_thread(
                    export.write_schedule_json, path, plan, for_everyone=is_open
                )
            except OSError as error:
                self.export_error = f"{path} cannot be written: {error.strerror}"
                _log.warning("export failed", error=self.export_error)
            else:
                self.export_error = ""

    def job_state(self) -> JobState:
        """Return what the planning job did last and does next."""
        log = self.job.log
        scheduled = self.scheduler.get_job("plan") if self.scheduler.running else None
        return JobState(
            running=log.running,
            phase=log.phase,
            last_started_at=log.last_started_at,
            last_finished_at=log.last_finished_at,
            last_outcome=log.last_outcome,
            last_error=log.last_error,
            next_run_at=scheduled.next_run_time if scheduled else None,
        )

    async def overview(self) -> tuple[ScheduleOut | None, StatusOut]:
        """Return the plan and the status that goes with it, from one reading of the database."""
        # The job first: a run that ends while the plan is read must not look done without one.
        job = self.job_state()
        plan = await self.plan()
        facts = Facts(
            settings=self.job.settings,
            access=self.gate.state,
            alerts=self.alerts.open,
            withdrawing=self.alerts.withdrawing,
            own_faults=(self.export_error, self.job.log.config_error),
            database_error=self.database_error,
            database_down_since=self.database_down_since,
        )
        return plan, status_of(facts, plan, job)
