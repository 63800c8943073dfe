"""What handlers take from the request: the services and what they know now."""

from typing import Annotated, cast

from fastapi import Depends, Request

from app.api.schemas import ScheduleOut, StatusOut
from app.api.services import Services


def services(request: Request) -> Services:
    """Return the application's services, put on ``app.state.services`` at start."""
    return cast("Services", request.app.state.services)


async def current_plan(request: Request) -> ScheduleOut | None:
    """Return the plan in force, None before the first."""
    return await services(request).plan()


async def current_status(request: Request) -> StatusOut:
    """Return the state of the service."""
    return await services(request).status()


ServicesDep = Annotated[Services, Depends(services)]
PlanDep = Annotated[ScheduleOut | None, Depends(current_plan)]
StatusDep = Annotated[StatusOut, Depends(current_status)]
