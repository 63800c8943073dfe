"""What a plan costs, beside doing nothing and beside a battery that only shifts its own PV."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from app.planner.model import levels, pricing, terminal
from app.planner.model.battery import Control, idle, self_consumption, start_kwh, walk
from app.planner.model.context import Context


@dataclass(frozen=True, slots=True)
class Totals:
    """Costs of the horizon in currency, energy left at its end credited at what it is worth.

    ``cost_do_nothing`` leaves the battery idle, ``cost_self_consumption`` only shifts the home's
    own PV; both heat where heating is cheapest by itself. ``smoothing_cost`` is what consolidation
    and hysteresis cost. ``terminal_value_per_kwh`` is the mean worth of a stored kWh left at the
    end.
    """

    cost: float
    cost_do_nothing: float
    cost_self_consumption: float
    smoothing_cost: float
    terminal_value_per_kwh: float


def totals(frame: pl.DataFrame, ctx: Context) -> Totals:
    """Price the plan and its baselines."""
    limits = ctx.limits
    end_kwh: float = frame["soc_end_kwh"][-1]
    cost = float(frame["planned_cost"].sum()) - pricing.credited(end_kwh, ctx)
    planned = levels.frame_levels(frame)
    by_price = levels.controls_of(frame, planned, [0.0] * frame.height, water="water_by_price_kwh")
    return Totals(
        cost=cost,
        cost_do_nothing=_cost([idle(each) for each in by_price], frame, ctx),
        cost_self_consumption=_cost(
            [self_consumption(each, limits=limits) for each in by_price], frame, ctx
        ),
        smoothing_cost=cost - frame["decided_cost"][0],
        terminal_value_per_kwh=terminal.mean_value_per_kwh(ctx),
    )


def _cost(controls: Sequence[Control], frame: pl.DataFrame, ctx: Context) -> float:
    """Simulate the controls and price the flows."""
    flows = walk(list(controls), start_kwh=start_kwh(ctx), limits=ctx.limits)
    return pricing.cost(flows, frame, ctx)
