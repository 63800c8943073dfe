"""Home Assistant's WebSocket: sign in, ask commands one by one, every fault named and bounded."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    PayloadTooBig,
    WebSocketException,
)

from app.core.errors import UpstreamAuthError, UpstreamError
from app.ingest.http import client as http
from app.settings import HomeAssistant

SOURCE = "Home Assistant"
# At DEBUG the library writes every frame into its log, the one with the token too.
_frames_unseen = logging.getLogger("darkstar.home_assistant.websocket")
_frames_unseen.setLevel(logging.INFO)
TOTAL_SECONDS = 30
OPEN_SECONDS = 10
# A month of hours of ten meters is about 0.7 MB.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_NOT_ALLOWED = {401, 403}
_NOT_FOUND = 404
_SERVER_ERROR = 500
_PROBLEM_LETTERS = 200


class CommandRefusedError(UpstreamError):
    """Home Assistant knows us, but refused or does not know what was asked."""

    code = "command_refused"


class _TryAgainError(UpstreamError):
    """A fault of the connection that may pass."""


class _Connect(connect):
    """A connection that follows no redirect, so that a token never travels elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@dataclass(slots=True)
class _Socket:
    """A signed-in connection; ``last_id`` numbers the commands."""

    connection: ClientConnection
    last_id: int = 0

    async def ask(self, command: Mapping[str, Any]) -> Any:
        """Send one command and return its result; other messages are passed over."""
        self.last_id += 1
        await self.connection.send(json.dumps({**command, "id": self.last_id}))
        while True:
            message = await _message(self.connection)
            if message.get("id") == self.last_id and message.get("type") == "result":
                return _result(message, str(command["type"]))


async def ask_all(settings: HomeAssistant, commands: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the result of each command, asked over one connection.

    Raises ``UpstreamAuthError`` when the token is refused, ``CommandRefusedError`` when a command
    is, ``UpstreamError`` for everything else. A connection that fails is tried again, all commands
    with it: they must only read.
    """
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_TryAgainError),
                stop=stop_after_attempt(http.ATTEMPTS),
                wait=wait_random_exponential(multiplier=0.5, max=5),
                sleep=http.pause,
                reraise=True,
            ):
                with attempt:
                    async with _signed_in(settings) as socket:
                        return [await socket.ask(command) for command in commands]
    except TimeoutError as error:
        raise UpstreamError(f"{SOURCE} (WebSocket) did not answer in {TOTAL_SECONDS} s") from error
    raise UpstreamError(f"{SOURCE} was not asked")  # pragma: no cover - tenacity always tries


@asynccontextmanager
async def _signed_in(settings: HomeAssistant) -> AsyncIterator[_Socket]:
    # Errors of the library are not chained further than this: they may quote what was sent.
    try:
        async with _Connect(
            f"{settings.url}/api/websocket".replace("http", "ws", 1),
            # Configured addresses are asked directly; a proxy variable of the shell does not count.
            proxy=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=1,
            max_size=MAX_MESSAGE_BYTES,
            logger=_frames_unseen,
        ) as connection:
            await _sign_in(connection, settings)
            yield _Socket(connection)
    except InvalidStatus as error:
        raise _refused(error.response.status_code) from None
    except ConnectionClosed as error:
        raise _closed(error) from None
    except TimeoutError as error:
        # The bound on everything comes as a cancellation; this one is the handshake's.
        raise _TryAgainError(f"{SOURCE} (WebSocket) timed out") from error
    except (OSError, WebSocketException) as error:
        raise _TryAgainError(
            f"{SOURCE} (WebSocket) cannot be reached ({type(error).__name__})"
        ) from None


def _refused(status: int) -> UpstreamError:
    if status in _NOT_ALLOWED:
        return UpstreamAuthError(f"{SOURCE} refused access (HTTP {status}); check the token")
    if status == _NOT_FOUND:
        return http.NotFoundError(f"{SOURCE} has no WebSocket at this address (HTTP 404)")
    kind = _TryAgainError if status >= _SERVER_ERROR else UpstreamError
    return kind(f"{SOURCE} (WebSocket) answered HTTP {status}")


def _closed(error: ConnectionClosed) -> UpstreamError:
    too_big = isinstance(error.__cause__, PayloadTooBig) or (
        error.sent is not None and error.sent.code == 1009  # noqa: PLR2004 - "message too big"
    )
    if too_big:
        return UpstreamError(f"{SOURCE} sent more than {MAX_MESSAGE_BYTES} bytes in one message")
    return _TryAgainError(f"{SOURCE} closed the WebSocket in mid-conversation")


async def _sign_in(connection: ClientConnection, settings: HomeAssistant) -> None:
    first = await _message(connection)
    if first.get("type") == "auth_required":
        token = settings.token.get_secret_value() if settings.token else ""
        await connection.send(json.dumps({"type": "auth", "access_token": token}))
        first = await _message(connection)
    if first.get("type") == "auth_invalid":
        raise UpstreamAuthError(f"{SOURCE} refused the access token; make a new one and paste it")
    if first.get("type") != "auth_ok":
        raise UpstreamError(f"{SOURCE} (WebSocket) did not ask for the token as it should")


async def _message(connection: ClientConnection) -> dict[str, Any]:
    raw = await connection.recv(decode=False)
    message = await http.parsed_json(raw, SOURCE)
    if not isinstance(message, dict):
        raise UpstreamError(f"{SOURCE} (WebSocket) sent something that is no message")
    return message


def _result(message: Mapping[str, Any], command: str) -> Any:
    if message.get("success") is True and "result" in message:
        return message["result"]
    error = message.get("error")
    if not isinstance(error, dict):
        raise UpstreamError(f"{SOURCE}: unexpected reply to {command}")
    code = str(error.get("code", ""))[:_PROBLEM_LETTERS]
    if code == "unauthorized":
        raise UpstreamAuthError(f"{SOURCE}: the token's user may not ask {command}")
    if code == "unknown_command":
        raise CommandRefusedError(
            f"{SOURCE} does not know {command}; is its recorder integration on?"
        )
    text = str(error.get("message", ""))[:_PROBLEM_LETTERS]
    raise CommandRefusedError(f"{SOURCE} refused {command}: {code} {text}".rstrip())
