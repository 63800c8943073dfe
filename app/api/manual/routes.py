"""REST: manual actions, from a preview to an undo."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from app.access.gate import Asked
from app.api.http.parameters import BeforeId, IfMatch, Limit, Responses, seen_version
from app.api.web.dependencies import ServicesDep
from app.core import clock
from app.db import manual_actions as store
from app.db.connection.engine import session_scope
from app.manual.actions import Kept, NoSuchActionError, version
from app.service.manual import actions_in_force, desk, simulate
from app.service.schemas.manual import (
    ActionIn,
    ActionOut,
    ActionsIn,
    ActionsOut,
    BlockIn,
    PreviewOut,
    SimulateIn,
    TrailOut,
)
from app.service.schemas.plan import ProblemOut

router = APIRouter(tags=["manual actions"])
UNKNOWN: Responses = {404: {"model": ProblemOut, "description": "no such action"}}
CONFLICT: Responses = {409: {"model": ProblemOut, "description": "the slots are taken"}}
CHANGED: Responses = {412: {"model": ProblemOut, "description": "changed since it was read"}}
ActionId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def made_from(request: Request) -> str:
    """Return where a change comes from, for the trail."""
    asked: Asked = request.state.asked
    return f"api {asked.client}"[:64]


def _reply(kept: Kept) -> ActionsOut:
    now = clock.now()
    return ActionsOut(
        actions=[ActionOut.of(action, now) for action in kept.actions], notices=list(kept.notices)
    )


@router.get("/api/manual_actions", operation_id="listManualActions")
async def list_actions(
    deps: ServicesDep,
    everything: Annotated[bool, Query(description="also what is over or taken back")] = False,  # noqa: FBT002
    limit: Limit = 50,
    before_id: BeforeId = None,
) -> ActionsOut:
    """Return the actions in force; with ``everything`` all of them, the newest first."""
    if not everything:
        return _reply(Kept(tuple(await actions_in_force(deps))))
    async with session_scope(deps.job.sources.sessions) as session:
        found = await store.newest(session, limit=limit, before_id=before_id)
    page = _reply(Kept(tuple(found)))
    last = found[-1].id if len(found) == limit else None
    return page.model_copy(update={"next_before_id": last})


@router.post(
    "/api/manual_actions",
    operation_id="createManualActions",
    status_code=201,
    responses=CONFLICT,
)
async def create(request: Request, deps: ServicesDep, wanted: ActionsIn) -> ActionsOut:
    """Keep actions, all or none, and plan around them."""
    async with desk(deps, made_from(request)) as at:
        kept = await at.create([each.wish() for each in wanted.actions], replace=wanted.replace)
    return _reply(kept)


@router.delete("/api/manual_actions", operation_id="clearManualActions")
async def clear(request: Request, deps: ServicesDep) -> ActionsOut:
    """Take back every action in force: back to the optimal plan."""
    async with desk(deps, made_from(request)) as at:
        return _reply(await at.clear())


@router.get("/api/manual_actions/trail", operation_id="getManualTrail")
async def trail(deps: ServicesDep, limit: Limit = 50, before_id: BeforeId = None) -> TrailOut:
    """Return what was done to the actions, when and from where, the newest first."""
    async with session_scope(deps.job.sources.sessions) as session:
        steps = await store.trail(session, limit=limit, before_id=before_id)
    return TrailOut.of(list(steps), limit)


@router.post(
    "/api/manual_actions/undo",
    operation_id="undoManualChange",
    responses={409: {"model": ProblemOut, "description": "nothing to undo, or slots taken"}},
)
async def undo(request: Request, deps: ServicesDep) -> ActionsOut:
    """Take back the newest change."""
    async with desk(deps, made_from(request)) as at:
        return _reply(await at.undo())


@router.get(
    "/api/manual_actions/{action_id:int}", operation_id="getManualAction", responses=UNKNOWN
)
async def read(deps: ServicesDep, action_id: ActionId, response: Response) -> ActionOut:
    """Return one action; its ``ETag`` goes into ``If-Match``."""
    async with session_scope(deps.job.sources.sessions) as session:
        action = await store.by_id(session, action_id)
    if action is None or action.removed_at is not None:
        raise NoSuchActionError(f"there is no manual action {action_id}; the trail has old ones")
    response.headers["ETag"] = f'"{version(action)}"'
    return ActionOut.of(action, clock.now())


@router.put(
    "/api/manual_actions/{action_id:int}",
    operation_id="editManualAction",
    responses=UNKNOWN | CONFLICT | CHANGED,
)
async def edit(
    request: Request,
    deps: ServicesDep,
    action_id: ActionId,
    wanted: ActionIn,
    if_match: IfMatch = None,
) -> ActionsOut:
    """Change an action and plan again."""
    async with desk(deps, made_from(request)) as at:
        return _reply(await at.edit(action_id, wanted.wish(), seen=seen_version(if_match)))


@router.delete(
    "/api/manual_actions/{action_id:int}",
    operation_id="removeManualAction",
    responses=UNKNOWN | CHANGED,
)
async def remove(
    request: Request, deps: ServicesDep, action_id: ActionId, if_match: IfMatch = None
) -> ActionsOut:
    """Take one action back and plan again."""
    async with desk(deps, made_from(request)) as at:
        return _reply(await at.remove(action_id, seen=seen_version(if_match)))


@router.post(
    "/api/simulate",
    operation_id="simulate",
    responses={
        404: {"model": ProblemOut, "description": "no plan yet"},
        409: {"model": ProblemOut, "description": "the plan in force stored no inputs"},
    },
)
async def preview(
    deps: ServicesDep, wanted: Annotated[SimulateIn | list[BlockIn], Body()]
) -> PreviewOut:
    """Plan with these actions and say what they would change; nothing is written.

    The original's blocks are taken as the whole set, as they were there.
    """
    if isinstance(wanted, SimulateIn):
        wishes = [each.wish() for each in wanted.actions]
        return await simulate(deps, wishes, beside_present=wanted.beside_present)
    zone = deps.job.settings.zone
    return await simulate(deps, [each.wish(zone) for each in wanted], beside_present=False)


@router.post("/api/schedule/save", operation_id="saveSchedule", responses=CONFLICT)
async def save(
    request: Request, deps: ServicesDep, wanted: Annotated[list[BlockIn], Body(max_length=50)]
) -> ActionsOut:
    """Make these blocks (the original's shape) the whole set of manual actions."""
    zone = deps.job.settings.zone
    wishes = [each.wish(zone) for each in wanted]
    async with desk(deps, made_from(request)) as at:
        await at.clear()
        return _reply(await at.create(wishes))
