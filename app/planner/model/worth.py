"""What energy costs to store and earns when used, as expressions; one place for the formulas.

With one-way efficiency e and wear w per kWh drawn from the cells, one *stored* kWh costs
``import price / e`` to buy, ``export price / e`` to keep from being sold, and earns
``(price - margin) * e - w`` when it serves the house or is sold.
"""

import polars as pl

from app.planner.model.context import Context

VALUE_COLUMNS = (
    "house_value_per_kwh",
    "water_value_per_kwh",
    "sale_value_per_kwh",
    "store_cost_per_kwh",
    "buy_cost_per_kwh",
)


def buy_cost() -> pl.Expr:
    """Import price of the slot, currency per AC kWh."""
    return pl.col("import_price_per_kwh")


def sale_price(ctx: Context) -> pl.Expr:
    """Return what surplus earns per AC kWh: at most the import price, zero where curtailed.

    An export price above the import price would make buying and selling at once pay, which no
    meter allows; planning with the lower of the two keeps the value of energy convex.
    """
    price = pl.min_horizontal("export_price_per_kwh", "import_price_per_kwh")
    if ctx.limits.can_curtail:
        # Throwing surplus away costs nothing, so its price is at least zero; where even buying
        # is paid for, the import price stays the upper bound.
        price = pl.max_horizontal(price, pl.min_horizontal(0.0, "import_price_per_kwh"))
    return price


def use_value(price: pl.Expr, ctx: Context, *, margin_per_kwh: float) -> pl.Expr:
    """Worth of one stored kWh spent at ``price`` per AC kWh, after efficiency, wear and margin."""
    limits = ctx.limits
    return (price - margin_per_kwh) * limits.efficiency - limits.wear_per_kwh


def values(ctx: Context) -> list[pl.Expr]:
    """Return what a stored kWh is worth to house, heater and market, and what it costs to get."""
    thresholds, arbitrage = ctx.settings.decision_thresholds, ctx.settings.arbitrage
    efficiency = ctx.limits.efficiency
    buy = buy_cost() / efficiency
    # Never above the cost of buying in the same slot: at negative prices burning energy in and
    # out of the battery would otherwise look like a gain that no single flow can realise.
    house = pl.min_horizontal(
        use_value(buy_cost(), ctx, margin_per_kwh=thresholds.battery_use_margin_per_kwh), buy
    )
    water = pl.min_horizontal(
        use_value(buy_cost(), ctx, margin_per_kwh=thresholds.battery_water_margin_per_kwh), house
    )
    # The future-price guard: a sale counts for less than any later use by its buffer.
    buffer = (
        arbitrage.future_price_guard_buffer_per_kwh if arbitrage.export_future_price_guard else 0.0
    )
    margin = arbitrage.export_profit_margin_per_kwh + buffer
    sale = pl.min_horizontal(use_value(sale_price(ctx), ctx, margin_per_kwh=margin), water)
    return [
        house.alias("house_value_per_kwh"),
        water.alias("water_value_per_kwh"),
        sale.alias("sale_value_per_kwh"),
        (sale_price(ctx) / efficiency).alias("store_cost_per_kwh"),
        buy.alias("buy_cost_per_kwh"),
    ]


def net_load_kwh() -> pl.Expr:
    """Load that PV does not cover, kWh AC, without the water heater."""
    return (pl.col("cautious_load_kwh") - pl.col("cautious_pv_kwh")).clip(lower_bound=0)
