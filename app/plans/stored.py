"""Runs and their plans as they were published; the caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import DarkstarError, NoPlanYetError
from app.db import plans
from app.db.tables.models import HistorySlot, PlanRun


class UnknownRunError(DarkstarError):
    """There is no such run: it never was, or it is older than the retention."""

    status = 404
    code = "unknown_run"


class RunWithoutPlanError(DarkstarError):
    """The run published no plan, or its plan is older than the retention."""

    status = 404
    code = "run_without_plan"


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A run, its stored inputs included, with the slots it published, oldest first."""

    run: PlanRun
    slots: Sequence[HistorySlot]


async def run_of(session: AsyncSession, run_id: int) -> PlanRun:
    """Return a run with its inputs; raises ``UnknownRunError``."""
    run = await plans.run_by_id(session, run_id)
    if run is None:
        raise UnknownRunError(f"there is no run {run_id}; GET /api/runs lists those that are kept")
    return run


async def plan_of_run(session: AsyncSession, run_id: int) -> StoredPlan:
    """Return the plan that a run published; raises ``UnknownRunError``, ``RunWithoutPlanError``."""
    run = await run_of(session, run_id)
    slots = await plans.history(session, run_id)
    if not slots:
        raise RunWithoutPlanError(
            f"run {run_id} ({run.status}) has no plan: it published none, or it is no longer kept"
        )
    return StoredPlan(run, slots)


async def plan_in_force(session: AsyncSession) -> StoredPlan:
    """Return the plan in force as its run published it; raises ``NoPlanYetError``."""
    latest = await plans.latest_run(session)
    if latest is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    return await plan_of_run(session, latest.id)
