"""Manual actions on the pages: preview, apply, edit, take back, undo; with and without scripts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.access.gate import Asked
from app.api.manual.form import FormDep, FormError, as_form_error, version_of, wish_of
from app.api.manual.view import ActionView, action_views, form_view, preview_view
from app.api.web.dependencies import ServicesDep
from app.api.web.page_templates import templates
from app.core import clock
from app.core.errors import DarkstarError
from app.db import manual_actions as store
from app.db.connection.engine import session_scope
from app.manual.actions import Desk, as_data, version
from app.manual.wish import ManualActionError
from app.service.manual import actions_in_force, desk, simulate
from app.service.services import Services
from app.wording import words
from app.wording.i18n import _

router = APIRouter()
ActionId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_CHANGED = {"HX-Trigger": "manual-changed"}


async def manual_context(
    deps: Services, *, values: dict[str, str] | None = None, errors: Any = None
) -> dict[str, Any]:
    """Return what the manual fragments show: the actions in force and the form."""
    settings, now = deps.job.settings, clock.now()
    problem, actions = "", tuple[ActionView, ...]()
    try:
        actions = action_views(await actions_in_force(deps), now, settings.zone)
    except DarkstarError as error:
        problem = words.sentence(str(error))
    form = form_view(settings, now, values=values, errors=errors)
    return {"actions": actions, "form": form, "actions_problem": problem, "preview": None}


async def kept_values(deps: Services, action_id: int) -> dict[str, str] | None:
    """Return a kept action as the form has it; None where there is none."""
    async with session_scope(deps.job.sources.sessions) as session:
        action = await store.by_id(session, action_id)
    if action is None or action.removed_at is not None:
        return None
    data = {name: "" if value is None else str(value) for name, value in as_data(action).items()}
    return data | {"action_id": str(action.id), "version": version(action)}


def _made_from(request: Request) -> str:
    asked: Asked = request.state.asked
    return f"page {asked.client}"[:64]


def _answer(request: Request, fragment: str, context: dict[str, Any], **more: Any) -> Response:
    """Return the fragment that htmx swaps in, or the page around it for a browser without."""
    if "HX-Request" not in request.headers:
        fragment = "actions.html"
    return templates.TemplateResponse(request, fragment, context, **more)


def _done(request: Request, text: str, *, undo: bool, **more: Any) -> Response:
    if "HX-Request" not in request.headers:
        return RedirectResponse("/actions", status_code=303)
    context = {"text": text, "kind": "good", "undo": undo} | more
    return templates.TemplateResponse(request, "_manual_done.html", context, headers=_CHANGED)


async def _changed(
    request: Request,
    deps: Services,
    change: Callable[[Desk], Awaitable[object]],
    *,
    said: str,
    undo: bool = True,
) -> Response:
    """Make one change and say so, or say what keeps it from being made."""
    try:
        async with desk(deps, _made_from(request)) as at:
            await change(at)
    except DarkstarError as error:
        text = words.sentence(str(error))
        if "HX-Request" not in request.headers:
            context = await manual_context(deps, errors={"": text})
            return templates.TemplateResponse(request, "actions.html", context)
        context = {"text": text, "kind": "bad", "undo": False}
        return templates.TemplateResponse(request, "_manual_done.html", context, headers=_CHANGED)
    return _done(request, said, undo=undo)


@router.get("/actions")
async def actions_page(request: Request, deps: ServicesDep, edit: int | None = None) -> Response:
    """Return the page of manual actions; ``?edit=ID`` opens one in the form."""
    values = await kept_values(deps, edit) if edit else None
    return templates.TemplateResponse(
        request, "actions.html", await manual_context(deps, values=values)
    )


@router.get("/ui/manual/list")
async def manual_list(request: Request, deps: ServicesDep) -> HTMLResponse:
    """Return the actions in force."""
    return templates.TemplateResponse(request, "_manual_list.html", await manual_context(deps))


@router.get("/ui/manual/form")
async def manual_form(request: Request, deps: ServicesDep, edit: int | None = None) -> HTMLResponse:
    """Return the form, empty or with a kept action in it."""
    values = await kept_values(deps, edit) if edit else None
    context = await manual_context(deps, values=values)
    return templates.TemplateResponse(request, "_manual_form.html", context)


@router.post("/ui/manual/preview")
async def preview(request: Request, deps: ServicesDep, form: FormDep) -> Response:
    """Say what the action would change; nothing is kept."""
    try:
        made = await simulate(deps, [wish_of(form)], beside_present=True)
    except (FormError, DarkstarError) as error:
        return await _refused(request, deps, form, error)
    shown = await asyncio.to_thread(preview_view, made, clock.now(), deps.job.settings.zone)
    context = await manual_context(deps, values=form) | {"preview": shown}
    return _answer(request, "_manual_form.html", context)


@router.post("/ui/manual/apply")
async def apply(request: Request, deps: ServicesDep, form: FormDep) -> Response:
    """Keep the action, or the change of one, and plan around it."""
    try:
        wish, (action_id, seen) = wish_of(form), version_of(form)
        async with desk(deps, _made_from(request)) as at:
            if action_id is not None:
                kept = await at.edit(action_id, wish, seen=seen)
            else:
                kept = await at.create([wish], replace=form.get("replace") == "true")
    except (FormError, DarkstarError) as error:
        return await _refused(request, deps, form, error)
    now, zone = clock.now(), deps.job.settings.zone
    notices = " ".join(words.timed_sentence(each, now, zone) for each in kept.notices)
    said = f"{_('Kept. The plan is made anew around it.')} {notices}"
    fresh = form_view(deps.job.settings, now)
    return _done(request, said, undo=True, form=fresh, preview=None)


async def _refused(
    request: Request, deps: Services, form: dict[str, str], error: FormError | DarkstarError
) -> Response:
    """Return the form as it was sent, what is wrong beside its field."""
    if isinstance(error, ManualActionError):
        error = as_form_error(error)
    errors = error.errors if isinstance(error, FormError) else {"": words.sentence(str(error))}
    context = await manual_context(deps, values=form, errors=errors)
    # A browser writes every 422 to its console, where it would look like a fault of ours.
    headers = {"HX-Retarget": "#manual-form", "HX-Reswap": "outerHTML"}
    return _answer(request, "_manual_form.html", context, headers=headers)


@router.post("/ui/manual/{action_id:int}/remove")
async def remove(
    request: Request, deps: ServicesDep, action_id: ActionId, form: FormDep
) -> Response:
    """Take one action back."""
    seen = form.get("version") or None
    said = _("Taken back. The plan is made anew.")
    return await _changed(request, deps, lambda at: at.remove(action_id, seen=seen), said=said)


@router.post("/ui/manual/clear")
async def clear(request: Request, deps: ServicesDep) -> Response:
    """Take every action back: the optimal plan counts again."""
    said = _("Back to the optimal plan.")
    return await _changed(request, deps, lambda at: at.clear(), said=said)


@router.post("/ui/manual/undo")
async def undo(request: Request, deps: ServicesDep) -> Response:
    """Take the newest change back."""
    said = _("Undone. The plan is made anew.")
    return await _changed(request, deps, lambda at: at.undo(), said=said, undo=False)
