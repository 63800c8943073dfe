"""``/setup/home-assistant``: test the connection, then map and test the entities."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.setup.fields import Spec
from app.api.setup.form import Sent, errors_of, save
from app.api.setup.ha_view import (
    CONNECTION,
    HomeAssistantView,
    SaidView,
    connection_errors,
    connection_sent,
    entities_sent,
    look,
    stored_values,
    tested,
    tried,
    view_of,
)
from app.api.setup.pages import FormDep, MaySave, frame
from app.api.setup.roles import ENTITY_PATHS, SIGN_PATHS, role_of
from app.api.setup.steps import beside
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.service.services import Services
from app.service.settings import ConfigDesk
from app.settings.store.state import Seen

router = APIRouter()
HERE = "/setup/home-assistant"
_SPECS = (*CONNECTION, *(Spec(path, path, "", "text") for path in (*ENTITY_PATHS, *SIGN_PATHS)))


def _page(
    request: Request, view: HomeAssistantView, *, may: bool, can_save_anyway: bool = False
) -> HTMLResponse:
    back, onward = beside("home-assistant")
    context: dict[str, Any] = {
        **frame(HERE, may=may),
        "view": view,
        "back": back,
        "onward": onward,
        "can_save_anyway": can_save_anyway,
    }
    status = 422 if view.problems or can_save_anyway else 200
    name = "setup_home_assistant.html"
    return templates.TemplateResponse(request, name, context, status_code=status)


async def _again(
    seen: Seen,
    deps: Services,
    values: dict[str, str],
    errors: dict[str, str],
    test: tuple[str, SaidView | None] = ("", None),
) -> HomeAssistantView:
    """Return the page with the entities of the home as it is set now."""
    settings = seen.loaded.settings
    found = await look(deps.job.sources.client, settings.home_assistant)
    return view_of(seen, stored_values(settings) | values, errors, found, test)


@router.get(HERE)
async def home_assistant(
    request: Request, desk: ConfigDep, deps: ServicesDep, may: MaySave
) -> HTMLResponse:
    """Return the step; a home that is set is asked what it has."""
    return _page(request, await _again(await desk.see(), deps, {}, {}), may=may)


@router.post(f"{HERE}/connection")
async def connect(
    request: Request, desk: ConfigDep, deps: ServicesDep, form: FormDep, by: By, may: MaySave
) -> Response:
    """Try address and token; they are saved when they work, or when asked to all the same."""
    seen = await desk.see()
    settings = seen.loaded.settings
    errors = connection_errors(form, settings)
    home = None if errors else tried(form, settings)
    found = await look(deps.job.sources.client, home)
    if not errors and (found[0] or form.get("do") == "save"):
        errors = await _saved(desk, deps, connection_sent(form, settings), seen, by)
        if not errors:
            return RedirectResponse(f"{HERE}#entities", status_code=303)
    view = view_of(seen, stored_values(settings) | _shown(form), errors, found)
    return _page(request, view, may=may, can_save_anyway=found[1] is not None)


@router.post(f"{HERE}/test/{{key}}")
async def test(
    request: Request, key: str, desk: ConfigDep, deps: ServicesDep, form: FormDep, may: MaySave
) -> Response:
    """Say what an entity says and whether it makes sense for its part; saves nothing."""
    seen = await desk.see()
    if (role := role_of(key)) is None:
        return RedirectResponse(HERE, status_code=303)
    said = await tested(deps.job.sources.client, seen.loaded.settings, role, form)
    if "HX-Request" in request.headers:
        return templates.TemplateResponse(request, "_setup_said.html", {"said": said})
    return _page(request, await _again(seen, deps, _shown(form), {}, (key, said)), may=may)


@router.post(HERE)
async def keep(
    request: Request, desk: ConfigDep, deps: ServicesDep, form: FormDep, by: By, may: MaySave
) -> Response:
    """Save which entities play which part, and go on."""
    seen = await desk.see()
    errors = await _saved(desk, deps, entities_sent(form, seen.loaded.settings), seen, by)
    if errors:
        return _page(request, await _again(seen, deps, _shown(form), errors), may=may)
    return RedirectResponse(beside("home-assistant")[1], status_code=303)


def _shown(form: dict[str, str]) -> dict[str, str]:
    """Return the form as it may be shown again: without the token."""
    return {path: value for path, value in form.items() if not path.endswith(".token")}


async def _saved(
    desk: ConfigDesk, deps: Services, sent: Sent, seen: Seen, by: str
) -> dict[str, str]:
    try:
        await save(desk, deps, sent, version=None, by=by)
    except DarkstarError as error:
        return errors_of(error, _SPECS, seen)
    return {}
