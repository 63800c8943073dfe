"""The page ``/plan``: the table twin of the chart, with every quarter's reason one key away."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from app.api.history.slots_explained import Slots, opened, why_of
from app.api.http.instants import UtcInstant
from app.api.plan.csv import plan_csv
from app.api.web.dependencies import PlanDep, ServicesDep
from app.api.web.page_errors import PageRoute
from app.api.web.page_templates import templates
from app.api.web.plan_table import PlanTableView, plan_table
from app.core import clock

router = APIRouter(route_class=PageRoute)
Show = Literal["", "slots", "blocks"]


async def table_view(deps: ServicesDep, slot: Slots, show: Show = "") -> PlanTableView:
    """Return the table of the plan in force, with what the query wants open."""
    plan = await deps.plan()
    known = await opened(deps, slot if plan else [])
    return await asyncio.to_thread(plan_table, plan, clock.now(), mode=show, explained=known)


TableDep = Annotated[PlanTableView, Depends(table_view)]


@router.get("/plan")
def plan_page(request: Request, table: TableDep) -> HTMLResponse:
    """Return the page; ``?slot=`` opens a quarter's explanation without scripts."""
    return templates.TemplateResponse(request, "plan.html", {"table": table})


@router.get("/ui/plan-slots")
def plan_slots(request: Request, table: TableDep) -> HTMLResponse:
    """Return the days and their tables."""
    return templates.TemplateResponse(request, "_plan_slots.html", {"table": table})


@router.get("/ui/plan-why")
async def plan_why(request: Request, deps: ServicesDep, slot: UtcInstant) -> HTMLResponse:
    """Return the row that explains a quarter, to stand below it."""
    why = await why_of(deps, slot)
    return templates.TemplateResponse(request, "_plan_why.html", {"why": why})


@router.get("/plan.csv")
async def plan_as_csv(document: PlanDep) -> Response:
    """Return the plan in force as a file for spreadsheets."""
    name = f"darkstar-plan-{document.plan.meta.planned_at:%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = await asyncio.to_thread(plan_csv, document.plan)
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
