"""Keep the jobs going, and the plan right, when the machine's clock is set.

The scheduler waits for instants. Set back by an hour, it would do nothing for that hour, and a
small computer without a battery for its clock corrects it soon after the start. Whichever way it
was set, the plan in force was made for another hour.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app.core import clock

LOOK_SECONDS = 15
# Less is the daily work of a time server.
JUMP = timedelta(minutes=1)
_log = structlog.get_logger("darkstar.clock")


@dataclass(slots=True)
class ClockWatch:
    """Looks at the clock by the loop's own time, which nobody can set.

    ``stepped`` is called whenever the clock was set by more than ``JUMP``.
    """

    scheduler: BaseScheduler
    is_stopping: Callable[[], bool]
    stepped: Callable[[], None]
    _seen: tuple[datetime, float] | None = None

    def look(self) -> None:
        """Move the jobs back by as much as the clock was; then look again, until the stop."""
        if self.is_stopping():
            return
        loop = asyncio.get_running_loop()
        now, loop_seconds = clock.now(), loop.time()
        if self._seen is not None:
            seen, seen_seconds = self._seen
            self._take(now - seen - timedelta(seconds=loop_seconds - seen_seconds))
        self._seen = now, loop_seconds
        loop.call_later(LOOK_SECONDS, self.look)

    def _take(self, step: timedelta) -> None:
        """Follow the clock, set forward by ``step`` (back if negative)."""
        if abs(step) <= JUMP:
            return
        _log.warning("the clock was set", seconds=round(step.total_seconds()))
        for job in self.scheduler.get_jobs():
            # A job at an hour of the day keeps its hour; one that is late by now runs at once.
            if step < -JUMP and isinstance(job.trigger, IntervalTrigger) and job.next_run_time:
                job.modify(next_run_time=job.next_run_time + step)
        self.stepped()
