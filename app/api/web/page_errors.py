"""What a page cannot show, told as a page: no such run, no such slot, an address that is none."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.wording import words
from app.wording.i18n import _

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class ErrorView:
    """Everything ``missing.html`` may use."""

    title: str
    text: str


class PageRoute(APIRoute):
    """A route whose deliberate errors are pages for a browser; a fragment's stay problems."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the errors of its page around it."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except DarkstarError as error:
                if "HX-Request" in request.headers:
                    raise
                return _page(request, error.status, _title(error), words.sentence(str(error)))
            except RequestValidationError:
                if "HX-Request" in request.headers:
                    raise
                text = _("A part of the address cannot be read: a number of a run, or a time.")
                return _page(request, _NOT_FOUND, _("There is no such page"), text)

        return handled


def _title(error: DarkstarError) -> str:
    if error.status == _NOT_FOUND:
        return _("There is nothing to show here")
    return _("This page cannot be shown now")


def _page(request: Request, status: int, title: str, text: str) -> Response:
    view = {"view": ErrorView(title, text)}
    return templates.TemplateResponse(request, "missing.html", view, status_code=status)
