"""What would hold up the event loop once, or again and again, is done before there is one."""

from contextlib import suppress
from ctypes import CDLL
from gc import collect, freeze
from importlib import import_module

from sqlalchemy.orm import configure_mappers

# Imported by their libraries at the first question.
_LATE = ("anyio._backends._asyncio", "httpx._transports.default")
# glibc's name for it, from its malloc.h.
_M_ARENA_MAX = -8


def warm_up() -> None:
    """Load what is loaded late, and take all of it out of the garbage collector's rounds.

    A full round looks at 170,000 objects, nearly all of them modules and classes: 100 ms in which
    no thread runs, every few minutes.
    """
    _keep_one_heap()
    for name in _LATE:
        import_module(name)
    configure_mappers()
    collect()
    freeze()


def _keep_one_heap() -> None:
    """Have all threads share one heap: one each, as glibc does, came to 9 MB more after five days.

    Other C libraries have nothing to be told.
    """
    with suppress(AttributeError, OSError):
        CDLL(None).mallopt(_M_ARENA_MAX, 1)
