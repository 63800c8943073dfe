"""The page ``/settings/import``: shows what a configuration would change, then takes it over."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from app.api.settings.import_view import ImportView, examine_text, import_view
from app.api.settings.pages import LoginMissing
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError, SettingsError
from app.core.yaml_file import MAX_BYTES
from app.service.settings import ConfigDesk
from app.wording import words
from app.wording.i18n import _

router = APIRouter()
Text = Annotated[str, Form(max_length=MAX_BYTES)]


@router.get("/settings/import")
async def ask(request: Request, login: LoginMissing) -> Response:
    """Return the form."""
    return _page(request, ImportView(login=login))


@router.post("/settings/import")
async def show(
    request: Request,
    desk: ConfigDep,
    login: LoginMissing,
    text: Text = "",
    file: UploadFile | None = None,
) -> Response:
    """Show what would change and what is not understood; writes nothing."""
    try:
        given = await _read(file) or text
        view = import_view(await desk.see(), given, await examine_text(desk, given), login=login)
    except DarkstarError as error:
        refused = ImportView(text=text, refused=words.sentence(str(error)), login=login)
        return _page(request, refused, status=422)
    return _page(request, view)


@router.get("/settings/import/apply")
async def ask_again() -> Response:
    """Lead back to the form whoever had to log in before taking something over."""
    return RedirectResponse("/settings/import", status_code=303)


@router.post("/settings/import/apply")
async def apply(
    request: Request, desk: ConfigDep, deps: ServicesDep, by: By, text: Text, version: Text = ""
) -> Response:
    """Take over what was shown, unless the settings changed meanwhile."""
    try:
        changed = await _applied(desk, text, version, by)
    except DarkstarError as error:
        refused = ImportView(text=text, refused=words.sentence(str(error)))
        return _page(request, refused, status=error.status if error.status < 500 else 422)  # noqa: PLR2004
    deps.events.publish("config")
    return RedirectResponse(f"/settings?saved={quote(','.join(changed))}", status_code=303)


async def _applied(desk: ConfigDesk, text: str, version: str, by: str) -> tuple[str, ...]:
    found = await examine_text(desk, text)
    saved = await desk.save(found.tree, if_version=version or None, by=by)
    return saved.changed


async def _read(file: UploadFile | None) -> str:
    """Return an uploaded text, empty where none was chosen; raises ``SettingsError``."""
    content = await file.read() if file else b""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(_("That file is no text. Choose a config.yaml.")) from None


def _page(request: Request, view: ImportView, *, status: int = 200) -> Response:
    return templates.TemplateResponse(
        request, "settings_import.html", {"view": view}, status_code=status
    )
