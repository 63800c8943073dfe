"""Keep the jobs going when the machine's clock is set back: their next times move back with it.

The scheduler waits for instants. Set back by an hour, it would do nothing for that hour, and a
small computer without a battery for its clock corrects it soon after the start.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app import clock

LOOK_SECONDS = 15
# Less is the daily work of a time server.
JUMP = timedelta(minutes=1)
_log = structlog.get_logger("darkstar.clock")


@dataclass(slots=True)
class ClockWatch:
    """Looks at the clock by the loop's own time, which nobody can set."""

    scheduler: BaseScheduler
    is_stopping: Callable[[], bool]
    seen: datetime

    def look(self) -> None:
        """Move the jobs back by as much as the clock was; then look again, until the stop."""
        if self.is_stopping():
            return
        now = clock.now()
        if now < self.seen - JUMP:
            back = self.seen - now
            _log.warning("the clock was set back", seconds=round(back.total_seconds()))
            for job in self.scheduler.get_jobs():
                # A job at an hour of the day keeps its hour.
                if isinstance(job.trigger, IntervalTrigger) and job.next_run_time:
                    job.modify(next_run_time=job.next_run_time - back)
        self.seen = now
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self.look)
