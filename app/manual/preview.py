"""What a set of manual actions would change, worked out beside the plan in force; nothing is kept.

Both plans, with and without, start now from the same knowledge (that of the run in force), so that
the difference in money is that of the actions alone.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from app.core.clock import slot_floor
from app.core.errors import DarkstarError
from app.planner import checker
from app.planner.model.context import Context
from app.planner.run import Plan, make_plan


class PreviewTooOldError(DarkstarError):
    """The plan in force knows nothing of the slots ahead."""

    status = 503
    code = "plan_too_old"


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan with the actions, and what lies between it and the plan without them.

    ``schedule`` has the columns of ``frames.SCHEDULE``; costs are in currency, energy left at the
    end credited in both at what it is worth. ``without`` is the other schedule,
    ``soc_difference_percent`` how much fuller the battery is at the end, ``warnings`` what the plan
    without the actions does not warn of.
    """

    schedule: pl.DataFrame
    without: pl.DataFrame
    cost: float
    cost_without: float
    soc_difference_percent: float
    warnings: tuple[str, ...]

    @property
    def cost_difference(self) -> float:
        """What the actions cost over the horizon (negative: save), in currency."""
        return self.cost - self.cost_without


def preview(
    slots: pl.DataFrame, ctx: Context, *, now: datetime, wished: pl.DataFrame, present: pl.DataFrame
) -> Preview:
    """Plan from now with the slots of ``wished`` and of ``present`` (``manual_slots.MANUAL``).

    Raises ``PreviewTooOldError``. It takes as long as two plans.
    """
    slots = slots.filter(pl.col("slot_start") >= slot_floor(now))
    if slots.is_empty():
        raise PreviewTooOldError("the plan in force has run out; run the planner first")
    made = []
    for manual in (wished, present):
        plan = make_plan(_with(slots, manual), ctx)
        checker.require_valid(plan.schedule, ctx)
        made.append(plan)
    plan, without = made
    known = set(without.warnings)
    return Preview(
        schedule=plan.schedule,
        without=without.schedule,
        cost=plan.totals.cost,
        cost_without=without.totals.cost,
        soc_difference_percent=_last_soc(plan) - _last_soc(without),
        warnings=tuple(warning for warning in plan.warnings if warning not in known),
    )


def _last_soc(plan: Plan) -> float:
    return float(plan.schedule["soc_projected"][-1])


def _with(slots: pl.DataFrame, manual: pl.DataFrame) -> pl.DataFrame:
    """Return the slots under these actions and no others."""
    names = manual.columns[1:]
    return slots.drop(names).join(manual, on="slot_start", how="left").select(slots.columns)
