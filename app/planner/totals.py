"""What a plan costs, beside doing nothing and beside a battery that only shifts its own PV."""

from dataclasses import dataclass

import polars as pl

from app.planner import levels, terminal
from app.planner.battery import Control, idle, limits_of, self_consumption, start_kwh, walk
from app.planner.context import Context
from app.planner.pass5_charging import frame_levels


@dataclass(frozen=True, slots=True)
class Totals:
    """Costs of the horizon in currency, energy left at its end credited at the terminal value."""

    cost: float
    cost_do_nothing: float
    cost_self_consumption: float
    terminal_value_per_kwh: float


def totals(frame: pl.DataFrame, ctx: Context) -> Totals:
    """Price the plan and its two baselines; the heater runs as planned in all three."""
    limits, begin_kwh = limits_of(ctx.settings), start_kwh(ctx)
    left = terminal.value_per_kwh(frame["import_price_per_kwh"], ctx)
    end_kwh: float = frame["soc_end_kwh"][-1]
    planned = levels.controls_of(frame, frame_levels(frame), [0.0] * frame.height)
    return Totals(
        cost=float(frame["planned_cost"].sum()) - (end_kwh - begin_kwh) * left,
        cost_do_nothing=_cost([idle(each) for each in planned], frame, ctx, left),
        cost_self_consumption=_cost(
            [self_consumption(each, limits=limits) for each in planned], frame, ctx, left
        ),
        terminal_value_per_kwh=left,
    )


def _cost(
    controls: list[Control], frame: pl.DataFrame, ctx: Context, left_value_per_kwh: float
) -> float:
    """Simulate the controls and price the flows."""
    limits, begin_kwh = limits_of(ctx.settings), start_kwh(ctx)
    flows = walk(controls, start_kwh=begin_kwh, limits=limits)
    prices = frame.select("import_price_per_kwh", "export_price_per_kwh").iter_rows()
    money: float = sum(
        flow.import_kwh * import_price
        - flow.export_kwh * export_price
        + flow.discharge_kwh / limits.efficiency * limits.wear_per_kwh
        for flow, (import_price, export_price) in zip(flows, prices, strict=True)
    )
    return money - (flows[-1].soc_end_kwh - begin_kwh) * left_value_per_kwh
