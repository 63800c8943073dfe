"""Every request waits for the database for as long as one question may take, not for each."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.db.connection.patience import of_a_request


class OnePatience:
    """ASGI middleware around all that a request asks of the database."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request within the patience."""
        with of_a_request():
            await self._app(scope, receive, send)
