"""Why a slot does what it does: its reason, its rule, its price's parts, what else there was."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import iso_utc
from app.core.errors import DarkstarError, NoPlanYetError
from app.db import plans
from app.db.tables.models import CurrentSlot, HistorySlot, PlanRun
from app.planner.explain.alternatives import Alternative, alternatives
from app.planner.explain.reason_rules import RULES
from app.planner.model.limits import limits_of
from app.plans.price_parts import price_parts
from app.plans.stored import plan_of_run, run_of
from app.plans.stored_inputs import NotReplayableError, inputs_of

Slot = CurrentSlot | HistorySlot


class NoSlotThereError(DarkstarError):
    """The plan has no slot at that instant."""

    status = 404
    code = "no_slot_there"


@dataclass(frozen=True, slots=True)
class Explained:
    """A slot of a plan with everything known of its decision.

    ``parts`` is the row of ``price_parts``, None where they are no longer known; ``alternatives``
    are empty where the run's settings can no longer be read. ``notes`` say which and why.
    """

    run: PlanRun
    slot: Slot
    rule: str
    parts: dict[str, Any] | None
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...]


async def explain_current(session: AsyncSession, at: datetime) -> Explained:
    """Explain the slot of the plan in force that holds ``at``."""
    slots = await plans.current(session)
    if not slots:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    slot = _slot_at(slots, at)
    # Today's past was planned by earlier runs.
    return await _explained(session, await run_of(session, slot.plan_run_id), slot)


async def explain_run(session: AsyncSession, run_id: int, at: datetime) -> Explained:
    """Explain the slot of a run's plan that holds ``at``."""
    stored = await plan_of_run(session, run_id)
    return await _explained(session, stored.run, _slot_at(stored.slots, at))


def _slot_at(slots: Sequence[Slot], at: datetime) -> Slot:
    for slot in slots:
        if slot.slot_start <= at < slot.slot_end:
            return slot
    raise NoSlotThereError(
        f"the plan has no slot at {at.isoformat()}; it goes from {iso_utc(slots[0].slot_start)} "
        f"to {iso_utc(slots[-1].slot_end)}"
    )


async def _explained(session: AsyncSession, run: PlanRun, slot: Slot) -> Explained:
    rule = RULES.get(slot.reason, "A rule of another version of the planner.")
    try:
        inputs = await asyncio.to_thread(inputs_of, run)
    except NotReplayableError as error:
        return Explained(run, slot, rule, None, (), (str(error),))
    settings = inputs.ctx.settings
    parts = await price_parts(
        session, settings, slot.slot_start, import_price=slot.import_price_per_kwh
    )
    others = alternatives(
        import_price=slot.import_price_per_kwh,
        export_price=slot.export_price_per_kwh,
        value_per_kwh=slot.marginal_value_per_kwh,
        limits=limits_of(settings),
    )
    unknown = "the price's parts are not known any more: it is no longer stored as it was planned"
    return Explained(run, slot, rule, parts, others, () if parts else (unknown,))
