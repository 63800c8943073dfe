"""The page ``/settings/appearance``: look at a theme, keep it."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from app.api.appearance.routes import ThemesDep
from app.api.appearance.view import appearance_view
from app.api.web.dependencies import By, ConfigDep, ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.settings import Settings
from app.themes import Themes
from app.wording import words

router = APIRouter()
PATH = "/settings/appearance"


class Wanted(BaseModel):
    """What the form says."""

    theme: str = Field(min_length=1, max_length=64)
    accent: int = Field(ge=0, le=15)
    language: Literal["auto", "en", "sv"]


@router.get(PATH)
async def appearance(
    request: Request, deps: ServicesDep, known: ThemesDep, *, saved: bool = False
) -> Response:
    """Return the page; after a save it says so."""
    return await _page(request, known, deps.job.settings, saved=saved)


@router.post(PATH)
async def save(
    request: Request,
    deps: ServicesDep,
    desk: ConfigDep,
    known: ThemesDep,
    by: By,
    wanted: Annotated[Wanted, Form()],
) -> Response:
    """Remember a look and a language; what stands in the way is told on the page."""
    try:
        ui = {
            "theme": known.look(wanted.theme).name,
            "theme_accent_index": wanted.accent,
            "language": wanted.language,
        }
        await desk.save({"ui": ui}, if_version=None, by=by)
    except DarkstarError as error:
        return await _page(request, known, deps.job.settings, error=error)
    deps.events.publish("config")
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


async def _page(
    request: Request,
    known: Themes,
    settings: Settings,
    *,
    saved: bool = False,
    error: DarkstarError | None = None,
) -> Response:
    context = {
        "view": appearance_view(known, settings),
        "saved": saved,
        "alert": words.sentence(str(error)) if error else "",
    }
    return await asyncio.to_thread(
        templates.TemplateResponse,
        request,
        "appearance.html",
        context,
        status_code=error.status if error else 200,
    )
