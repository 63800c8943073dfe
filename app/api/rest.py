"""REST: the plan, the state, and a button. GETs change nothing."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from app.api.schemas import InitialStateOut, JobState, ProblemOut, ScheduleOut, SlotOut, StatusOut
from app.api.services import Services
from app.errors import NoPlanYetError

router = APIRouter(responses={503: {"model": ProblemOut, "description": "database away"}})


def services(request: Request) -> Services:
    """Return the running service."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]
NO_PLAN: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemOut, "description": "no plan yet"}
}


@router.get("/health", tags=["service"], operation_id="health")
async def health() -> dict[str, str]:
    """Say that the process is alive; the plan's age is in /api/status."""
    return {"status": "alive"}


@router.get("/api/status", tags=["plan"], operation_id="getStatus")
async def status(deps: ServicesDep) -> StatusOut:
    """Return what runs now, how old the plan is, and where its inputs came from."""
    return (await deps.overview())[1]


@router.get("/api/schedule", tags=["plan"], operation_id="getSchedule", responses=NO_PLAN)
async def schedule(deps: ServicesDep) -> ScheduleOut:
    """Return the plan in force with the run that made it."""
    if (plan := await deps.plan()) is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    return plan


@router.get(
    "/api/db/current_schedule", tags=["plan"], operation_id="getCurrentSchedule", responses=NO_PLAN
)
async def current_schedule(deps: ServicesDep) -> list[SlotOut]:
    """Return the rows of the table ``current_schedule``, oldest first."""
    return (await schedule(deps)).schedule


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
