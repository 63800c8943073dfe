"""What the API asks of the application, and how it tells open pages that something changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.api.schemas import ScheduleOut, StatusOut

QUEUED_EVENTS = 32


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a planning run ended: ``ok``, ``degraded``, ``held`` or ``failed``, and one sentence."""

    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """One message to every open page: ``plan`` (a new plan) or ``state`` (anything else)."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class Services(Protocol):
    """What pages and REST need of the running application."""

    async def plan(self) -> ScheduleOut | None:
        """Return the plan in force, None before the first."""
        ...

    async def status(self) -> StatusOut:
        """Return the state of the service; never fails, also when the database is down."""
        ...

    async def run_planner(self, trigger: str) -> RunOutcome:
        """Plan now and wait for the outcome; ``RunInProgressError`` if one is under way."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Yield every event from now on, until the service stops."""
        ...


class Broadcaster:
    """Hands each event to every subscriber; one that reads too slowly is dropped."""

    def __init__(self, *, queued_events: int = QUEUED_EVENTS) -> None:
        """Keep at most ``queued_events`` unread events per subscriber."""
        self._queued_events = queued_events
        self._queues: set[asyncio.Queue[Event | None]] = set()
        self._closed = False

    @property
    def subscribers(self) -> int:
        """How many subscribers listen now."""
        return len(self._queues)

    def publish(self, event: Event) -> None:
        """Queue ``event`` for every subscriber, never waiting; call it from the event loop."""
        for queue in tuple(self._queues):
            if queue.full():
                self._end(queue)
            else:
                queue.put_nowait(event)

    def close(self) -> None:
        """End every subscription, so that a shutdown does not wait for open pages."""
        self._closed = True
        for queue in tuple(self._queues):
            self._end(queue)

    async def subscribe(self) -> AsyncIterator[Event]:
        """Yield events published from now on, until closed or dropped for reading too slowly."""
        if self._closed:
            return
        queue: asyncio.Queue[Event | None] = asyncio.Queue(self._queued_events)
        self._queues.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.discard(queue)

    def _end(self, queue: asyncio.Queue[Event | None]) -> None:
        self._queues.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
