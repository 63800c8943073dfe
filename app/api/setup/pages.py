"""The wizard: ``/setup``, and a page for each step that saves at once; works without scripts."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.access.gate import Asked
from app.api.setup.form import Sent, errors_of, save
from app.api.setup.places import city_named
from app.api.setup.steps import beside, roofs_in, sent_of, specs_of, step_view, steps, values_of
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.settings import Settings
from app.settings.store.state import Seen

router = APIRouter()
Key = Literal["place", "battery", "water", "sun"]
# Eight roofs of three fields, and the rest of the page.
MAX_FIELDS = 80


async def sent_form(request: Request) -> dict[str, str]:
    """Return the fields as they were sent, texts only."""
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


FormDep = Annotated[dict[str, str], Depends(sent_form)]


async def may_save(request: Request, deps: ServicesDep) -> bool:
    """Tell whether who looks may also save; a page that only refuses at the end is unkind."""
    asked: Asked = request.state.asked
    return bool(await deps.gate.who(asked))


MaySave = Annotated[bool, Depends(may_save)]


def frame(path: str, *, may: bool) -> dict[str, Any]:
    """Return what every page of the wizard has: its progress list, and whether to log in first."""
    return {"steps": steps(path), "may_save": may, "here": path}


def _page(
    request: Request,
    key: str,
    seen: Seen,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    may: bool,
) -> HTMLResponse:
    back, onward = beside(key)
    context = {
        **frame(f"/setup/{key}", may=may),
        "form": step_view(key, values, errors, seen),
        "back": back,
        "onward": onward,
    }
    status = 422 if errors else 200
    return templates.TemplateResponse(request, "setup_step.html", context, status_code=status)


@router.get("/setup")
async def start(request: Request, desk: ConfigDep, may: MaySave) -> HTMLResponse:
    """Return the first page: one's own home, or a look around first."""
    settings = (await desk.see()).loaded.settings
    context = {**frame("/setup", may=may), **_demo(settings), "problem": ""}
    return templates.TemplateResponse(request, "setup.html", context)


def _demo(settings: Settings) -> dict[str, Any]:
    """Return whether the demo home is on, and the sensor of a real home that keeps it off."""
    return {"is_demo": settings.is_demo, "real_sensor": settings.first_real_sensor}


@router.post("/setup")
async def to_the_demo(
    request: Request, desk: ConfigDep, deps: ServicesDep, by: By, may: MaySave
) -> Response:
    """Switch to the demo home; the settings of one's own stay as they are."""
    seen = await desk.see()
    try:
        await save(desk, deps, Sent({"demo_home": True}), version=None, by=by)
    except DarkstarError as error:
        problem = errors_of(error, (), seen)[""]
        demo = _demo(seen.loaded.settings)
        context = {**frame("/setup", may=may), **demo, "problem": problem}
        return templates.TemplateResponse(request, "setup.html", context, status_code=409)
    deps.replan_soon("button")
    return RedirectResponse("/", status_code=303)


@router.get("/setup/{key}")
async def step(request: Request, key: Key, desk: ConfigDep, may: MaySave) -> HTMLResponse:
    """Return a step with what the settings say."""
    seen = await desk.see()
    return _page(request, key, seen, values_of(key, seen.loaded.settings), {}, may=may)


@router.post("/setup/{key}")
async def keep(
    request: Request,
    key: Key,
    desk: ConfigDep,
    deps: ServicesDep,
    form: FormDep,
    by: By,
    may: MaySave,
) -> Response:
    """Save a step and go on, or give the form again with a city or a roof more in it."""
    seen = await desk.see()
    if (filled := _filled(form)) is not None:
        return _page(request, key, seen, filled, {}, may=may)
    sent = sent_of(key, form, seen.loaded.settings)
    errors = dict(sent.errors) or await _saved(desk, deps, sent, form, key, seen, by)
    if errors:
        return _page(request, key, await desk.see(), form, errors, may=may)
    return RedirectResponse(beside(key)[1], status_code=303)


def _filled(form: dict[str, str]) -> dict[str, str] | None:
    """Return the form as a button other than save leaves it; None for save."""
    if form.get("do") == "add":
        empty = {"azimuth_degrees": "180", "tilt_degrees": "35", "peak_power_kwp": ""}
        at = roofs_in(form)
        return form | {f"solar_arrays.{at}.{name}": value for name, value in empty.items()}
    if form.get("do") == "city":
        city = city_named(form.get("city", ""))
        return form | (city.values() if city else {})
    return None


async def _saved(
    desk: ConfigDep,
    deps: ServicesDep,
    sent: Sent,
    form: dict[str, str],
    key: str,
    seen: Seen,
    by: str,
) -> dict[str, str]:
    """Save; return what stands against it, by field."""
    try:
        await save(desk, deps, sent, version=form.get("version") or None, by=by)
    except DarkstarError as error:
        return errors_of(error, specs_of(key, form), seen)
    return {}
