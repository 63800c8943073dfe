"""What the system page and its routes ask beside ``Services``: doctor, jobs, log, database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from fastapi import Depends, Request

from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.core.log_tail import TAIL, LogTail
from app.core.masking import Masker
from app.db.connection import size
from app.db.connection.engine import session_scope
from app.doctor.ask import examine
from app.doctor.checks.report import Report
from app.doctor.consultation import Consultation
from app.service.job_trail import JobTrail
from app.service.services import Services


@dataclass(slots=True)
class SystemDesk:
    """The parts of one running service, and when it started (UTC)."""

    services: Services
    doctor: Consultation
    trail: JobTrail
    log: LogTail
    mask: Masker
    started_at: datetime

    @classmethod
    @contextmanager
    def open(cls, services: Services) -> Iterator[Self]:
        """Listen to jobs and log for as long as the service runs; before its scheduler starts."""

        async def ask(now: datetime) -> Report:
            # Those of now: the settings may have changed since the start.
            sources = services.job.sources
            return await examine(sources.client, sources.settings, now=now)

        mask, trail = Masker.of(services.job.settings), JobTrail(services.scheduler)
        trail.listen()
        with TAIL.listening(mask):
            yield cls(services, Consultation(ask), trail, TAIL, mask, clock.now())

    async def database_size(self) -> size.DatabaseSize | None:
        """Return how large the database is; None while it does not answer."""
        try:
            async with session_scope(self.services.job.sources.sessions) as session:
                return await size.measure(session)
        except DatabaseUnavailableError:
            return None


def desk(request: Request) -> SystemDesk:
    """Return the desk of the running service."""
    found: SystemDesk = request.app.state.system
    return found


DeskDep = Annotated[SystemDesk, Depends(desk)]
