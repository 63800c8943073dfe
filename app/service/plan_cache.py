"""The plan in force, kept as long as the database says in one short question that it still is.

Every request is told what the database held when it came or later, never what it held before:
another process may have published, a watch may have withdrawn the plan. What is shared is the
question (``SharedTurn``), and what is kept is the work of reading, building and encoding.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.core.shared_turn import SharedTurn
from app.db import plans
from app.db.connection.engine import session_scope
from app.db.connection.patience import REQUEST_SECONDS, of_its_own, patience
from app.db.plan_stamp import Stamp, plan_stamp
from app.plans.job import PlanningJob
from app.service.plan_document import PlanDocument, document_of
from app.service.safe_default import withdrawn


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document and what the database said of the plan when it was read."""

    stamp: Stamp
    document: PlanDocument


@dataclass(slots=True)
class PlanCache:
    """The last plan this process saw; ``told`` hears of every reading, or why there was none.

    ``busy`` has the service wait for a reading before it stops.
    """

    job: PlanningJob
    told: Callable[[DatabaseUnavailableError | None], None]
    busy: Callable[[], AbstractContextManager[None]]
    _kept: _Kept | None = None
    _withdrawn: tuple[PlanDocument, datetime, PlanDocument] | None = None
    _read: SharedTurn[bool] = field(init=False)

    def __post_init__(self) -> None:
        """Share the readings; a database that failed just now is not asked again by who waited."""
        self._read = SharedTurn(self._reading, settles=lambda answered: not answered)

    async def current(self) -> PlanDocument | None:
        """Return the plan in the database; while it is away, the last one seen."""
        try:
            async with patience(REQUEST_SECONDS):
                await self._read()
        except TimeoutError:
            self.told(DatabaseUnavailableError("the database did not answer in time"))
        return self.held()

    def held(self) -> PlanDocument | None:
        """Return the last plan seen, without asking."""
        return self._kept.document if self._kept else None

    async def as_withdrawn(self, document: PlanDocument) -> PlanDocument:
        """Return the document as one that must not be followed from the present slot on."""
        slot = clock.slot_floor(now := clock.now())
        if (made := self._withdrawn) is None or made[0] is not document or made[1] != slot:
            plan = await asyncio.to_thread(withdrawn, document.plan, now)
            made = (document, slot, await asyncio.to_thread(PlanDocument.of, plan))
            self._withdrawn = made
        return made[2]

    async def _reading(self) -> bool:
        # Everybody's question: who began it has no say in how long it may take.
        with self.busy(), of_its_own():
            return await self._refresh()

    async def _refresh(self) -> bool:
        """Have what the database has; False if it did not answer."""
        try:
            async with session_scope(self.job.sources.sessions) as session:
                stamp = await plan_stamp(session)
                if self._kept is not None and stamp == self._kept.stamp:
                    self.told(None)
                    return True
                run = await plans.latest_run(session)
                slots = list(await plans.current(session))
        except DatabaseUnavailableError as error:
            self.told(error)
            return False
        self.told(None)
        if stamp is None or run is None or not slots:
            self._kept = None
        else:
            self._kept = _Kept(stamp, await asyncio.to_thread(document_of, run, slots))
        return True
