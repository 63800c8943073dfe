"""The stylesheet of the look chosen, or of one to look at first."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from app.api.appearance.routes import ThemesDep
from app.api.web.dependencies import ServicesDep
from app.service.entity_tags import IfNoneMatch, has_already, not_modified, tag_of
from app.themes.css import stylesheet

router = APIRouter()
Name = Annotated[str | None, Query(min_length=1, max_length=64)]
Accent = Annotated[int | None, Query(ge=0, le=15)]
_CSS: Final = "text/css; charset=utf-8"


@router.get("/theme.css")
async def theme_css(
    deps: ServicesDep,
    known: ThemesDep,
    theme: Name = None,
    accent: Accent = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the colours of the look chosen, or of another one to look at it first."""
    ui = deps.job.settings.ui
    look = known.look(theme) if theme else known.current(ui.theme)
    css = stylesheet(look, known, ui.theme_accent_index if accent is None else accent)
    return style_answer(css, if_none_match)


def style_answer(css: str, if_none_match: str | None) -> Response:
    """Return a stylesheet that a browser asks about, but fetches only when it has changed."""
    tag = tag_of(css)
    if has_already(tag, if_none_match):
        return not_modified(tag)
    return Response(css, media_type=_CSS, headers={"ETag": tag})
