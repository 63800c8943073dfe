"""REST: when to start an appliance, and the same as a calendar feed."""

import asyncio
from importlib import import_module
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from app.api.forecasts.finder_desk import BestTimeDesk
from app.api.forecasts.finder_schemas import BestTimeOut, BestTimeQuery
from app.api.web.dependencies import ServicesDep
from app.service.schemas.plan import ProblemOut

MEDIA_TYPE: Final = "text/calendar"
router = APIRouter(tags=["best time"])
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemOut, "description": "no plan yet"},
    409: {"model": ProblemOut, "description": "the plan in force stored no inputs"},
    503: {"model": ProblemOut, "description": "the plan has run out, or the database is away"},
}


def best_time_desk(request: Request) -> BestTimeDesk:
    """Return the finder of the running service."""
    found: BestTimeDesk = request.app.state.best_time_desk
    return found


DeskDep = Annotated[BestTimeDesk, Depends(best_time_desk)]
AskedQuery = Annotated[BestTimeQuery, Query()]


@router.get("/api/best_time", operation_id="findBestTime", responses=REFUSALS)
async def best_time(deps: ServicesDep, desk: DeskDep, query: AskedQuery) -> BestTimeOut:
    """Return when an appliance costs least, with the battery, the sun and the fuse counted in.

    A start costs what the home would pay more with the battery planned anew around it, which is not
    the sum of its prices: stored energy it takes is missing in a dearer hour.
    """
    return await desk.ask(deps, query)


@router.get(
    "/api/best_time.ics",
    operation_id="getBestTimeCalendar",
    response_class=Response,
    responses=REFUSALS
    | {
        200: {
            "description": "the starts as events",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
async def best_time_calendar(deps: ServicesDep, desk: DeskDep, query: AskedQuery) -> Response:
    """Return the same starts as a calendar to subscribe to; give each appliance its `name`."""
    found = await desk.ask(deps, query)
    # Loaded where it is asked for, its library takes 3 MB.
    module = await asyncio.to_thread(import_module, "app.api.forecasts.finder_calendar")
    return Response(module.calendar(found, query), media_type=f"{MEDIA_TYPE}; charset=utf-8")
