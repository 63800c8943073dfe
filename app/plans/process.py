"""The one door to the planner: a process of its own that can be ended, whatever it does.

A thread that computes for ever cannot be stopped; it holds up every later plan, and the stop of the
service. So plans are made in a warm process beside the service (spawned, as Polars hangs in a
forked one), each within ``LIMIT_SECONDS``; then the process is ended and another one started. One
that nobody has asked for ``REST_SECONDS`` is ended as well: a home plans once an hour, and until
then its 98 MB are of use to nobody.
"""

import asyncio
import math
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection, Pipe
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

import polars as pl
import structlog

from app.core import metrics, own_process
from app.core.errors import (
    DarkstarError,
    FrameError,
    PlanInvalidError,
    PlannerBusyError,
    PlannerFailedError,
    PlannerUnavailableError,
)
from app.planner import checker
from app.planner.made import Made, make
from app.planner.model.context import Context
from app.planner.run import by_cascade
from app.plans import worker

P = ParamSpec("P")
T = TypeVar("T")
# Plans take 0.05 to 0.3 s, on a small board ten times as long.
LIMIT_SECONDS: Final = 10.0
# Not the planner's fault: imports on a machine that has much else to do.
START_SECONDS: Final = 45.0
# For a question; a run waits for at most one question in progress and one that came before it.
PATIENCE_SECONDS: Final = 15.0
# A person who tries manual actions asks again within minutes; to start anew takes 0.6 s.
REST_SECONDS: Final = 300.0
_MOST_BYTES: Final = 64 * 2**20
_END_SECONDS: Final = 2.0
# What an answer that is no pickle of ours can look like.
_UNREADABLE: Final = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    pl.exceptions.PolarsError,
)
_log = structlog.get_logger("darkstar.planner")


class _Answer(NamedTuple):
    """What came back: its kind, and the result, the refusal or the words of a bug."""

    kind: str
    value: Any


@dataclass(slots=True)
class PlannerProcess:
    """Starts the process, asks it, ends it; called from threads, which wait for each other."""

    command: tuple[str, ...] = own_process.command(worker.__name__)
    limit_seconds: float = LIMIT_SECONDS
    rest_seconds: float = REST_SECONDS
    fault: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _doomed: subprocess.Popen[bytes] | None = None
    _pipe: Connection | None = None
    _closed: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock)
    is_resting: bool = False
    _until_rest: threading.Timer | None = None

    def start(self) -> None:
        """Have it ready for the next question; raises ``PlannerUnavailableError``."""
        with self._turn:
            self._ready()
            self._rest_later()

    def keep(self) -> None:
        """Have another one where it ended, but leave one that rests to its rest.

        Raises ``PlannerUnavailableError``.
        """
        with self._turn:
            if not self.is_resting:
                self._ready()

    def ask(self, work: Callable[[], Any]) -> Any:
        """Return ``work()`` from the other process.

        Raises what ``work`` refuses (a ``DarkstarError``), ``PlannerFailedError`` or
        ``PlannerUnavailableError``.
        """
        question = pickle.dumps(work)
        with self._turn:
            pipe = self._ready()
            answer = self._answer(pipe, (self.limit_seconds, question), self.limit_seconds)
            if answer.kind in {worker.BROKEN, worker.TOO_LARGE}:
                self._end()
            self._rest_later()
        if answer.kind == worker.DONE:
            return answer.value
        if answer.kind == worker.REFUSED and isinstance(answer.value, DarkstarError):
            raise answer.value
        if answer.kind == worker.TOO_LARGE:
            raise failed("memory", f"it needs more than {worker.MOST_MEMORY_BYTES >> 20} MB")
        _log.error("the planner met a bug", traceback=str(answer.value))
        raise failed("bug", "a bug in Darkstar, see the log")

    def kill(self) -> None:
        """End it now; whoever waits for its answer is told."""
        if (process := self._process) is not None:
            # Its end takes a moment, in which it still looks alive.
            self._doomed = process
            process.kill()

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        self.kill()
        with self._turn:
            self._end()
            self._stay_awake()

    def _rest_later(self) -> None:
        """Count anew until the process is ended for want of questions; within the turn."""
        self._stay_awake()
        if self._process is None or self._closed:
            return
        self._until_rest = threading.Timer(self.rest_seconds, self._rest)
        self._until_rest.daemon = True
        self._until_rest.start()

    def _stay_awake(self) -> None:
        timer, self._until_rest = self._until_rest, None
        if timer is not None:
            timer.cancel()

    def _rest(self) -> None:
        """End the process, unless somebody asks it just now."""
        if not self._turn.acquire(blocking=False):
            # The question that is on begins to count anew when it is answered.
            return
        try:
            # A timer that was called off while it began is not the current one any more.
            if self._until_rest is threading.current_thread():
                self._until_rest = None
                self._end()
                self.is_resting = True
        finally:
            self._turn.release()

    def _ready(self) -> Connection:
        """Return the pipe to a living process, started if there is none."""
        if self._closed:
            raise PlannerUnavailableError("the service is stopping")
        process = self._process
        if self._pipe is not None and process is not None and process is not self._doomed:
            if process.poll() is None:
                return self._pipe
            _log.warning("the planner's process ended by itself", how=_ended(process.returncode))
        self._end()
        self.is_resting = False
        try:
            pipe = self._spawn()
            answer = self._answer(pipe, None, START_SECONDS)
        except (OSError, PlannerFailedError) as error:
            self._end()
            self.fault = f"the planner cannot be started: {error}"
            metrics.PLANNER_FAULTS.labels("start").inc()
            raise PlannerUnavailableError(self.fault) from error
        if answer.kind != worker.READY:
            self._end()
            _log.error("the planner's process does not start", said=str(answer.value))
            self.fault = "the planner cannot be started: see the log"
            metrics.PLANNER_FAULTS.labels("start").inc()
            raise PlannerUnavailableError(self.fault)
        self.fault = ""
        self._rest_later()
        return pipe

    def _spawn(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            self._pipe = ours
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self.command, str(theirs.fileno())],
                env=own_process.environment() | {"MALLOC_ARENA_MAX": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # What a library prints must not get between the lines of the service.
                stdout=sys.__stderr__,
            )
        if self._closed:
            self.kill()
        return ours

    def _answer(
        self, pipe: Connection, question: tuple[float, bytes] | None, seconds: float
    ) -> _Answer:
        """Send the question, wait for the answer; raises ``PlannerFailedError`` after the end."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            if question is not None:
                pipe.send(question)
            # A whole message, or none: what holds it up in the middle is ended by the timer too.
            return _Answer(*pickle.loads(pipe.recv_bytes(_MOST_BYTES)))  # noqa: S301 - our child's
        except (EOFError, OSError) as error:
            status = self._end()
            if late.is_set():
                raise failed("timeout", f"it took longer than {seconds:g} s") from error
            raise failed("crash", f"its process ended ({_ended(status)})") from error
        except _UNREADABLE as error:
            self._end()
            raise failed("rubbish", "its answer cannot be read") from error
        finally:
            timer.cancel()

    def _end(self) -> int | None:
        """End what is left of the process; return how it ended."""
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        status = None
        if process is not None:
            try:
                # It may be ending by itself, and then its own end says more.
                status = process.wait(0.1)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait(_END_SECONDS)
        if pipe is not None:
            pipe.close()
        return status


@dataclass(slots=True)
class Planner:
    """The planner as the service asks it: one question at a time, runs before questions."""

    process: PlannerProcess
    _worker: asyncio.Lock = field(default_factory=asyncio.Lock)
    _questions: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def fault(self) -> str:
        """Why nothing can be planned any more; empty while it can."""
        return self.process.fault

    async def warm(self) -> None:
        """Have the process ready; where it cannot be started, ``fault`` says so."""
        await self._have(self.process.start)

    async def keep(self) -> None:
        """Have another process where it ended unasked; one that rests is left alone."""
        await self._have(self.process.keep)

    async def _have(self, ready: Callable[[], None]) -> None:
        if self._worker.locked():
            return
        try:
            async with self._worker:
                await asyncio.to_thread(ready)
        except PlannerUnavailableError as error:
            _log.warning("planner not started", error=str(error))

    def close(self) -> None:
        """End the process; what waits for it is told."""
        self.process.close()

    async def plan(self, slots: pl.DataFrame, ctx: Context) -> Made:
        """Plan within the limit; where the exact engine fails, the cascade plans within it.

        Raises ``PlannerFailedError``, ``PlanInvalidError`` or ``InputError``.
        """
        try:
            return await self._plan(slots, ctx)
        except PlannerUnavailableError:
            raise
        except PlannerFailedError as failure:
            if ctx.engine == "cascade":
                raise PlannerFailedError(f"no plan was made: {failure}") from failure
            _log.warning("the cascade plans", engine=ctx.engine, error=str(failure))
            try:
                made = await self._plan(slots, by_cascade(ctx))
            except PlannerFailedError as again:
                raise PlannerFailedError(
                    f"no plan was made: {failure}; with the cascade: {again}"
                ) from again
            told = f"engine_failed: the {ctx.engine} engine failed: {failure}; the cascade planned"
            return replace(made, warnings=(told, *made.warnings))

    async def ask(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Return ``work(*args, **named)``, which computes with the planner.

        Raises ``PlannerFailedError``, ``PlannerBusyError`` or what ``work`` refuses.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._questions.acquire()
        except TimeoutError as error:
            raise PlannerBusyError(
                "the planner has other questions to answer; ask again in some seconds"
            ) from error
        try:
            async with self._worker:
                found: T = await self._asked(partial(work, *args, **named))
        except PlannerUnavailableError:
            raise
        except PlannerFailedError as failure:
            raise PlannerFailedError(f"the planner gave no answer: {failure}") from failure
        finally:
            self._questions.release()
        return found

    async def _plan(self, slots: pl.DataFrame, ctx: Context) -> Made:
        async with self._worker:
            made = await self._asked(partial(make, slots, ctx))
            try:
                await asyncio.to_thread(_require_plan, made, slots, ctx)
            except (FrameError, PlanInvalidError, AttributeError, TypeError) as error:
                self.process.kill()
                _log.error("the planner returned what is no plan", error=str(error))
                raise failed("rubbish", "it returned what is no plan") from error
        return made

    async def _asked(self, work: Callable[[], T]) -> T:
        try:
            found: T = await asyncio.to_thread(self.process.ask, work)
        except asyncio.CancelledError:
            # Nobody waits for it any more, and its thread is wanted.
            self.process.kill()
            raise
        return found


def _require_plan(made: Made, slots: pl.DataFrame, ctx: Context) -> None:
    """Raise unless it is a plan of these slots that keeps every rule."""
    checker.require_valid(made.schedule, ctx)
    if made.schedule["slot_start"].to_list() != slots["slot_start"].unique().sort().to_list():
        raise PlanInvalidError("its slots are not those asked for")
    # No share of a saving is known where there is next to nothing to gain.
    money = (*_numbers(made.totals), made.optimality.cost_best, made.optimality.percent or 0.0)
    if not all(map(math.isfinite, money)):
        raise PlanInvalidError("a sum of money is not finite")


def _numbers(figures: Any) -> list[float]:
    return [getattr(figures, name) for name in figures.__dataclass_fields__]


def failed(kind: str, why: str) -> PlannerFailedError:
    """Count a fault of the planner and return the error that says it."""
    metrics.PLANNER_FAULTS.labels(kind).inc()
    return PlannerFailedError(why)


def _ended(status: int | None) -> str:
    if status is None or status >= 0:
        return f"exit code {status}"
    return signal.Signals(-status).name
