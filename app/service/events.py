"""Tell every open page that something changed; slow listeners lose events, never memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from app.core.errors import DarkstarError

QUEUE_SIZE = 16
MAX_STREAMS = 100
"""Open streams of one process: each holds a connection, and a home has a few screens."""
_NO_PLAN_MADE = frozenset({"failed", "held"})


class TooManyStreamsError(DarkstarError):
    """So many streams are open that one more would cost the others."""

    status = 503
    code = "too_many_streams"


class Broadcaster:
    """Hands each event name to every subscriber of this process."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._seats = 0
        self._database_up = True
        self._closed = False

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Hold one of the streams there may be; raises ``TooManyStreamsError``."""
        if self._seats >= MAX_STREAMS:
            raise TooManyStreamsError(
                f"{MAX_STREAMS} event streams are open; close one, or ask again later"
            )
        self._seats += 1
        try:
            yield
        finally:
            self._seats -= 1

    def run_ended(self, outcome: str) -> None:
        """Tell that a planning run is over: a plan perhaps, a state, an alert if it made none."""
        self.publish("plan")
        self.publish("state")
        if outcome in _NO_PLAN_MADE:
            self.publish("alert")

    def database_is(self, *, up: bool) -> None:
        """Tell when the database goes away, and when it is back."""
        changed, self._database_up = up != self._database_up, up
        if changed:
            self.publish("state")
            self.publish("alert")

    def publish(self, event: str) -> None:
        """Send an event name to everyone who listens; a full queue drops it."""
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(event)

    def close(self) -> None:
        """End every subscription, at the latest when its listener has caught up; no new ones."""
        self._closed = True
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def subscribe(self) -> AsyncIterator[str]:
        """Yield event names until the listener goes away or the service stops."""
        if self._closed:
            return
        queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_SIZE)
        self._queues.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.discard(queue)
