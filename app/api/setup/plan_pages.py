"""``/setup/plan``: what is set up, the first plan, and the end of the demo home."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.setup.form import Sent, save
from app.api.setup.pages import FormDep, MaySave, frame
from app.api.setup.plan_view import PlanView, plan_view
from app.api.setup.steps import beside
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.service.services import Services
from app.service.settings import ConfigDesk
from app.wording import words

router = APIRouter()
HERE = "/setup/plan"


def _page(request: Request, view: PlanView, *, may: bool) -> HTMLResponse:
    context = {**frame(HERE, may=may), "view": view, "back": beside("plan")[0]}
    status = 409 if view.problem else 200
    return templates.TemplateResponse(request, "setup_plan.html", context, status_code=status)


async def _view(desk: ConfigDesk, deps: Services, *, is_made: bool, problem: str = "") -> PlanView:
    settings = (await desk.see()).loaded.settings
    plan, status = await deps.overview()
    # Formatting a plan of 200 slots takes 20 ms.
    return await asyncio.to_thread(
        plan_view, settings, plan, status, is_made=is_made, problem=problem
    )


@router.get(HERE)
async def summary(
    request: Request, desk: ConfigDep, deps: ServicesDep, may: MaySave, *, made: bool = False
) -> HTMLResponse:
    """Return the summary, after the button with how the run ended."""
    return _page(request, await _view(desk, deps, is_made=made), may=may)


@router.post(HERE)
async def make(
    request: Request, desk: ConfigDep, deps: ServicesDep, form: FormDep, by: By, may: MaySave
) -> Response:
    """Leave the demo home if asked to or a real sensor ended it, and plan."""
    try:
        ended = (await desk.see()).loaded.settings.demo_ended_by
        if ended or form.get("leave_demo") == "true":
            await save(desk, deps, Sent({"demo_home": False}), version=None, by=by)
        await deps.run_planner("button")
    except DarkstarError as error:
        problem = words.sentence(str(error))
        return _page(request, await _view(desk, deps, is_made=True, problem=problem), may=may)
    return RedirectResponse(f"{HERE}?made=true", status_code=303)
