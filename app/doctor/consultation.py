"""The doctor of a running service: one examination at a time, and none twice within seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.core import clock
from app.doctor.checks.report import Report

# Whoever asks again at once gets the same answer: examining asks Home Assistant two dozen times.
FRESH_FOR: Final = timedelta(seconds=20)
Examine = Callable[[datetime], Awaitable[Report]]


@dataclass(slots=True)
class Consultation:
    """``examine`` is asked with the present instant; ``last`` is its last report, if any."""

    examine: Examine
    last: Report | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def report(self) -> Report:
        """Return a report that is fresh; who comes while one is made gets that one."""
        async with self._one_at_a_time:
            now = clock.now()
            if self.last is None or not timedelta(0) <= now - self.last.end < FRESH_FOR:
                self.last = await self.examine(now)
            return self.last
