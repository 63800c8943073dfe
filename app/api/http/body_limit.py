"""No request body is longer than it may be, declared or not, before anything is done with it."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024


class BodyLimit:
    """Reads every body whole, then lets the application run; a longer one is refused instead.

    The framework would let a handler that wants no body run before it has seen one.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[], Response]) -> None:
        """Wrap ``app``; ``refuse`` makes the answer to a body that is too long."""
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, message = bytearray(), await _declared_short(scope, receive)
        while message is not None and message["type"] == "http.request":
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES or not message.get("more_body", False):
                break
            message = await receive()
        if message is None or len(body) > MAX_BODY_BYTES:
            await self._refuse()(scope, receive, send)
        elif message["type"] == "http.request":
            whole = {"type": "http.request", "body": bytes(body), "more_body": False}
            await self._app(scope, _first(whole, receive), send)


async def _declared_short(scope: Scope, receive: Receive) -> Message | None:
    """Return the first message, None where the body says itself that it is too long."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        return None
    return await receive()


def _first(message: Message, receive: Receive) -> Receive:
    """Return a ``receive`` that gives ``message`` before everything else."""
    waiting = [message]

    async def given() -> Message:
        return waiting.pop() if waiting else await receive()

    return given
