"""REST: the routes of the original Darkstar that clients still ask."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request

from app.api.http.parameters import Responses
from app.api.original.schemas import AverageOut, DebugOut, HorizonOut, PushedOut, WaterTodayOut
from app.api.web.dependencies import NO_PLAN, ServicesDep
from app.core import clock
from app.core.clock import local_day
from app.core.errors import NoPlanYetError, PlanHeldError
from app.core.frames import SLOT
from app.core.provenance import Quality
from app.db import forecasts, plans
from app.db.connection.engine import session_scope
from app.db.tables.models import PlanRun
from app.forecast.day_profile import day_profile
from app.ingest.home import home_assistant
from app.plans.debug import PlanDebug, debug_of
from app.plans.process import Planner
from app.plans.stored_inputs import planned_with
from app.service.replies import schedule_of
from app.service.schemas.plan import InputOut, ProblemOut, ScheduleOut
from app.service.services import Services

router = APIRouter()
TOO_SLOW: Final[Responses] = {504: {"model": ProblemOut, "description": "the home is too slow"}}
NO_INPUTS: Final[Responses] = {
    409: {"model": ProblemOut, "description": "the run stored no inputs this version can read"}
}
BUSY: Final[Responses] = {409: {"model": ProblemOut, "description": "a run is on"}}
_OLDEST_FORECAST: Final = timedelta(days=2)
_HOURS_A_DAY: Final = 24


@dataclass(slots=True)
class DebugDesk:
    """Takes one plan apart at a time, and keeps the last one: it costs as much as planning."""

    _held: tuple[int, int, PlanDebug] | None = None
    _single: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, planner: Planner, run: PlanRun, *, sample_size: int) -> PlanDebug:
        """Return the parts of a run's plan; raises ``NotReplayableError``."""
        async with self._single:
            if self._held is None or self._held[:2] != (run.id, sample_size):
                inputs = await asyncio.to_thread(planned_with, run)
                made = await planner.ask(
                    debug_of, inputs.slots, inputs.ctx, sample_size=sample_size
                )
                self._held = (run.id, sample_size, made)
            return self._held[2]


def debug_desk(request: Request) -> DebugDesk:
    """Return the one desk of the running service."""
    found: DebugDesk = request.app.state.debug_desk
    return found


DebugDeskDep = Annotated[DebugDesk, Depends(debug_desk)]


async def plan_in_force(deps: ServicesDep) -> ScheduleOut:
    """Return the plan; raises ``NoPlanYetError``."""
    if (plan := await deps.plan()) is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    return plan


PlanDep = Annotated[ScheduleOut, Depends(plan_in_force)]


def _input(inputs: Sequence[InputOut], name: str) -> InputOut | None:
    return next((each for each in inputs if each.name == name), None)


@router.get(
    "/api/forecast/horizon",
    tags=["forecast"],
    operation_id="getForecastHorizon",
    responses=NO_PLAN,
)
async def horizon(deps: ServicesDep, plan: PlanDep) -> HorizonOut:
    """Return how many days plan and forecasts reach."""
    now = clock.now()
    async with session_scope(deps.job.sources.sessions) as session:
        run = await plans.latest_run(session)
        issues = {
            name: await forecasts.latest(session, kind=kind, issued_after=now - _OLDEST_FORECAST)
            for name, kind in (("pv", "pv_kwh"), ("load", "load_kwh"))
        }
    zone = deps.job.settings.zone
    ahead = [slot.slot_start for slot in plan.schedule if slot.slot_end > now]
    days = sorted({local_day(start, zone).isoformat() for start in ahead})
    starts = {
        name: [] if issue is None else [each for each in issue.frame["slot_start"] if each >= now]
        for name, issue in issues.items()
    }
    parts = (run.s_index_parts if run else None) or {}
    known = [parts.get(name) for name in ("days_with_pv", "days_with_temperature")]
    considered = [int(each) for each in known if each is not None]
    return HorizonOut(
        total_days_in_schedule=len(days),
        days_list=days,
        pv_days_schedule=len(days),
        load_days_schedule=len(days),
        pv_forecast_days=len({local_day(each, zone) for each in starts["pv"]}) or None,
        weather_forecast_days=None if known[1] is None else int(known[1]),
        s_index_considered_days=max(considered) if considered else None,
        horizon_end=plan.meta.horizon_end,
        forecasts_until={name: each[-1] + SLOT if each else None for name, each in starts.items()},
        inputs=[each for each in plan.meta.inputs if each.name in {"prices", "pv", "load"}],
    )


@router.get("/api/ha/average", tags=["home"], operation_id="getAverageLoad", responses=NO_PLAN)
async def average(deps: ServicesDep, plan: PlanDep) -> AverageOut:
    """Return the average day of the load that the plan in force counts on."""
    slots: list[tuple[datetime, float]] = [
        (slot.slot_start, slot.planned_load_kwh) for slot in plan.schedule
    ]
    profile = day_profile(slots, deps.job.settings.zone)
    mean_kw = profile.average_kw
    return AverageOut(
        daily_kwh=None if mean_kw is None else mean_kw * _HOURS_A_DAY,
        average_load_kw=mean_kw,
        hourly_kw=list(profile.hours_kw),
        quarterly_kw=list(profile.quarters_kw),
        quarters_known=profile.known,
        input=_input(plan.meta.inputs, "load"),
    )


@router.get("/api/ha/water_today", tags=["home"], operation_id="getWaterToday", responses=TOO_SLOW)
async def water_today(deps: ServicesDep) -> WaterTodayOut:
    """Return what the water heater has taken today, and how that is known."""
    home = await deps.initial_state()
    status = _input(home.inputs, "water_today")
    if not deps.job.settings.water_heating.power_kw:
        return WaterTodayOut(source="none", water_kwh_today=0.0, input=status)
    read = status is not None and status.source == home_assistant.SOURCE
    measured = read and status is not None and status.quality is Quality.LIVE
    return WaterTodayOut(
        source="home_assistant" if measured else "plan",
        water_kwh_today=home.water_used_today_kwh,
        input=status,
    )


@router.get(
    "/api/debug", tags=["plan"], operation_id="getPlannerDebug", responses=NO_PLAN | NO_INPUTS
)
async def debug(deps: ServicesDep, desk: DebugDeskDep, plan: PlanDep) -> DebugOut:
    """Take the plan in force apart: windows, S-index, what each pass did, sums.

    Made again from the inputs the run stored. `debug.enable_planner_debug` adds the first
    `debug.sample_size` slots with every column.
    """
    async with session_scope(deps.job.sources.sessions) as session:
        run = await plans.run_by_id(session, plan.meta.plan_run_id)
    if run is None:
        raise NoPlanYetError("the plan's run is gone; POST /api/run_planner plans anew")
    wanted = deps.job.settings.debug
    size = wanted.sample_size if wanted.enable_planner_debug else 0
    made = await desk.of(deps.job.planner, run, sample_size=size)
    return DebugOut(
        plan_run_id=run.id,
        planned_at=run.planned_at,
        engine=run.engine,
        s_index=made.s_index,
        windows=made.windows,
        passes=made.passes,
        metrics=made.metrics,
        water_by_day=made.water_by_day,
        end_value=made.end_value,
        sample_schedule=made.sample,
        samples=f"{len(made.sample)} slots"
        if size
        else "set debug.enable_planner_debug to see the slots' columns",
    )


@router.post("/api/db/push_current", tags=["plan"], operation_id="pushCurrent", responses=BUSY)
async def push_current(deps: ServicesDep) -> PushedOut:
    """See to it that the plan in force is in the database; every run publishes it there anyway.

    Where the database holds none, a new one is planned and published.
    """
    found, published = await _in_database(deps), False
    if found is None:
        await deps.run_planner("button")
        found, published = await _in_database(deps), True
    if found is None:
        raise PlanHeldError(deps.job.log.last_error or "no plan could be made; see /api/status")
    run_id, rows = found.meta.plan_run_id, len(found.schedule)
    words = "is in the database already" if not published else "was made and published"
    return PushedOut(
        rows=rows,
        plan_run_id=run_id,
        published=published,
        message=f"the plan of run {run_id} {words}: {rows} rows",
    )


async def _in_database(deps: Services) -> ScheduleOut | None:
    """Return what the database itself holds; raises ``DatabaseUnavailableError``."""
    await deps.job.prepare()
    async with session_scope(deps.job.sources.sessions) as session:
        run, slots = await plans.latest_run(session), await plans.current(session)
    return await asyncio.to_thread(schedule_of, run, slots) if run is not None and slots else None
