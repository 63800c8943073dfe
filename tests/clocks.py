"""A clock for tests that read it more than once: no quarter begins between two readings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine

from app import clock
from app.frames import SLOT

ENOUGH = timedelta(seconds=60)
"""As long as a test may take at all."""


@contextmanager
def one_slot() -> Iterator[None]:
    """Have all that is within happen in one slot: a slot about to end is left for the next.

    A clock that the test has set already is left alone.
    """
    at = clock.now()
    begins = clock.slot_floor(at) + SLOT
    if begins - at > ENOUGH or time_machine.escape_hatch.is_travelling():
        yield
        return
    with time_machine.travel(begins + timedelta(seconds=1), tick=True):
        yield
