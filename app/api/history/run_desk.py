"""What handlers ask about runs: read in one transaction, compared and replayed off the loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from app.api.history.run_words import diff_out, explanation_out, replay_text
from app.core import clock
from app.core.errors import DarkstarError
from app.db.connection.engine import session_scope
from app.plans import explained, input_changes, slot_changes
from app.plans.replay import compare, inputs_again
from app.plans.stored import StoredPlan, plan_of_run
from app.plans.stored_inputs import NotReplayableError, inputs_of
from app.service.schemas.explain import ExplanationOut
from app.service.schemas.runs import DiffOut, ReplayOut
from app.service.services import Services


class ReplayInProgressError(DarkstarError):
    """Another run is being replayed, and one at a time is what a small machine can spare."""

    status = 409
    code = "replay_in_progress"


@dataclass(slots=True)
class RunDesk:
    """Answers about runs; replays go one at a time, as each costs as much as a plan."""

    _single: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def replay(self, deps: Services, run_id: int) -> ReplayOut:
        """Plan a run again and compare; writes nothing."""
        async with self._one_at_a_time():
            async with session_scope(deps.job.sources.sessions) as session:
                stored = await plan_of_run(session, run_id)
            inputs = await asyncio.to_thread(inputs_again, stored)
            plan = await deps.job.planner.plan(inputs.slots, inputs.ctx)
            done = await asyncio.to_thread(compare, stored, inputs, plan)
            return ReplayOut.of(stored.run, done, replay_text(stored.run, done))

    @asynccontextmanager
    async def _one_at_a_time(self) -> AsyncIterator[None]:
        if self._single.locked():
            raise ReplayInProgressError("a run is being replayed; try again in a second")
        async with self._single:
            yield


async def diff(deps: Services, run_id: int, other_id: int) -> DiffOut:
    """Compare the plan of one run with that of another, the later one usually."""
    async with session_scope(deps.job.sources.sessions) as session:
        before = await plan_of_run(session, run_id)
        after = await plan_of_run(session, other_id)
    return await asyncio.to_thread(_diff, before, after)


def _diff(before: StoredPlan, after: StoredPlan) -> DiffOut:
    inputs, unknown = None, ""
    try:
        inputs = input_changes.compare(inputs_of(before.run), inputs_of(after.run))
    except NotReplayableError as error:
        unknown = str(error)
    return diff_out(before, after, slot_changes.compare(before.slots, after.slots), inputs, unknown)


async def explain(deps: Services, at: datetime | None, run_id: int | None = None) -> ExplanationOut:
    """Explain the slot at an instant (now unless given), of a run's plan or of that in force."""
    at = at or clock.now()
    async with session_scope(deps.job.sources.sessions) as session:
        if run_id is None:
            found = await explained.explain_current(session, at)
        else:
            found = await explained.explain_run(session, run_id, at)
    return await asyncio.to_thread(explanation_out, found)
