"""Tell every open page that something changed; slow listeners lose events, never memory."""

import asyncio
from collections.abc import AsyncIterator

QUEUE_SIZE = 16


class Broadcaster:
    """Hands each event name to every subscriber of this process."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._queues: set[asyncio.Queue[str]] = set()

    def publish(self, event: str) -> None:
        """Send an event name to everyone who listens; a full queue drops it."""
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(event)

    async def subscribe(self) -> AsyncIterator[str]:
        """Yield event names until the listener goes away."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_SIZE)
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
