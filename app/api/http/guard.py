"""Asks the gate about every request before its body is read."""

from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.gate import Asked, Gate, Refusal
from app.api.http import problems

# Whoever stands before us may go by the first, we by the last.
_ONCE = ("host", "origin", "sec-fetch-site", "authorization", "content-type", "content-length")


class Guard:
    """ASGI middleware; handlers find what was asked in ``request.state.asked``."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """Wrap ``app``."""
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "websocket":
            # There is none: refused here, none that a library brings gets past the gate.
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = asked_of(scope)
        refusal = await self._gate.refusal(asked)
        if refusal is not None:
            await _answer(refusal, asked)(scope, receive, send)
            return
        scope.setdefault("state", {})["asked"] = asked
        await self._app(scope, receive, send)


def asked_of(scope: Scope) -> Asked:
    """Return what counts of a request."""
    connection = HTTPConnection(scope)
    return Asked(
        method=scope["method"],
        path=scope["path"],
        client=connection.client.host if connection.client else "",
        headers=dict(connection.headers.items()),
        cookies=connection.cookies,
        http_version=scope.get("http_version", "1.1"),
        twice=next((name for name in _ONCE if len(connection.headers.getlist(name)) > 1), ""),
    )


def _answer(refusal: Refusal, asked: Asked) -> Response:
    """Return a problem, or where a person looks the way to the login page."""
    if refusal.status == 401:  # noqa: PLR2004 - the HTTP status
        page = "text/html" in asked.headers.get("accept", "")
        # The forms of the settings are sent to the address of the page they stand on.
        is_page = not asked.changes or asked.path.startswith("/settings/")
        here = asked.path if is_page else "/"
        login = f"/login?next={quote(here)}"
        if "hx-request" in asked.headers:
            return _problem(refusal, {"HX-Redirect": login})
        if page:
            return RedirectResponse(login, status_code=303)
    return _problem(refusal, {})


def _problem(refusal: Refusal, more: dict[str, str]) -> Response:
    return problems.answer(
        refusal.status, refusal.message, code=refusal.code, headers={**refusal.headers, **more}
    )
