"""What the scheduler's jobs did last and do next, kept in memory from its own events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MISSED,
    EVENT_JOB_SUBMITTED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.base import BaseScheduler

from app.core import clock
from app.core.errors import DarkstarError


@dataclass(frozen=True, slots=True)
class JobTrace:
    """One job: times in UTC, None where there is none; ``outcome``: done, failed, missed or none.

    ``problem`` says why it failed, without an unforeseen error's words: they may hold secrets.
    """

    name: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = "none"
    problem: str = ""
    next_run_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        began, ended = self.started_at, self.finished_at
        return began is not None and (ended is None or ended < began)


@dataclass(slots=True)
class JobTrail:
    """Listens to one scheduler; ``traces`` tells about its jobs, the ended ones too."""

    scheduler: BaseScheduler
    _seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def listen(self) -> None:
        """Begin to listen; call it before the scheduler starts."""
        self.scheduler.add_listener(self._began, EVENT_JOB_SUBMITTED)
        self.scheduler.add_listener(
            self._ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED
        )

    def _began(self, event: JobSubmissionEvent) -> None:
        self._seen.setdefault(event.job_id, {})["started_at"] = clock.now()

    def _ended(self, event: JobExecutionEvent) -> None:
        seen = self._seen.setdefault(event.job_id, {})
        if event.code == EVENT_JOB_MISSED:
            seen |= {"outcome": "missed", "problem": "the service was too busy to start it"}
            return
        seen["finished_at"] = clock.now()
        seen |= {"outcome": "done", "problem": ""}
        if event.code == EVENT_JOB_ERROR:
            seen |= {"outcome": "failed", "problem": _words(event.exception)}

    def traces(self) -> tuple[JobTrace, ...]:
        """Return every job, the next one first, ended ones last."""
        due = {job.id: job.next_run_time for job in self.scheduler.get_jobs()}
        names: Mapping[str, None] = dict.fromkeys([*due, *self._seen])
        found = [
            JobTrace(name, **self._seen.get(name, {}), next_run_at=due.get(name)) for name in names
        ]
        return tuple(
            sorted(found, key=lambda t: (t.next_run_at is None, t.next_run_at or clock.now()))
        )


def _words(error: BaseException | None) -> str:
    if isinstance(error, DarkstarError):
        return str(error)
    return f"{type(error).__name__}: a bug in Darkstar, see the log"
