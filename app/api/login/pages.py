"""Log in with the API token, see who is logged in, and end sessions, one's own and others."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.access.asked import is_private
from app.access.gate import COOKIE, Asked, Gate
from app.access.sessions import SessionsNotKeptError
from app.api.web.dependencies import ServicesDep
from app.api.web.page_templates import templates
from app.core import clock
from app.wording import words
from app.wording.i18n import _

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
    verdict = await gate.judge(token.strip(), asked)
    if verdict == "unchecked":
        return _form(request, next, status=429, error=_("Too many tries. Wait a minute."))
    if verdict == "wrong":
        return _form(request, next, status=401, error=_("That is not the token."))
    try:
        cookie = await gate.new_session(asked)
    except SessionsNotKeptError as error:
        return _form(request, next, status=error.status, error=words.sentence(str(error)))
    answer = RedirectResponse(_local(next), status_code=303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=gate.session_seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session of this browser, here and there; raises ``SessionsNotKeptError``."""
    gate: Gate = request.app.state.gate
    if session := await gate.session_of(request.state.asked):
        await gate.end_session(session.id)
    return _gone("/")


@dataclass(frozen=True, slots=True)
class SessionView:
    """One login as the page shows it."""

    id: str
    since: str
    address: str
    browser: str
    is_this: bool


@router.get("/sessions")
async def sessions(request: Request, deps: ServicesDep) -> HTMLResponse:
    """Return who is logged in, with a button for each to end it and one for all."""
    gate, asked = deps.gate, request.state.asked
    mine = await gate.session_of(asked)
    view = [
        SessionView(
            id=each.id,
            since=words.when(each.started_at, clock.now(), deps.job.settings.zone),
            address=each.address,
            browser=each.browser,
            is_this=mine is not None and each.id == mine.id,
        )
        for each in await gate.open_sessions()
    ]
    return templates.TemplateResponse(request, "sessions.html", {"sessions": view})


@router.post("/sessions/end")
async def end(request: Request, session: Text = "") -> Response:
    """End the session of that name, or without one every session."""
    gate, asked = request.app.state.gate, request.state.asked
    mine = await gate.session_of(asked)
    if session:
        await gate.end_session(session)
    else:
        await gate.end_sessions()
    is_over = mine is not None and session in {"", mine.id}
    return _gone("/") if is_over else RedirectResponse("/sessions", status_code=303)


def _gone(target: str) -> Response:
    answer = RedirectResponse(target, status_code=303)
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
