"""How good a plan is: what the best possible plan with the same knowledge would have cost."""

from dataclasses import dataclass, replace

import polars as pl

from app.planner.engine import optimal as engine_optimal
from app.planner.engine.water_days import place_by_price
from app.planner.model import pricing, worth
from app.planner.model.context import Context
from app.planner.model.neutral import neutral
from app.planner.model.totals import Totals
from app.planner.passes import pass1_windows

_LITTLE_KWH = 0.2
"""Savings below what so much energy costs at the mean price say nothing in percent."""
_LOWEST_PERCENT = -100.0


@dataclass(frozen=True, slots=True)
class Optimality:
    """The cost of the best plan without the owner's rules, and the share of its saving reached.

    Both in money alone, in the plan's currency. ``percent`` is over self-consumption, at most 100,
    below zero for a plan that is worse, -100 for one that loses what could be saved or more; None
    where there is next to nothing to gain.
    """

    cost_best: float
    percent: float | None


def measure(frame: pl.DataFrame, planned: Totals, ctx: Context) -> Optimality:
    """Measure a plan by its frame of all passes, its totals and the context it was made with."""
    # A plan that breaks what the best one keeps (heat, the fuse) may cost less than that.
    best = min(best_cost(frame, ctx), planned.cost)
    achievable = planned.cost_self_consumption - best
    mean_price = sum(map(abs, frame["import_price_per_kwh"])) / frame.height
    if achievable <= _LITTLE_KWH * mean_price:
        return Optimality(best, None)
    share = 100 * (planned.cost_self_consumption - planned.cost) / achievable
    return Optimality(best, max(_LOWEST_PERCENT, share))


def best_cost(frame: pl.DataFrame, ctx: Context) -> float:
    """Return what the horizon would cost with the same knowledge and none of the owner's rules."""
    free = neutral(ctx)
    slots = frame.with_columns(
        *worth.values(free),
        manual_action=pl.lit(None, dtype=pl.String()),
        may_export_battery=pass1_windows.may_export(free),
    )
    placement = place_by_price(slots, free)
    if frame["manual_action"].null_count() == frame.height:
        # The plan's own heat is the better start: the optimum is never dearer than the plan.
        placement = replace(placement, serves=frame["water_for_day"].to_list())
    placement = engine_optimal.heat(slots, placement, free)
    # The flows are priced, not the value: that keeps the fuse by a worth nobody pays.
    return pricing.cost(engine_optimal.decided(slots, placement, free), slots, ctx)
