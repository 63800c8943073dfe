"""The templates of the pages, and what every page has in its frame whoever renders it."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import __version__
from app.api.web.look_view import look_view
from app.api.web.page_texts import for_scripts
from app.api.web.setting_sections import SECTIONS
from app.core import clock
from app.core.shipped import SHIPPED
from app.wording import i18n
from app.wording.i18n import _


@dataclass(frozen=True, slots=True)
class FrameView:
    """What stands around the content of every page; ``path`` is that of the page asked for."""

    path: str
    language: str
    zone: str
    clock: str
    version: str
    access: str
    pages: tuple[tuple[str, str], ...]
    texts: dict[str, str]

    def is_at(self, page: str) -> bool:
        """Tell whether a page of the navigation, or one below it, is shown."""
        return self.path == page or (page != "/" and self.path.startswith(f"{page}/"))


def frame_of(request: Request) -> dict[str, Any]:
    """Return the frame for the templates' context."""
    settings = request.app.state.services.job.settings
    local = clock.now().astimezone(settings.zone)
    return {
        "frame": FrameView(
            path=request.url.path,
            language=i18n.language(),
            zone=settings.timezone,
            clock=f"{i18n.dated(local, 'EEE d MMM')}, {local:%H:%M} {local.tzname()}",
            version=__version__,
            access=settings.access.mode,
            pages=(
                ("/", _("Today")),
                ("/plan", _("Plan")),
                ("/history", _("History")),
                ("/forecast", _("Forecast")),
                ("/system", _("System")),
                ("/settings", _("Settings")),
            ),
            texts=for_scripts(),
        )
    }


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(SHIPPED / "templates"), autoescape=True, undefined=StrictUndefined
    )
    made.globals.update(
        {
            "_": i18n._,
            "ngettext": i18n.ngettext,
            "look_of": look_view,
            "settings_sections": SECTIONS,
        }
    )
    return made


templates = Jinja2Templates(env=_environment(), context_processors=[frame_of])


async def choose_language(request: Request) -> None:
    """Set the language of the answer: the owner's choice, else the browser's.

    Async on purpose: what a dependency that runs in a thread sets is lost with the thread.
    """
    settings = request.app.state.services.job.settings
    i18n.choose(settings.ui.language, request.headers.get("Accept-Language", ""))
