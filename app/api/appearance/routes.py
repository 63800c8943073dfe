"""REST: the themes there are, and the one chosen."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.web.dependencies import NOT_SAVED, By, ConfigDep, ServicesDep
from app.service.schemas.plan import Out, ProblemOut
from app.service.settings import ConfigDesk
from app.settings.store.state import Saved
from app.themes import Look, Themes, themes_now
from app.themes.model import BUILT_IN, Theme
from app.themes.tokens import tokens_of

router = APIRouter(tags=["themes"])
_THEME: Final[dict[str, Any]] = {
    "name": BUILT_IN.name,
    "foreground": BUILT_IN.foreground,
    "background": BUILT_IN.background,
    "palette": list(BUILT_IN.palette),
    "accent": BUILT_IN.accent,
    "muted": BUILT_IN.muted,
    "tokens": tokens_of(BUILT_IN),
}
Index = Annotated[int, Field(strict=True, ge=0, le=15)]


class ThemeOut(Out):
    """A theme as its file has it, and ``tokens``: the colours to draw with, readable for sure."""

    model_config = ConfigDict(json_schema_extra={"examples": [_THEME]})

    name: str
    foreground: str
    background: str
    palette: list[str] = Field(description="0-7 the chart roles, 8-15 the matching buttons")
    accent: str | None
    muted: str | None
    tokens: dict[str, str]


class ThemeProblemOut(Out):
    """A file in themes/ that was left out, and why."""

    file: str
    reason: str


class ThemesOut(Out):
    """Every theme, the one in use, and the files that are none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "current": BUILT_IN.name,
                    "accent_index": 0,
                    "themes": [_THEME],
                    "problems": [{"file": "broken.json", "reason": "is not valid JSON"}],
                }
            ]
        }
    )

    current: str = Field(description="name of the theme in use; `auto`: dark or light by device")
    accent_index: Index
    themes: list[ThemeOut]
    problems: list[ThemeProblemOut]


class ThemeIn(BaseModel):
    """The theme to use; without ``accent_index`` the accent stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"theme": "darkstar", "accent_index": 2}]}
    )

    theme: str = Field(
        min_length=1,
        max_length=64,
        description="a theme's name, or `auto`: darkstar or daylight, as the device has it",
    )
    accent_index: Index | None = None


class ThemeChosenOut(Out):
    """The theme now in use; with ``auto`` the dark one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "success",
                    "current": BUILT_IN.name,
                    "accent_index": 0,
                    "theme": _THEME,
                }
            ]
        }
    )

    status: Literal["success"] = "success"
    current: str
    accent_index: Index
    theme: ThemeOut


async def known_themes(deps: ServicesDep) -> Themes:
    """Return the themes there are now: files may come and go while the service runs."""
    return await asyncio.to_thread(themes_now, deps.job.settings.data_dir)


ThemesDep = Annotated[Themes, Depends(known_themes)]


async def chosen(
    deps: ServicesDep, desk: ConfigDesk, look: Look, accent_index: int | None, by: str
) -> Saved:
    """Use a look from now on; raises what saving the configuration does."""
    ui: dict[str, Any] = {"theme": look.name}
    if accent_index is not None:
        ui["theme_accent_index"] = accent_index
    saved = await desk.save({"ui": ui}, if_version=None, by=by)
    deps.events.publish("config")
    return saved


def _out(theme: Theme, accent_index: int) -> ThemeOut:
    return ThemeOut(
        name=theme.name,
        foreground=theme.foreground,
        background=theme.background,
        palette=list(theme.palette),
        accent=theme.accent,
        muted=theme.muted,
        tokens=tokens_of(theme, accent_index),
    )


@router.get("/api/themes", operation_id="getThemes")
async def themes(deps: ServicesDep, known: ThemesDep) -> ThemesOut:
    """Return every theme with the colours to draw with, and the one in use."""
    ui = deps.job.settings.ui
    return ThemesOut(
        current=known.current(ui.theme).name,
        accent_index=ui.theme_accent_index,
        themes=[_out(each, ui.theme_accent_index) for each in known.found.values()],
        problems=[ThemeProblemOut.model_validate(each) for each in known.problems],
    )


@router.post(
    "/api/theme",
    operation_id="chooseTheme",
    responses={**NOT_SAVED, 404: {"model": ProblemOut, "description": "no such theme"}},
)
async def choose(
    deps: ServicesDep,
    desk: ConfigDep,
    known: ThemesDep,
    by: By,
    wanted: ThemeIn,
    response: Response,
) -> ThemeChosenOut:
    """Use a theme from now on; remembered in config.yaml."""
    look = known.look(wanted.theme)
    saved = await chosen(deps, desk, look, wanted.accent_index, by)
    response.headers["ETag"] = f'"{saved.version}"'
    index = deps.job.settings.ui.theme_accent_index
    return ThemeChosenOut(current=look.name, accent_index=index, theme=_out(look.theme, index))
