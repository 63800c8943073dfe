"""Work that needs a database and holds up a loop: on a loop of its own, in a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any


async def on_own_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``work`` to its end; cancelling this cancels it there and waits for it."""
    begun: Future[Callable[[], object]] = Future()

    async def there() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101 - asyncio.run made it
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        await work()

    thread = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(there())))
    try:
        await asyncio.shield(thread)
    except asyncio.CancelledError:
        stop = await asyncio.wrap_future(begun)
        # Ended by itself in the meantime, its loop is closed.
        with suppress(RuntimeError):
            stop()
        await asyncio.wait([thread])
        raise
