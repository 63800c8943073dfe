"""How much the battery must keep when it sells: the protective state of charge and the guard."""

import polars as pl

from app.planner import worth
from app.planner.battery import limits_of
from app.planner.context import Context


def protective_kwh(df: pl.DataFrame, ctx: Context) -> list[float]:
    """Return, per slot, the stored energy that selling must leave at the slot's end.

    ``fixed`` keeps a share of the capacity. ``gap_based`` keeps what the house and the heater need
    until the next cheap window can refill, less the surplus that arrives in between.
    """
    arbitrage, limits = ctx.settings.arbitrage, limits_of(ctx.settings)
    if arbitrage.protective_soc_strategy == "fixed":
        fixed = ctx.settings.battery.capacity_kwh * arbitrage.fixed_protective_soc_percent / 100
        return [max(fixed, limits.floor_kwh)] * df.height
    net = df.select(
        pl.col("cautious_load_kwh") + pl.col("water_kwh") - pl.col("cautious_pv_kwh")
    ).to_series()
    reserves: list[float] = []
    needed_kwh = 0.0
    for net_kwh, is_cheap in zip(reversed(net), reversed(df["is_cheap"]), strict=True):
        reserves.append(min(limits.floor_kwh + needed_kwh, limits.ceiling_kwh))
        if is_cheap:
            needed_kwh = 0.0
        elif net_kwh > 0:
            needed_kwh += min(net_kwh, limits.discharge_kwh) / limits.efficiency
        else:
            needed_kwh += max(net_kwh, -limits.charge_kwh) * limits.efficiency
            needed_kwh = max(0.0, needed_kwh)
    return reserves[::-1]


def guarded_sale_value(ctx: Context) -> pl.Expr:
    """Return what a sale counts for against later uses, less the future-price guard's buffer."""
    arbitrage = ctx.settings.arbitrage
    buffer = (
        arbitrage.future_price_guard_buffer_per_kwh if arbitrage.export_future_price_guard else 0.0
    )
    return worth.use_value(
        worth.sale_price(ctx),
        ctx,
        margin_per_kwh=arbitrage.export_profit_margin_per_kwh + buffer,
    )
