"""How the plan of each run differs from that of the run before, counted in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.plans import PUBLISHED
from app.db.tables.models import HistorySlot, PlanRun

NOTICEABLE_KW = 0.05
"""Powers nearer than this read the same: nobody would call it a change."""
COMPARED_POWERS = ("charge_kw", "discharge_kw", "export_kw", "water_kw")


@dataclass(frozen=True, slots=True)
class RunChange:
    """What a run's plan changes of the plan before, over the slots both have; money in currency."""

    before_id: int
    slots: int
    changed_slots: int
    cost_difference: float


async def published_before(session: AsyncSession, run_ids: Sequence[int]) -> dict[int, int]:
    """Return the run that published a plan before each run that did, where there is one."""
    earlier = aliased(PlanRun)
    before = (
        select(func.max(earlier.id))
        .where(earlier.id < PlanRun.id, earlier.status.in_(PUBLISHED))
        .correlate(PlanRun)
        .scalar_subquery()
    )
    found = await session.execute(
        select(PlanRun.id, before).where(PlanRun.id.in_(run_ids), PlanRun.status.in_(PUBLISHED))
    )
    return {run_id: before_id for run_id, before_id in found if before_id is not None}


async def changes(session: AsyncSession, pairs: Mapping[int, int]) -> dict[int, RunChange]:
    """Return how each run, by id, differs from the one it is paired with; none without slots."""
    if not pairs:
        return {}
    one, two = aliased(HistorySlot), aliased(HistorySlot)
    differs = or_(
        one.classification != two.classification,
        one.is_manual != two.is_manual,
        *(func.abs(getattr(one, kw) - getattr(two, kw)) >= NOTICEABLE_KW for kw in COMPARED_POWERS),
    )
    query = (
        select(
            two.plan_run_id,
            func.count(),
            func.sum(case((differs, 1), else_=0)),
            func.sum(two.planned_cost - one.planned_cost),
        )
        .select_from(two)
        .join(
            one,
            (one.plan_run_id == case(dict(pairs), value=two.plan_run_id))
            & (one.slot_start == two.slot_start),
        )
        .where(two.plan_run_id.in_(list(pairs)))
        .group_by(two.plan_run_id)
    )
    return {
        run_id: RunChange(pairs[run_id], slots, int(changed), float(money))
        for run_id, slots, changed, money in await session.execute(query)
    }


async def newest_published(session: AsyncSession, *, limit: int) -> Sequence[int]:
    """Return the ids of the newest runs that published a plan, the newest first."""
    query = select(PlanRun.id).where(PlanRun.status.in_(PUBLISHED))
    return (await session.scalars(query.order_by(PlanRun.id.desc()).limit(limit))).all()
