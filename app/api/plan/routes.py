"""REST: the plan, the state, and a button. GETs change nothing."""

from fastapi import APIRouter, Response

from app.api.web.dependencies import NO_PLAN, PlanDep, ServicesDep
from app.core.errors import PlannerUnavailableError
from app.service.entity_tags import NOT_MODIFIED, IfNoneMatch
from app.service.schemas.plan import (
    InitialStateOut,
    JobState,
    ProblemOut,
    ScheduleOut,
    SlotOut,
    StatusOut,
)

router = APIRouter()


@router.get("/health", tags=["service"], operation_id="health")
async def health(deps: ServicesDep) -> dict[str, str]:
    """Say that the process is alive; /ready says whether it can work, and how old the plan is.

    503 when no plan will come without a restart: the planner's process cannot be started.
    """
    if deps.job.planner.fault:
        raise PlannerUnavailableError(deps.job.planner.fault)
    return {"status": "alive"}


@router.get("/api/status", tags=["plan"], operation_id="getStatus")
async def status(deps: ServicesDep) -> StatusOut:
    """Return what runs now, how old the plan is, and where its inputs came from."""
    return (await deps.overview())[1]


@router.get(
    "/api/schedule",
    tags=["plan"],
    operation_id="getSchedule",
    response_model=ScheduleOut,
    responses=NO_PLAN | NOT_MODIFIED,
)
async def schedule(document: PlanDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return the plan in force with the run that made it."""
    return document.schedule.answer(if_none_match)


@router.get(
    "/api/db/current_schedule",
    tags=["plan"],
    operation_id="getCurrentSchedule",
    response_model=list[SlotOut],
    responses=NO_PLAN | NOT_MODIFIED,
)
async def current_schedule(document: PlanDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return the rows of the table ``current_schedule``, oldest first."""
    return document.rows.answer(if_none_match)


@router.get(
    "/api/initial_state",
    tags=["home"],
    operation_id="getInitialState",
    responses={504: {"model": ProblemOut, "description": "the home answers too slowly"}},
)
async def initial_state(deps: ServicesDep) -> InitialStateOut:
    """Return the charge level and water use a run started now would begin with."""
    return await deps.initial_state()


@router.post(
    "/api/run_planner",
    tags=["plan"],
    operation_id="runPlanner",
    responses={409: {"model": ProblemOut, "description": "a run is on"}},
)
async def run_planner(deps: ServicesDep) -> JobState:
    """Plan now and wait for the outcome."""
    return await deps.run_planner("button")
