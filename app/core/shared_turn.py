"""One question at a time for everybody who asks it meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class SharedTurn(Generic[Answer]):
    """Has many callers share one answer, yet gives nobody one that was begun before they asked.

    Whoever asks while a question is on takes part in the next one, which begins when it ends.
    ``settles`` tells the answers that those who wait may have as well: why ask again at once.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[Answer]],
        settles: Callable[[Answer], bool] = lambda _answer: False,
    ) -> None:
        """Share what ``ask`` finds out."""
        self._ask = ask
        self._settles = settles
        self._running: asyncio.Task[Answer] | None = None
        self._next: asyncio.Task[Answer] | None = None

    async def __call__(self) -> Answer:
        """Return an answer begun from now on."""
        if self._next is None:
            running = self._running
            before = None if running is None or running.done() else running
            self._next = asyncio.create_task(self._turn(before))
        # Who gives up must not take the answer from the others.
        return await asyncio.shield(self._next)

    async def _turn(self, before: asyncio.Task[Answer] | None) -> Answer:
        if before is not None:
            await asyncio.wait({before})
        # From here on the answer is too old for whoever asks.
        self._running, self._next = self._next, None
        # Raises where that one was cancelled: whoever does so is about to end the service.
        if before is not None and before.exception() is None and self._settles(before.result()):
            return before.result()
        return await self._ask()
