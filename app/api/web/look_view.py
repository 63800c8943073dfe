"""What a page's head says of the look chosen: schemes, and the colour of a phone's bar."""

from dataclasses import dataclass

from fastapi import Request

from app.api.web.dependencies import services
from app.themes import themes_now
from app.themes.model import Theme
from app.themes.tokens import scheme_of, tokens_of


@dataclass(frozen=True, slots=True)
class LookView:
    """The schemes for the browser's own parts, and the bar's colour with the media it is for."""

    scheme: str
    bars: tuple[tuple[str, str], ...]


def look_view(request: Request) -> LookView:
    """Return what fits the look chosen; templates call it."""
    settings = services(request).job.settings
    look = themes_now(settings.data_dir).current(settings.ui.theme)
    if look.light is None:
        return LookView(scheme_of(look.theme), ((_page(look.theme), ""),))
    bars = ((look.theme, "dark"), (look.light, "light"))
    return LookView(
        "dark light",
        tuple((_page(theme), f"(prefers-color-scheme: {scheme})") for theme, scheme in bars),
    )


def _page(theme: Theme) -> str:
    return tokens_of(theme)["bg"]
