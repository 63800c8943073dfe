"""A clock for tests that read it more than once: no quarter begins between two readings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine

from app.core import clock
from app.core.frames import SLOT

ENOUGH = timedelta(seconds=60)
"""As long as a test may take at all."""
A_LOOK = timedelta(seconds=20)
"""As long as a page is looked at."""


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


def wait_out_the_slot() -> None:
    """Wait for the next slot if this one is about to end: another process has the real clock."""
    at = clock.now()
    left = clock.slot_floor(at) + SLOT - at
    if left <= A_LOOK:
        time.sleep(left.total_seconds() + 0.5)
