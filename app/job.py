"""One planning run: gather, plan, check, publish; under a lock, off the event loop."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta

import polars as pl
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app import __version__, outlook
from app.clock import iso_utc, local_day, local_midnight, now
from app.db import lock, migrate, plans, retention
from app.db.engine import session_scope
from app.errors import DarkstarError, DatabaseUnavailableError, PlanHeldError, RunInProgressError
from app.frames import FORECAST
from app.gather import Sources, gather_load, gather_prices
from app.gather_pv import gather_pv
from app.home import HomeNow, home_now
from app.ingest import assemble
from app.planner import checker
from app.planner.context import Context
from app.planner.run import Plan, make_plan
from app.planner.s_index import DayOutlook, safety_factor
from app.provenance import InputStatus, Quality
from app.settings import Settings, config_hash

# Prices, then weather beside history, then two sensors: 130 s when every source hangs.
RUN_SECONDS = 180
_log = structlog.get_logger("darkstar.job")


@dataclass(slots=True)
class JobLog:
    """What the planning job did last; read by the status page."""

    running: bool = False
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    last_outcome: str = "none"
    last_error: str = ""
    migrated: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything one run plans with."""

    slots: pl.DataFrame
    ctx: Context
    status: tuple[InputStatus, ...]


@dataclass(slots=True)
class PlanningJob:
    """The planner of one process; ``run`` is the only way a plan comes about."""

    sources: Sources
    engine: AsyncEngine
    log: JobLog = field(default_factory=JobLog)
    _single: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def settings(self) -> Settings:
        """The settings this job plans with."""
        return self.sources.settings

    async def run(self, trigger: str) -> JobLog:
        """Plan once; a second caller waits for nothing and is told that a run is on."""
        if self._single.locked():
            raise RunInProgressError("a planning run is on; its plan will show in a moment")
        async with self._single:
            self.log.running, self.log.last_started_at = True, now()
            outcome, error = "failed", ""
            try:
                async with asyncio.timeout(RUN_SECONDS):
                    outcome = await self._plan_and_publish(trigger)
            except PlanHeldError as held:
                outcome, error = "held", str(held)
            except TimeoutError:
                error = f"the run took longer than {RUN_SECONDS} s"
            except Exception as fault:  # noqa: BLE001 - the one place: the old plan stays, the run is told
                error = str(fault) if isinstance(fault, DarkstarError) else repr(fault)
                if not isinstance(fault, DarkstarError):
                    _log.exception("planning run crashed", trigger=trigger)
            self.log.running, self.log.last_finished_at = False, now()
            self.log.last_outcome, self.log.last_error = outcome, error
            _log.info("planning run", trigger=trigger, outcome=outcome, error=error)
            return self.log

    async def prepare(self) -> None:
        """Migrate the database once it answers, and close runs that a crash left open."""
        if self.log.migrated:
            return
        try:
            async with asyncio.timeout(90):
                await migrate.upgrade(self.engine)
        except (OSError, TimeoutError) as error:
            raise DatabaseUnavailableError("the database does not answer") from error
        async with session_scope(self.sources.sessions) as session:
            await plans.abort_running(session, now=now())
        self.log.migrated = True

    async def _plan_and_publish(self, trigger: str) -> str:
        await self.prepare()
        async with lock.planner_lock(self.engine):
            planned_at = now()
            async with session_scope(self.sources.sessions) as session:
                run_id = await plans.start_run(session, self._start(planned_at, trigger))
                seen = await plans.generation(session)
            try:
                inputs = await self.gather(planned_at)
                plan = await asyncio.to_thread(make_plan, inputs.slots, inputs.ctx)
                checker.require_valid(plan.schedule, inputs.ctx)
            except DarkstarError as error:
                status = "held" if isinstance(error, PlanHeldError) else "failed"
                async with session_scope(self.sources.sessions) as session:
                    await plans.finish_run(
                        session, run_id, status=status, error=str(error), finished_at=now()
                    )
                raise
            result = _result(inputs, plan, planned_at)
            async with session_scope(self.sources.sessions) as session:
                await plans.publish(
                    session,
                    run_id=run_id,
                    schedule=plan.schedule,
                    result=result,
                    planned_at=planned_at,
                    planner_version=__version__,
                    today_start=local_midnight(
                        local_day(planned_at, self.settings.zone), self.settings.zone
                    ),
                    seen_generation=seen,
                )
            return result.status

    def _start(self, planned_at: datetime, trigger: str) -> plans.RunStart:
        return plans.RunStart(
            planned_at=planned_at,
            trigger=trigger,
            engine=self.settings.planner.engine,
            planner_version=__version__,
            config_hash=config_hash(self.settings),
            timezone=self.settings.timezone,
            currency=self.settings.nordpool.currency,
            demo_home=self.settings.demo_home,
        )

    async def gather(self, at: datetime) -> Inputs:
        """Collect every input of a run at ``at``, labelled."""
        prices = await gather_prices(self.sources, now=at)
        starts: list[datetime] = prices.frame["slot_start"].to_list()
        ahead = outlook.slots_ahead(self.settings, now=at, after=starts[-1])
        (pv, weather), load = await asyncio.gather(
            gather_pv(self.sources, starts, ahead, now=at),
            gather_load(self.sources, [*starts, *ahead], now=at),
        )
        temperature_c, temperature_status = await outlook.temperatures(
            self.sources, weather, now=at
        )
        async with session_scope(self.sources.sessions) as session:
            present = await plans.current(session)
        home = await home_now(self.sources, present, now=at)
        forecast = pv.frame.lazy().join(load.frame.lazy(), on="slot_start", how="left")
        slots = assemble.assemble(
            prices.frame.lazy(),
            forecast.select(FORECAST.names()),
            assemble.no_manual(),
            start=starts[0],
            hours=self.settings.automation.horizon_hours,
        )
        days = outlook.outlook(self.settings, pv, load, temperature_c, now=at)
        ctx = self._context(home, days, at)
        status = (prices.status, pv.status, load.status, *home.inputs, *temperature_status)
        return Inputs(slots.collect(), ctx, status)

    def _context(self, home: HomeNow, days: Mapping[date, DayOutlook], at: datetime) -> Context:
        """Return the planning context; the S-index looks at the days beyond the horizon."""
        settings = self.settings
        today = local_day(at, settings.zone)
        return Context(
            settings=settings,
            home=home.state,
            safety=safety_factor(settings.s_index, days, today=today),
            discharge_allowed=home.soc_known,
        )

    async def purge(self) -> int:
        """Forget history older than the configured retention."""
        before = now() - timedelta(days=self.settings.automation.history_retention_days)
        async with session_scope(self.sources.sessions, timeout_seconds=60) as session:
            return await retention.purge(session, before=before)


def _result(inputs: Inputs, plan: Plan, planned_at: datetime) -> plans.RunResult:
    """Return what the run adds to its row, inputs for an exact replay included."""
    warnings = list(plan.warnings)
    warnings += [
        f"{status.name} is {status.quality}: {status.detail or status.source}"
        for status in inputs.status
        if status.quality in {Quality.ESTIMATED, Quality.MISSING}
    ]
    if not inputs.ctx.discharge_allowed:
        warnings.append("the charge level is unknown: nothing is discharged or exported")
    stored = json.dumps(
        {
            "slots": json.loads(inputs.slots.write_json()),
            "home": asdict(inputs.ctx.home),
            "safety": asdict(inputs.ctx.safety),
            "discharge_allowed": inputs.ctx.discharge_allowed,
            "settings": inputs.ctx.settings.model_dump(mode="json"),
        },
        default=str,
        sort_keys=True,
    )
    finished_at = now()
    return plans.RunResult(
        status="degraded" if warnings else "ok",
        finished_at=finished_at,
        cost=plan.totals.cost,
        cost_do_nothing=plan.totals.cost_do_nothing,
        cost_self_consumption=plan.totals.cost_self_consumption,
        s_index=inputs.ctx.safety.value,
        s_index_parts=inputs.ctx.safety.parts,
        duration_ms=1000 * (finished_at - planned_at).total_seconds(),
        inputs=stored,
        inputs_hash=hashlib.sha256(stored.encode()).hexdigest()[:16],
        warnings=warnings,
        input_status=[
            {
                **asdict(replace(status, issued_at=None)),
                "issued_at": iso_utc(status.issued_at) if status.issued_at else None,
            }
            for status in inputs.status
        ],
    )
