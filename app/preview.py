"""What a set of manual actions would change, worked out beside the plan in force; nothing is kept.

Both plans, with and without, start now from the same knowledge (that of the run in force), so that
the difference in money is that of the actions alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from app.clock import slot_floor
from app.db.run_changes import COMPARED_POWERS, NOTICEABLE_KW
from app.errors import DarkstarError
from app.manual_slots import Action, manual_frame
from app.planner import checker
from app.planner.context import HomeState
from app.planner.run import Plan, make_plan
from app.run_record import Inputs


class PreviewTooOldError(DarkstarError):
    """The plan in force knows nothing of the slots ahead."""

    status = 503
    code = "plan_too_old"


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan with the actions, the plan without them, and what lies between."""

    plan: Plan
    without: Plan

    @property
    def cost_difference(self) -> float:
        """What the actions cost over the horizon (negative: save), in currency.

        Energy left at the end is credited in both at what it is worth.
        """
        return self.plan.totals.cost - self.without.totals.cost

    @property
    def soc_difference_percent(self) -> float:
        """How much fuller the battery is at the end, in percent of its capacity."""
        ends = [each.schedule["soc_projected"][-1] for each in (self.plan, self.without)]
        return float(ends[0] - ends[1])

    @property
    def changed_slots(self) -> int:
        """How many slots the history would call changed (``run_changes``)."""
        names = ("classification", "is_manual", *COMPARED_POWERS)
        one, two = (each.schedule.select(names) for each in (self.without, self.plan))
        return sum(
            before[:2] != after[:2]
            or any(
                abs(kw - other) >= NOTICEABLE_KW
                for kw, other in zip(before[2:], after[2:], strict=True)
            )
            for before, after in zip(one.iter_rows(), two.iter_rows(), strict=True)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what the plan with the actions warns of and the other one does not."""
        known = set(self.without.warnings)
        return tuple(warning for warning in self.plan.warnings if warning not in known)


def preview(
    stored: Inputs,
    home: HomeState,
    *,
    now: datetime,
    present: Sequence[Action],
    wished: Sequence[Action],
    soc_known: bool,
) -> Preview:
    """Plan from now with ``wished`` and with ``present``; raises ``PreviewTooOldError``."""
    slots = stored.slots.filter(pl.col("slot_start") >= slot_floor(now))
    if slots.is_empty():
        raise PreviewTooOldError("the plan in force has run out; run the planner first")
    ctx = replace(stored.ctx, home=home, discharge_allowed=soc_known)
    made = []
    for actions in (wished, present):
        plan = make_plan(_with(slots, actions), ctx)
        checker.require_valid(plan.schedule, ctx)
        made.append(plan)
    return Preview(*made)


def _with(slots: pl.DataFrame, actions: Sequence[Action]) -> pl.DataFrame:
    """Return the slots under these actions and no others."""
    manual = manual_frame(actions)
    names = manual.columns[1:]
    return slots.drop(names).join(manual, on="slot_start", how="left").select(slots.columns)
