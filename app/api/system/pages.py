"""The page ``/system`` and its parts."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.api.system import diagnostics
from app.api.system.desk import DeskDep, SystemDesk
from app.api.system.diagnostics import Facts
from app.api.system.doctor_view import DoctorView, doctor_view
from app.api.system.routes import FactsDep, known_facts
from app.api.system.view import SystemView, system_view
from app.api.web import views
from app.api.web.page_templates import templates
from app.core import clock
from app.doctor.checks.report import Report

router = APIRouter()
Views = tuple[views.PageView, SystemView]


# What is not async is done in a thread: formatting a plan of 200 slots takes 20 ms.
def both_views(facts: Annotated[Facts, Depends(known_facts)]) -> Views:
    """Return the page's view and that of the system."""
    return views.page(facts.plan, facts.status), system_view(facts)


ViewsDep = Annotated[Views, Depends(both_views)]


def _shown(report: Report, desk: SystemDesk) -> DoctorView:
    return doctor_view(report, clock.now(), desk.services.job.settings.zone)


@router.get("/system")
async def system(
    request: Request, found: ViewsDep, desk: DeskDep, *, doctor: bool = False
) -> HTMLResponse:
    """Return the page; ``?doctor=true`` is the button of a browser without scripts.

    The last examination stays on the page until there is a newer one.
    """
    view, parts = found
    report = await desk.doctor.report() if doctor else desk.doctor.last
    shown = _shown(report, desk) if report else None
    context = {"view": view, "system": parts, "doctor": shown}
    return await asyncio.to_thread(templates.TemplateResponse, request, "system.html", context)


@router.get("/ui/system")
def system_content(request: Request, found: ViewsDep) -> HTMLResponse:
    """Return what changes by itself: inputs, database, jobs, and the header's clock."""
    view, parts = found
    context = {"view": view, "system": parts}
    return templates.TemplateResponse(request, "_system_refresh.html", context)


@router.get("/ui/log")
def log_content(request: Request, found: ViewsDep) -> HTMLResponse:
    """Return the end of the log."""
    return templates.TemplateResponse(request, "_log.html", {"system": found[1]})


@router.get("/ui/doctor")
async def doctor_content(request: Request, desk: DeskDep) -> HTMLResponse:
    """Examine the sensors and return the report."""
    context = {"doctor": _shown(await desk.doctor.report(), desk)}
    return templates.TemplateResponse(request, "_doctor.html", context)


@router.get("/ui/diagnostics")
def diagnostics_content(request: Request, facts: FactsDep, desk: DeskDep) -> HTMLResponse:
    """Return the text for a bug report in a box that one click selects."""
    context = {"text": diagnostics.block(facts, desk.mask)}
    return templates.TemplateResponse(request, "_diagnostics.html", context)
