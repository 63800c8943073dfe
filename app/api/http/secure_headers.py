"""The headers that every answer carries, errors included."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_Header: TypeAlias = tuple[bytes, bytes]
_RAW: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_OURS: Final = frozenset(name for name, _ in _RAW) | {b"cache-control"}
_STATIC: Final = (b"cache-control", b"public, max-age=86400")
# What has an entity tag may be kept, and is asked about every time.
_KEPT: Final = (b"cache-control", b"private, no-cache")
_NOT_KEPT: Final = (b"cache-control", b"no-store")


class SecureHeaders:
    """ASGI middleware that adds the headers, and lets only static files be cached."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_static = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_ours(message.get("headers", ()), is_static=is_static)
            await send(message)

        await self._app(scope, receive, with_headers)


def _with_ours(headers: Iterable[_Header], *, is_static: bool) -> list[_Header]:
    """Return the headers of an answer with ours in the place of any that have their names."""
    theirs = [(name, value) for name, value in headers if name.lower() not in _OURS]
    has_tag = any(name.lower() == b"etag" for name, _ in theirs)
    return [*theirs, *_RAW, _STATIC if is_static else _KEPT if has_tag else _NOT_KEPT]
