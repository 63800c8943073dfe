"""The pages of planning runs: the list, one run, and what changed between two."""

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse

from app.api.history.desk import compared, found_runs, newest_steps, one_run, pair_of
from app.api.history.routes import RunDeskDep
from app.api.history.run_desk import RunDesk
from app.api.history.run_view import ReplayView, RunPage, refused_replay, replay_view
from app.api.history.slots_explained import Slots, opened, why_of
from app.api.history.view import Asked, HistoryView, history_view
from app.api.http.instants import UtcInstant
from app.api.web.dependencies import ServicesDep
from app.api.web.page_errors import PageRoute
from app.api.web.page_templates import templates
from app.core import clock
from app.core.errors import DarkstarError
from app.service.services import Services

router = APIRouter(route_class=PageRoute)
RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Wanted = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Word = Annotated[str, Query(max_length=32)]


async def asked_of(
    trigger: Word = "", status: Word = "", day: date | Literal[""] = "", before: Wanted = None
) -> Asked:
    """Return what the list is narrowed down to; an empty field of the form narrows nothing."""
    return Asked(trigger, status, day or None, before)


async def list_view(deps: ServicesDep, asked: Annotated[Asked, Depends(asked_of)]) -> HistoryView:
    """Return the list of runs."""
    zone = deps.job.settings.zone
    found = await found_runs(deps, asked, zone)
    return await asyncio.to_thread(history_view, found, asked, clock.now(), zone)


ListDep = Annotated[HistoryView, Depends(list_view)]


@router.get("/history")
async def history(request: Request, deps: ServicesDep, view: ListDep) -> HTMLResponse:
    """Return the page of runs, with the newest changes of settings and manual actions."""
    steps = await newest_steps(deps, clock.now(), deps.job.settings.zone)
    return templates.TemplateResponse(request, "history.html", {"view": view, "trails": steps})


@router.get("/ui/history")
async def history_content(request: Request, deps: ServicesDep, view: ListDep) -> HTMLResponse:
    """Return what changes by itself."""
    steps = await newest_steps(deps, clock.now(), deps.job.settings.zone)
    return templates.TemplateResponse(request, "_history.html", {"view": view, "trails": steps})


@router.get("/history/diff")
async def diff(
    request: Request,
    deps: ServicesDep,
    before: Annotated[Wanted, Query(alias="from")] = None,
    after: Annotated[Wanted, Query(alias="to")] = None,
) -> HTMLResponse:
    """Return what changed; without runs in the address, what the newest plan changed."""
    pair = await pair_of(deps, before, after)
    both = pair.before is not None and pair.after is not None
    view = await compared(deps, pair.before or 0, pair.after or 0) if both else None
    return templates.TemplateResponse(request, "diff.html", {"view": view})


@router.get("/history/{run_id}")
async def run(request: Request, deps: ServicesDep, run_id: RunId, slot: Slots) -> HTMLResponse:
    """Return the page of one run; ``?slot=`` opens a quarter's explanation without scripts."""
    found = await one_run(deps, run_id, await opened(deps, slot, run_id))
    return await asyncio.to_thread(_run, request, found, None)


@router.get("/ui/history/{run_id}/why")
async def run_why(
    request: Request, deps: ServicesDep, run_id: RunId, slot: UtcInstant
) -> HTMLResponse:
    """Return the row that explains a quarter of this run's plan."""
    why = await why_of(deps, slot, run_id)
    return templates.TemplateResponse(request, "_plan_why.html", {"why": why})


@router.post("/history/{run_id}/replay")
async def replay(
    request: Request, deps: ServicesDep, desk: RunDeskDep, run_id: RunId
) -> HTMLResponse:
    """Plan the run again and say what came of it, in the page for a browser without scripts."""
    found = await one_run(deps, run_id)
    outcome = await _replayed(deps, desk, run_id)
    if "HX-Request" not in request.headers:
        return await asyncio.to_thread(_run, request, found, outcome)
    return templates.TemplateResponse(request, "_replay.html", {"replay": outcome})


async def _replayed(deps: Services, desk: RunDesk, run_id: int) -> ReplayView:
    try:
        with deps.busy():
            return replay_view(await desk.replay(deps, run_id))
    except DarkstarError as error:
        return refused_replay(str(error))


def _run(request: Request, found: RunPage, outcome: ReplayView | None) -> HTMLResponse:
    context = {"view": found.run, "table": found.table, "replay": outcome}
    return templates.TemplateResponse(request, "run.html", context)
