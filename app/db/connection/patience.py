"""How long one request may wait for the database in all, however many questions it asks.

Each question has its own patience of 5 s; a page asks four. With a silent database it took two of
them 10.4 s to come, while every answer is promised within 6 s.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_SECONDS = 5.0


@dataclass(slots=True)
class _Patience:
    left_seconds: float


_ASKING: ContextVar[_Patience | None] = ContextVar("asking", default=None)


@contextmanager
def of_a_request() -> Iterator[None]:
    """Have the questions asked inside share ``REQUEST_SECONDS`` of waiting."""
    before = _ASKING.set(_Patience(REQUEST_SECONDS))
    try:
        yield
    finally:
        _ASKING.reset(before)


@contextmanager
def of_its_own() -> Iterator[None]:
    """Have each question asked inside its own patience: work that a request only set off."""
    before = _ASKING.set(None)
    try:
        yield
    finally:
        _ASKING.reset(before)


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[None]:
    """Give the block ``seconds`` at most, or what is left of the request's; ``TimeoutError``."""
    shared, loop = _ASKING.get(), asyncio.get_running_loop()
    began = loop.time()
    left_seconds = seconds if shared is None else min(seconds, shared.left_seconds)
    try:
        # Nothing left, it ends at its first wait.
        async with asyncio.timeout(left_seconds):
            yield
    finally:
        if shared is not None:
            shared.left_seconds -= loop.time() - began
