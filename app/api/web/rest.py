"""REST: the plan, the state, and a button. GETs change nothing."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.core.errors import NoPlanYetError, PlannerUnavailableError
from app.service.entity_tags import NOT_MODIFIED, IfNoneMatch
from app.service.plan_document import PlanDocument
from app.service.schemas.plan import (
    InitialStateOut,
    JobState,
    ProblemOut,
    ScheduleOut,
    SlotOut,
    StatusOut,
)
from app.service.services import Services

router = APIRouter()


def services(request: Request) -> Services:
    """Return the running service."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]
NO_PLAN: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemOut, "description": "no plan yet"}
}


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


async def plan_in_force(deps: ServicesDep) -> PlanDocument:
    """Return the plan in force as it is sent, or say that there is none."""
    if (document := await deps.plan_document()) is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    return document


PlanDep = Annotated[PlanDocument, Depends(plan_in_force)]


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
