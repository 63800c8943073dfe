"""Log in with the API token, and out again."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.access import COOKIE, Asked, Gate, is_private
from app.api.page_templates import templates
from app.i18n import _

router = APIRouter()
Text = Annotated[str, Form(max_length=512)]


@router.get("/login")
def login_page(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - the field's name
    """Return the form."""
    return _form(request, next)


@router.post("/login")
async def login(request: Request, token: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Start a session; a wrong token, or too many of them, gets the form again."""
    gate: Gate = request.app.state.gate
    asked: Asked = request.state.asked
    if request.url.scheme == "http" and not is_private(asked.client):
        return _form(request, next, status=403, error=_("Log in over https from outside the home."))
    if not gate.may_try(asked):
        return _form(request, next, status=429, error=_("Too many tries. Wait a minute."))
    if not await asyncio.to_thread(gate.token.accepts, token.strip()):
        return _form(request, next, status=401, error=_("That is not the token."))
    answer = RedirectResponse(_local(next), status_code=303)
    answer.set_cookie(
        COOKIE,
        gate.new_session(),
        max_age=gate.session_seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def logout() -> Response:
    """End the session of this browser."""
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _local(target: str) -> str:
    """Return a path on this host: nobody is sent elsewhere after logging in."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if safe and not parts.scheme and not parts.netloc else "/"


def _form(request: Request, target: str, *, status: int = 200, error: str = "") -> HTMLResponse:
    view = {"next": _local(target), "error": error}
    headers = {"Retry-After": "60"} if status == 429 else {}  # noqa: PLR2004 - the HTTP status
    return templates.TemplateResponse(
        request, "login.html", view, status_code=status, headers=headers
    )
