"""Plans that changes ask for: soon, one after the other, and never none."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from apscheduler.schedulers.base import BaseScheduler

from app.errors import RunInProgressError

WAIT_SECONDS = 0.5


@dataclass(slots=True)
class Replans:
    """What waits for a plan. A change that comes while one is made gets another one."""

    waiting: set[str] = field(default_factory=set)
    is_on: bool = False

    def ask(
        self, trigger: str, run: Callable[[str], Awaitable[Any]], scheduler: BaseScheduler
    ) -> None:
        """Have ``run`` called with the trigger in the background, once no other run is on."""
        self.waiting.add(trigger)
        if not self.is_on:
            self.is_on = True
            scheduler.add_job(self._work, args=(run,), id="replan", replace_existing=True)

    async def _work(self, run: Callable[[str], Awaitable[Any]]) -> None:
        try:
            while self.waiting:
                trigger = self.waiting.pop()
                try:
                    await run(trigger)
                except RunInProgressError:
                    self.waiting.add(trigger)
                    await asyncio.sleep(WAIT_SECONDS)
        finally:
            self.is_on = False
