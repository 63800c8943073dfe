"""What a request is told that waits for something when the service stops."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.http import problems

_RETRY_SECONDS = "15"


class ToldOfTheStop:
    """ASGI middleware: the server cuts off late requests, each is answered before it ends."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        is_answered = False

        async def watched(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if scope["type"] != "http" or is_answered or task is None or task.uncancel():
                raise
            answer = problems.answer(
                503,
                "the service is stopping; ask again when it is back",
                code="service_stopping",
                headers={"Retry-After": _RETRY_SECONDS},
            )
            await answer(scope, receive, send)
