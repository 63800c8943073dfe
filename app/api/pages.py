"""HTMX pages: the whole page, or only its changing part."""

import asyncio
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.api import views, words
from app.api.rest import ServicesDep
from app.api.schemas import ScheduleOut, StatusOut
from app.api.services import Services
from app.errors import DarkstarError
from app.shipped import SHIPPED

templates = Jinja2Templates(
    env=Environment(
        loader=FileSystemLoader(SHIPPED / "templates"), autoescape=True, undefined=StrictUndefined
    )
)
router = APIRouter()


async def overview(deps: ServicesDep) -> tuple[ScheduleOut | None, StatusOut]:
    """Return the plan and the status that goes with it."""
    return await deps.overview()


# What is not async is done in a thread: a page of 200 slots takes 20 ms to format and render.
def page_view(
    known: Annotated[tuple[ScheduleOut | None, StatusOut], Depends(overview)],
) -> views.PageView:
    """Return the page's view of the plan and the service."""
    return views.page(*known)


ViewDep = Annotated[views.PageView, Depends(page_view)]


@router.get("/")
def today(request: Request, view: ViewDep) -> HTMLResponse:
    """Return the dashboard."""
    return templates.TemplateResponse(request, "today.html", {"view": view})


@router.get("/ui/today")
def today_content(request: Request, view: ViewDep) -> HTMLResponse:
    """Return what changes with the clock and the plan, the header's clock included."""
    return templates.TemplateResponse(request, "_refresh.html", {"view": view})


@router.get("/ui/plan")
def plan_content(request: Request, view: ViewDep) -> HTMLResponse:
    """Return the plan table, the inputs and the run's figures."""
    return templates.TemplateResponse(request, "_plan.html", {"view": view})


@router.post("/ui/run-planner")
async def run_planner(request: Request, deps: ServicesDep) -> Response:
    """Plan now and say how it went; a browser without scripts gets the page again."""
    good, text = await _run(deps)
    wants_page = "text/html" in request.headers.get("Accept", "")
    if wants_page and "HX-Request" not in request.headers:
        return RedirectResponse("/", status_code=303)
    return templates.TemplateResponse(
        request,
        "_toast.html",
        {"text": text, "kind": "good" if good else "bad"},
        headers={"HX-Trigger": "plan-changed"},
    )


async def _run(deps: Services) -> tuple[bool, str]:
    """Plan; return whether a new plan is in force, and the sentence to say."""
    try:
        state = await deps.run_planner("button")
    except DarkstarError as error:
        return False, words.sentence(str(error))
    if state.last_outcome in {"ok", "degraded"}:
        now = (await asyncio.to_thread(views.page, *await deps.overview())).now
        return True, f"New plan in force: {now.action}, {now.until}." if now else "New plan made."
    return False, f"No new plan. {words.sentence(state.last_error)}"


@router.get("/ui/events", response_class=EventSourceResponse)
async def events(deps: ServicesDep) -> AsyncIterable[ServerSentEvent]:
    """Stream the name of what has changed."""
    async for name in deps.events.subscribe():
        yield ServerSentEvent(event=name, data={"event": name})
