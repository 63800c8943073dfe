"""How good a plan is: what the best possible plan with the same knowledge would have cost."""

from dataclasses import dataclass, replace

import polars as pl

from app.planner import engine_optimal, pass1_windows, pricing, worth
from app.planner.battery import start_kwh
from app.planner.context import Context
from app.planner.neutral import neutral
from app.planner.totals import Totals
from app.planner.water_days import place_by_price

_NOTHING_TO_GAIN = 0.005


@dataclass(frozen=True, slots=True)
class Optimality:
    """The exact optimum without the owner's rules, and the share of its saving a plan reaches.

    The share is over self-consumption, in percent: below zero for a plan that is worse, 100 where
    nothing can be gained.
    """

    cost_best: float
    percent: float


def measure(frame: pl.DataFrame, planned: Totals, ctx: Context) -> Optimality:
    """Measure a plan by its frame of all passes, its totals and the context it was made with."""
    best = best_cost(frame, ctx)
    # Where export pays more than import, the optimum is priced without it: never above the plan.
    best = min(best, planned.cost)
    achievable = planned.cost_self_consumption - best
    if achievable < _NOTHING_TO_GAIN:
        return Optimality(best, 100.0)
    return Optimality(best, 100 * (planned.cost_self_consumption - planned.cost) / achievable)


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
    lowest_kwh = min(start_kwh(ctx), ctx.limits.floor_kwh)
    at_lowest = pricing.credited(lowest_kwh, ctx)
    return engine_optimal.least_cost(slots, placement, free) - at_lowest
