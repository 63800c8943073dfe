"""What would hold up the event loop once, or again and again, is done before there is one."""

from gc import collect, freeze
from importlib import import_module

from sqlalchemy.orm import configure_mappers

# Imported by their libraries at the first question.
_LATE = ("anyio._backends._asyncio", "httpx._transports.default")


def warm_up() -> None:
    """Load what is loaded late, and take all of it out of the garbage collector's rounds.

    A full round looks at 170,000 objects, nearly all of them modules and classes: 100 ms in which
    no thread runs, every few minutes.
    """
    for name in _LATE:
        import_module(name)
    configure_mappers()
    collect()
    freeze()
