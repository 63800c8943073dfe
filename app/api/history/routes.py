"""REST: planning runs, their plans, what differs between them, and why a slot is as it is."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.history.run_desk import RunDesk, diff, explain
from app.api.http.instants import UtcInstant
from app.api.web.dependencies import ServicesDep
from app.db import plans
from app.db.connection.engine import session_scope
from app.plans.stored import plan_of_run, run_of
from app.service.entity_tags import NOT_MODIFIED, IfNoneMatch, has_already, not_modified, tag_of
from app.service.replies import schedule_of
from app.service.schemas.explain import ExplanationOut
from app.service.schemas.plan import ProblemOut, ScheduleOut
from app.service.schemas.runs import DiffOut, ReplayOut, RunOut, RunsOut

router = APIRouter(tags=["runs"])
Responses = dict[int | str, dict[str, Any]]
UNKNOWN: Responses = {404: {"model": ProblemOut, "description": "no such run"}}
NO_PLAN: Responses = {404: {"model": ProblemOut, "description": "no such run, or no plan of it"}}
NO_SLOT: Responses = {404: {"model": ProblemOut, "description": "no such run, plan or slot"}}
CANNOT: Responses = {
    409: {"model": ProblemOut, "description": "no stored inputs, or a replay is on"}
}
RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]
At = Annotated[
    UtcInstant | None,
    Query(description="an instant inside the slot, with its offset; now unless given"),
]


def run_desk(request: Request) -> RunDesk:
    """Return the desk of the running service."""
    found: RunDesk = request.app.state.run_desk
    return found


RunDeskDep = Annotated[RunDesk, Depends(run_desk)]


@router.get("/api/runs", operation_id="listRuns")
async def list_runs(
    deps: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    status: Annotated[str | None, Query(max_length=16, description="such as ok")] = None,
    trigger: Annotated[str | None, Query(max_length=32, description="such as prices")] = None,
) -> RunsOut:
    """Return planning runs, the newest first; `next_before_id` leads to the next page."""
    async with session_scope(deps.job.sources.sessions) as session:
        found = await plans.runs(
            session, limit=limit, before_id=before_id, status=status, trigger=trigger
        )
    runs = await asyncio.to_thread(lambda: [RunOut.of(run) for run in found])
    return RunsOut(runs=runs, next_before_id=runs[-1].id if len(runs) == limit else None)


@router.get("/api/runs/{run_id}", operation_id="getRun", responses=UNKNOWN)
async def get_run(deps: ServicesDep, run_id: RunId) -> RunOut:
    """Return one run: its figures, warnings, and inputs with source and age."""
    async with session_scope(deps.job.sources.sessions) as session:
        return RunOut.of(await run_of(session, run_id))


@router.get(
    "/api/runs/{run_id}/schedule",
    operation_id="getRunSchedule",
    response_model=ScheduleOut,
    responses=NO_PLAN | NOT_MODIFIED,
)
async def run_schedule(
    deps: ServicesDep, run_id: RunId, response: Response, if_none_match: IfNoneMatch = None
) -> ScheduleOut | Response:
    """Return the plan that a run published, whole, as it was."""
    async with session_scope(deps.job.sources.sessions) as session:
        stored = await plan_of_run(session, run_id)
    response.headers["ETag"] = tag = tag_of("run", run_id, stored.run.planned_at)
    if has_already(tag, if_none_match):
        return not_modified(tag)
    return await asyncio.to_thread(schedule_of, stored.run, stored.slots)


@router.get("/api/runs/{run_id}/diff/{other_id}", operation_id="diffRuns", responses=NO_PLAN)
async def diff_runs(deps: ServicesDep, run_id: RunId, other_id: RunId) -> DiffOut:
    """Say what the other run's plan does differently, in words and money, and which inputs did."""
    return await diff(deps, run_id, other_id)


@router.get("/api/explain", operation_id="explain", responses=NO_SLOT)
async def explain_now(deps: ServicesDep, at: At = None) -> ExplanationOut:
    """Say why a slot of the plan in force does what it does; today's past included."""
    return await explain(deps, at)


@router.get("/api/runs/{run_id}/explain", operation_id="explainRun", responses=NO_SLOT)
async def explain_run(deps: ServicesDep, run_id: RunId, at: At = None) -> ExplanationOut:
    """Say why a slot of this run's plan does what it does."""
    return await explain(deps, at, run_id)


@router.post("/api/runs/{run_id}/replay", operation_id="replayRun", responses=NO_PLAN | CANNOT)
async def replay_run(deps: ServicesDep, desk: RunDeskDep, run_id: RunId) -> ReplayOut:
    """Plan again from the run's stored inputs and name every difference; nothing is written.

    A POST because it costs as much as a plan, and is limited like one.
    """
    with deps.busy():
        return await desk.replay(deps, run_id)
