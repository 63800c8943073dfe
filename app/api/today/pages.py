"""HTMX pages: the whole page, or only its changing part."""

from collections.abc import AsyncIterable
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.manual.pages import manual_context
from app.api.prices.shown import PricesDep
from app.api.today.events_routes import SeatDep
from app.api.today.kpi_view import KpiView, kpis, measured_today
from app.api.today.plan_shown import server_shown
from app.api.web import views
from app.api.web.dependencies import OverviewDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.service.day_money import Home
from app.service.services import Services
from app.wording import words
from app.wording.i18n import _, marked

router = APIRouter()
PHASES = {
    "preparing": marked("Preparing…"),
    "gathering": marked("Collecting…"),
    "planning": marked("Planning…"),
    "publishing": marked("Saving…"),
}


# What is not async is done in a thread: a page of 200 slots takes 20 ms to format and render.
def page_view(
    known: OverviewDep,
) -> views.PageView:
    """Return the page's view of the plan and the service."""
    return views.page(*known)


ViewDep = Annotated[views.PageView, Depends(page_view)]


async def kpis_view(deps: ServicesDep, known: OverviewDep) -> tuple[KpiView, ...]:
    """Return the key figures of the local day beside what was measured of it."""
    measured = await measured_today(deps, database_ok=known[1].database_ok)
    return kpis(*known, measured, Home.of(deps.job.settings))


KpisDep = Annotated[tuple[KpiView, ...], Depends(kpis_view)]


async def manual_parts(deps: ServicesDep) -> dict[str, Any]:
    """Return what the card of manual actions shows."""
    return await manual_context(deps)


@router.get("/")
def today(
    request: Request,
    view: ViewDep,
    figures: KpisDep,
    prices: PricesDep,
    manual: Annotated[dict[str, Any], Depends(manual_parts)],
    deps: ServicesDep,
    after: BackgroundTasks,
) -> HTMLResponse:
    """Return the dashboard."""
    # Whoever looks may try a manual action next, and a preview should not wait for a start.
    after.add_task(deps.job.planner.warm)
    context = {"view": view, "kpis": figures, "prices": prices} | manual
    return templates.TemplateResponse(request, "today.html", context)


@router.get("/ui/today")
def today_content(request: Request, view: ViewDep, figures: KpisDep) -> HTMLResponse:
    """Return what changes with the clock and the plan, the header's clock included."""
    context = {"view": view, "kpis": figures}
    return templates.TemplateResponse(request, "_refresh.html", context)


@router.get("/ui/plan")
def plan_content(request: Request, view: ViewDep) -> HTMLResponse:
    """Return the plan table, the inputs and the run's figures."""
    return templates.TemplateResponse(request, "_plan.html", {"view": view})


@router.get("/ui/prices")
def prices_content(request: Request, prices: PricesDep) -> HTMLResponse:
    """Return what the prices are made of."""
    return templates.TemplateResponse(request, "_prices.html", {"prices": prices})


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
        now = views.now_card(*await deps.overview())
        return True, _made(now)
    return False, f"{_('No new plan.')} {words.sentence(state.last_error)}"


def _made(now: views.NowView | None) -> str:
    if now is None:
        return _("New plan made.")
    return _("New plan in force: {action}, {until}.", action=now.action, until=now.until)


@router.get("/ui/server-plan")
def server_plan(request: Request, known: OverviewDep) -> HTMLResponse:
    """Have the page read the plan in the database again, and say which plan it shows."""
    context = {
        "text": server_shown(known[1]),
        "kind": "good" if known[1].server_plan else "bad",
    }
    headers = {"HX-Trigger": "refresh"}
    return templates.TemplateResponse(request, "_toast.html", context, headers=headers)


@router.get("/ui/phase")
def phase(deps: ServicesDep) -> PlainTextResponse:
    """Say what the run in progress is at; empty between runs."""
    return PlainTextResponse(_(PHASES.get(deps.job.log.phase, "")))


@router.get("/ui/events", response_class=EventSourceResponse)
async def events(deps: ServicesDep, _seat: SeatDep) -> AsyncIterable[ServerSentEvent]:
    """Stream the name of what has changed."""
    async for name in deps.events.subscribe():
        yield ServerSentEvent(event=name, data={"event": name})
