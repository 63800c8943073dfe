"""The pages ``/settings`` and ``/settings/{section}``: forms made from the typed settings."""

import asyncio
import os
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.access.gate import Asked
from app.api.settings.desk import CANNOT, Action, Outcome, act, due, told
from app.api.settings.form import Draft
from app.api.settings.overview import overview_view, reset_view
from app.api.settings.view import SectionView, section_view
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.api.web.setting_sections import Section, by_key, section_of
from app.core import clock
from app.core.errors import DarkstarError
from app.service.services import Services
from app.service.settings import ConfigDesk
from app.settings.fields import needs_restart, setting_fields
from app.settings.store.state import ConfigChangedError
from app.wording import words
from app.wording.i18n import _

router = APIRouter()


class NoSuchPageError(DarkstarError):
    """There is no settings page at this address."""

    status = 404
    code = "no_such_page"


def saved_words(deps: ServicesDep, saved: str | None = None) -> str:
    """Return what the page before has saved, by the paths it names in the address."""
    if saved is None:
        return ""
    changed = [path for path in saved.split(",") if path in setting_fields()]
    job = deps.job_state()
    when = due(job.next_run_at, clock.now(), deps.job.settings.zone)
    return told(changed, [path for path in changed if needs_restart(path)], when)


SavedWords = Annotated[str, Depends(saved_words)]


async def login_missing(request: Request, deps: ServicesDep) -> bool:
    """Tell whether a save would be sent to the login page first."""
    asked: Asked = request.state.asked
    return not await deps.gate.who(asked)


LoginMissing = Annotated[bool, Depends(login_missing)]


def section(key: str) -> Section:
    """Return the section of an address; raises ``NoSuchPageError``."""
    if found := by_key(key):
        return found
    raise NoSuchPageError(f"there is no settings page {key[:40]!r}; /settings lists them")


@router.get("/settings")
async def overview(request: Request, desk: ConfigDep, saved: SavedWords, q: str = "") -> Response:
    """Return the sections, or with ``?q=`` the settings that match."""
    seen = await desk.see()
    waiting = desk.in_force.waiting(seen.loaded.settings)
    view = overview_view(seen, waiting, q[:100], saved)
    return templates.TemplateResponse(request, "settings.html", {"view": view})


@router.get("/settings/reset")
async def ask_before_reset(request: Request, desk: ConfigDep, login: LoginMissing) -> Response:
    """Say what going back to the defaults would change, and ask."""
    view = reset_view(await desk.see(), "", login=login)
    return templates.TemplateResponse(request, "settings_reset.html", {"view": view})


@router.post("/settings/reset")
async def reset(
    request: Request, desk: ConfigDep, deps: ServicesDep, by: By, version: Annotated[str, Form()]
) -> Response:
    """Go back to the defaults, all but what would lock somebody out."""
    try:
        saved = await desk.reset(None, if_version=version, by=by)
    except (*CANNOT, ConfigChangedError) as error:
        view = reset_view(await desk.see(), words.sentence(str(error)), login=False)
        return templates.TemplateResponse(
            request, "settings_reset.html", {"view": view}, status_code=error.status
        )
    return _gone_back("/settings", saved.changed, deps)


@router.get("/settings/{key}")
async def page(
    request: Request, key: str, desk: ConfigDep, saved: SavedWords, login: LoginMissing
) -> Response:
    """Return the form of a section; the name of a group leads to the section it is in."""
    if by_key(key) is None and any(each.split(".")[0] == key for each in setting_fields()):
        return RedirectResponse(f"/settings/{section_of(key).key}#{key}", status_code=303)
    view = await _view(desk, section(key), Outcome(), saved, login=login)
    return await asyncio.to_thread(
        templates.TemplateResponse, request, "settings_section.html", {"view": view}
    )


@router.post("/settings/{key}")
async def change(
    request: Request, key: str, desk: ConfigDep, deps: ServicesDep, by: By
) -> Response:
    """Do what a button of the form says: save, take a default, add or remove a row."""
    at = section(key)
    form = await request.form(max_files=0, max_fields=2_000)
    action = Action.of(str(form.get("do", "save")))
    outcome = await act(desk, at.key, Draft.of(at.key, form), action, by)
    return await _answer(request, desk, deps, at, outcome)


async def _answer(
    request: Request, desk: ConfigDesk, deps: Services, at: Section, outcome: Outcome
) -> Response:
    """Return the form again, or send a browser without scripts to what is saved."""
    swaps = "HX-Request" in request.headers
    changed = outcome.saved.changed if outcome.saved else ()
    if outcome.saved and not swaps and not outcome.draft.texts:
        return _gone_back(f"/settings/{at.key}", changed, deps)
    if changed:
        deps.events.publish("config")
    saved = saved_words(deps, ",".join(changed)) if outcome.saved else ""
    view = await _view(desk, at, outcome, saved, login=False)
    # A browser writes every refusal into its console; the page says it where it helps.
    status = HTTPStatus.OK if swaps else outcome.status
    template = "_settings_swap.html" if swaps else "settings_section.html"
    return await asyncio.to_thread(
        templates.TemplateResponse, request, template, {"view": view}, status_code=status
    )


def _gone_back(where: str, changed: tuple[str, ...], deps: Services) -> Response:
    if changed:
        deps.events.publish("config")
    return RedirectResponse(f"{where}?saved={quote(','.join(changed))}", status_code=303)


async def _view(
    desk: ConfigDesk, at: Section, outcome: Outcome, saved: str, *, login: bool
) -> SectionView:
    seen = await desk.see()
    return await asyncio.to_thread(
        section_view,
        at,
        seen,
        outcome,
        read_only=_read_only(desk),
        saved=saved,
        login=login,
    )


def _read_only(desk: ConfigDesk) -> str:
    """Say why nothing can be saved here, before somebody has typed anything."""
    if desk.files is None:
        return _("Darkstar runs without a config file, so nothing can be saved here.")
    if os.access(desk.files.path.resolve().parent, os.W_OK):
        return ""
    return _(
        "The configuration is mounted read-only, so nothing can be saved here: let Darkstar write "
        "to the folder of {file}.",
        file=desk.files.path.name,
    )
