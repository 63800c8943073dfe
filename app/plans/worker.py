"""The planner's process: it answers questions that come by a pipe, and ends with the pipe.

``python -m app.plans.worker FD`` is started by ``process`` and by nobody else. Planning alone is
imported here: no web framework, no database, no HTTP client. A question that meets a bug ends the
process, as nobody knows what the bug has left behind; the service starts another.
"""

import os
import pickle
import resource
import select
import signal
import sys
import threading
import traceback
from functools import partial
from gc import collect, freeze
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from app.core.errors import DarkstarError

# Imported before the first question: with Polars behind it, half a second.
PLANNING = ("app.planner.made", "app.planner.checker")
# A plan takes 140 MB of it, most of that stacks of threads; the whole container has 512.
MOST_MEMORY_BYTES = 384 * 2**20
READY, DONE, REFUSED, BROKEN, TOO_LARGE = "ready", "done", "refused", "broken", "too large"
# How long after the service should have ended it the kernel ends a process that nobody waits for.
_SPARE_SECONDS = 2.0
_FIRST_TO_GO = "1000"


def main(fd: int) -> None:
    """Answer what comes by the socket ``fd`` until the service is gone."""
    pipe = Connection(fd)
    sys.excepthook = partial(_tell_bug, pipe)
    _stay_small()
    _end_with_the_service(fd)
    for name in PLANNING:
        import_module(name)
    collect()
    freeze()
    pipe.send((READY, None))
    while (asked := _next_question(pipe)) is not None:
        seconds, question = asked
        # No handler: the kernel ends the process, also where no Python code would run.
        signal.setitimer(signal.ITIMER_REAL, seconds + _SPARE_SECONDS)
        pipe.send_bytes(_answer(question))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _next_question(pipe: Connection) -> tuple[float, bytes] | None:
    """Return how long the answer may take and the pickled question; None at the end."""
    try:
        seconds, question = pipe.recv()
    except (EOFError, ConnectionError):
        return None
    return seconds, question


def _answer(question: bytes) -> bytes:
    """Return the pickled answer: what the function gave, or what it refused on purpose."""
    work = pickle.loads(question)  # noqa: S301 - the service's own
    try:
        return pickle.dumps((DONE, work()))
    except DarkstarError as refused:
        return pickle.dumps((REFUSED, refused))


def _tell_bug(
    pipe: Connection, kind: type[BaseException], bug: BaseException, where: TracebackType | None
) -> None:
    """Have the service log the bug that ends this process."""
    too_large = isinstance(bug, MemoryError)
    text = "".join(traceback.format_exception(kind, bug, where))
    pipe.send((TOO_LARGE if too_large else BROKEN, text))


def _stay_small() -> None:
    """Let no plan take the machine's memory: what asks for more fails, or ends the process."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = MOST_MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MOST_MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    # Where memory runs out all the same, Linux is to end this process and not the service.
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(_FIRST_TO_GO, encoding="ascii")


def _end_with_the_service(fd: int) -> None:
    """Leave signals to the service, which ends this process; and do not outlive it."""
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.SIG_IGN)

    def watch() -> None:
        poll = select.poll()
        # Nothing to wait for but the other end's being gone.
        poll.register(fd, 0)
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, daemon=True, name="watch").start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
