"""What handlers ask for by their parameters: service, plan, configuration, and who asks."""

from typing import Annotated, Final

from fastapi import Depends, Request

from app.access.asked import Asked
from app.api.http.parameters import Responses
from app.core.errors import NoPlanYetError
from app.service.plan_document import PlanDocument
from app.service.schemas.plan import ProblemOut, ScheduleOut, StatusOut
from app.service.services import Services
from app.service.settings import ConfigDesk


def services(request: Request) -> Services:
    """Return the running service."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]
NO_PLAN: Final[Responses] = {404: {"model": ProblemOut, "description": "no plan yet"}}
NOT_SAVED: Final[Responses] = {
    409: {"model": ProblemOut, "description": "there is no file that could be written"},
    412: {"model": ProblemOut, "description": "changed since it was read"},
    422: {"model": ProblemOut, "description": "a value is wrong: field, value, reason and fix"},
}


async def plan_in_force(deps: ServicesDep) -> PlanDocument:
    """Return the plan in force as it is sent, or say that there is none."""
    if (document := await deps.plan_document()) is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    return document


PlanDep = Annotated[PlanDocument, Depends(plan_in_force)]


async def overview(deps: ServicesDep) -> tuple[ScheduleOut | None, StatusOut]:
    """Return the plan and the status that goes with it."""
    return await deps.overview()


OverviewDep = Annotated[tuple[ScheduleOut | None, StatusOut], Depends(overview)]


def config(request: Request) -> ConfigDesk:
    """Return the configuration of the running service."""
    found: ConfigDesk = request.app.state.config
    return found


ConfigDep = Annotated[ConfigDesk, Depends(config)]


async def changed_by(request: Request, deps: ServicesDep) -> str:
    """Return who asks and from where, for the trail."""
    asked: Asked = request.state.asked
    return f"{await deps.gate.who(asked)} {asked.client}"


By = Annotated[str, Depends(changed_by)]
