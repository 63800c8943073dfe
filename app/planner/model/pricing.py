"""What flows cost: import less export, wear, and the worth of the energy left at the end."""

from collections.abc import Sequence

import polars as pl

from app.planner.model import terminal
from app.planner.model.battery import Flow, start_kwh
from app.planner.model.context import Context
from app.planner.model.sequential import lists


def cost(flows: Sequence[Flow], df: pl.DataFrame, ctx: Context) -> float:
    """Return the cost of the horizon in currency, energy left at its end credited."""
    limits = ctx.limits
    prices = zip(*lists(df, "import_price_per_kwh", "export_price_per_kwh"), strict=True)
    money: float = sum(
        flow.import_kwh * import_price
        - flow.export_kwh * export_price
        + flow.discharge_kwh / limits.efficiency * limits.wear_per_kwh
        for flow, (import_price, export_price) in zip(flows, prices, strict=True)
    )
    return money - credited(flows[-1].soc_end_kwh, ctx)


def credited(stored_kwh: float, ctx: Context) -> float:
    """Return what energy left at the end is worth more than what was there at the start."""
    return terminal.credit(stored_kwh, ctx) - terminal.credit(start_kwh(ctx), ctx)
