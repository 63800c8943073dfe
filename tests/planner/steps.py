"""Count what the planner does instead of timing it: a loop that never ends fails at once."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from app import planner

T = TypeVar("T")
_PLANNER = str(Path(planner.__file__).parent)


class TooManyStepsError(BaseException):
    """More steps than were allowed; no ``Exception``, so that no fallback takes it for a fault."""


def counted(work: Callable[[], T], *, at_most: int) -> tuple[T, int]:
    """Return the result of ``work`` and how many lines of the planner it ran.

    Raises ``TooManyStepsError`` beyond ``at_most``.
    """
    steps = 0

    def each_line(_: FrameType, event: str, __: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        if steps > at_most:
            raise TooManyStepsError(f"more than {at_most} steps")
        return each_line

    def each_call(frame: FrameType, _: str, __: Any) -> Any:
        return each_line if frame.f_code.co_filename.startswith(_PLANNER) else None

    before = sys.gettrace()
    sys.settrace(each_call)
    try:
        result = work()
    finally:
        sys.settrace(before)
    return result, steps
