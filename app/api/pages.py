"""HTMX pages: the whole page, or only its changing part."""

from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.api import views
from app.api.rest import ServicesDep
from app.errors import DarkstarError
from app.shipped import SHIPPED

templates = Jinja2Templates(
    env=Environment(
        loader=FileSystemLoader(SHIPPED / "templates"), autoescape=True, undefined=StrictUndefined
    )
)
router = APIRouter()


async def page_view(deps: ServicesDep) -> views.PageView:
    """Return the page's view of the plan and the service."""
    return views.page(*await deps.overview())


ViewDep = Annotated[views.PageView, Depends(page_view)]


@router.get("/")
async def today(request: Request, view: ViewDep) -> HTMLResponse:
    """Return the dashboard."""
    return templates.TemplateResponse(request, "today.html", {"view": view})


@router.get("/ui/today")
async def today_content(request: Request, view: ViewDep) -> HTMLResponse:
    """Return what changes when the plan does."""
    return templates.TemplateResponse(request, "_today.html", {"view": view})


@router.get("/ui/plan")
async def plan_content(request: Request, view: ViewDep) -> HTMLResponse:
    """Return the plan table, the inputs and the run's figures."""
    return templates.TemplateResponse(request, "_plan.html", {"view": view})


@router.post("/ui/run-planner")
async def run_planner(request: Request, deps: ServicesDep) -> Response:
    """Plan now and say how it went."""
    try:
        state = await deps.run_planner("button")
        good = state.last_outcome in {"ok", "degraded"}
        text = "New plan in force." if good else f"No new plan: {state.last_error}"
    except DarkstarError as error:
        good, text = False, str(error)
    return templates.TemplateResponse(
        request,
        "_toast.html",
        {"text": text, "kind": "good" if good else "bad"},
        headers={"HX-Trigger": "plan-changed"},
    )


@router.get("/ui/events", response_class=EventSourceResponse)
async def events(deps: ServicesDep) -> AsyncIterable[ServerSentEvent]:
    """Stream the name of what has changed."""
    async for name in deps.events.subscribe():
        yield ServerSentEvent(event=name, data={"event": name})
