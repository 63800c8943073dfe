"""HTTP from clients that take their time: every wait for one has an end, every place a limit.

uvicorn waits for ever for the rest of a request, and takes connections until no file descriptor is
left. Here a request has to be whole in time, and a newcomer takes the place of the connection that
has been waiting longest for its client; what is being answered, streams of events included, stays.
"""

import asyncio
import http
import resource
import socket
from dataclasses import dataclass
from typing import Any, Final, Self

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# How many connections the loop takes at once, before it is asked what to do with them.
BACKLOG: Final = 100
# Database, log, sensors, worker: what the service needs itself, with some to spare.
_OWN_DESCRIPTORS: Final = 60
# Six to a browser and a stream to a page: sixty pages.
_MOST, _FEWEST = 400, 16


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits: seconds to send head and body, connections in all and from one address."""

    head_seconds: float = 10
    body_seconds: float = 20
    unread_seconds: int = 60
    max_head_bytes: int = 64 * 1024
    connections: int = _MOST

    @classmethod
    def of_this_process(cls) -> Self:
        """Return what the file descriptors of this process allow."""
        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        room = soft - BACKLOG - _OWN_DESCRIPTORS
        few = soft == resource.RLIM_INFINITY or room > _MOST
        return cls(connections=_MOST if few else max(_FEWEST, room))

    @property
    def from_one_address(self) -> int:
        """How many connections one address may hold; half, so that another gets in."""
        return max(1, self.connections // 2)


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to every wait for the client."""

    patience = Patience()
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, where there is a place for one more."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._wait_for_client(self.patience.head_seconds)
        self._give_up_on_the_dead()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head are counted, whatever they are."""
        if self._timer is None and not self._is_answering:
            self._wait_for_client(self.patience.head_seconds)
        self._head_bytes += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._head_bytes > self.patience.max_head_bytes:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin a head; while the request before it is answered the client may take its time."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Have the head, want the body: all of it in time, not each of its bytes."""
        self._in_head, self._head_bytes = False, 0
        self._wait_for_client(self.patience.body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have a whole request: from here on it is the service that takes time."""
        self._stop_waiting()
        self._in_head = True
        super().on_message_complete()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing is lost to anybody else when this connection goes."""
        return self._timer is not None or not self._is_answering

    def _wait_for_client(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._refuse, 408)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up_on_the_dead(self) -> None:
        """Have the kernel end a connection whose client no longer takes what it asked for."""
        found: Any = self.transport.get_extra_info("socket")
        if found is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = self.patience.unread_seconds * 1000
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _make_room(self) -> None:
        """Give this connection a place: a free one, else that of one that waits, else none."""
        everybody = [each for each in self.connections if isinstance(each, PatientProtocol)]
        mine = [each for each in everybody if _address(each) == _address(self)]
        for those, limit in (
            (everybody, self.patience.connections),
            (mine, self.patience.from_one_address),
        ):
            if len(those) <= limit:
                continue
            waiting = [each for each in those if each is not self and each.waits_for_client]
            if not waiting:
                self._refuse(503)
                return
            longest = min(waiting, key=lambda each: each._since)  # noqa: SLF001 - of this class
            self.connections.discard(longest)
            longest.transport.abort()
            return

    def _refuse(self, status: int) -> None:
        """Answer where nothing was answered yet, and close."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if not self._is_answering or not self.cycle.response_started:
            phrase = http.HTTPStatus(status).phrase
            self.transport.write(
                f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain\r\nconnection: close\r\n"
                f"content-length: {len(phrase)}\r\n\r\n{phrase}".encode()
            )
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: there is no WebSocket here, and asking for one fills no log."""


def patient(patience: Patience) -> type[HttpToolsProtocol]:
    """Return the protocol with these limits."""
    return type("Patient", (PatientProtocol,), {"patience": patience})


def _address(protocol: PatientProtocol) -> str:
    return protocol.client[0] if protocol.client else ""
