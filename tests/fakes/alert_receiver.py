"""Stands in for a webhook and an ntfy server: one real HTTP server on loopback."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One message as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object of a webhook's message."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class AlertReceiver:
    """Use it as a context manager; ``statuses`` are answered first, then always ``status``.

    ``token``, when set, must come as a bearer token. ``slow_seconds`` delays every answer.
    """

    status: int = 200
    statuses: list[int] = field(default_factory=list)
    token: str = ""
    slow_seconds: float = 0
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                time.sleep(receiver.slow_seconds)
                status = receiver.statuses.pop(0) if receiver.statuses else receiver.status
                if receiver.token and self.headers["Authorization"] != f"Bearer {receiver.token}":
                    status = 401
                receiver.received.append(Received(self.path, dict(self.headers.items()), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests read ``received``."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        """An address of this server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def events(self, path: str) -> list[tuple[str, str]]:
        """(event, code) of the JSON messages under a path, in order."""
        found = (each.data for each in self.received if each.path == path)
        return [(each["event"], each["code"]) for each in found]
