"""Tell every open page that something changed; slow listeners lose events, never memory."""

import asyncio
from collections.abc import AsyncIterator

QUEUE_SIZE = 16


class Broadcaster:
    """Hands each event name to every subscriber of this process."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._queues: set[asyncio.Queue[str | None]] = set()

    def publish(self, event: str) -> None:
        """Send an event name to everyone who listens; a full queue drops it."""
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(event)

    def close(self) -> None:
        """End every subscription, at the latest when its listener has caught up."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def subscribe(self) -> AsyncIterator[str]:
        """Yield event names until the listener goes away or the service stops."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_SIZE)
        self._queues.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.discard(queue)
