"""What energy costs to store and earns when used, as expressions; one place for the formulas.

With one-way efficiency e and wear w per kWh drawn from the cells, one *stored* kWh costs
``import price / e`` to buy, ``export price / e`` to keep from being sold, and earns
``(price - margin) * e - w`` when it serves the house or is sold.
"""

import polars as pl

from app.planner.battery import limits_of
from app.planner.context import Context


def buy_cost() -> pl.Expr:
    """Import price of the slot, currency per AC kWh."""
    return pl.col("import_price_per_kwh")


def sale_price(ctx: Context) -> pl.Expr:
    """Return what surplus earns per AC kWh: at most the import price, zero where curtailed.

    An export price above the import price would make buying and selling at once pay, which no
    meter allows; planning with the lower of the two keeps the value of energy convex.
    """
    price = pl.min_horizontal("export_price_per_kwh", "import_price_per_kwh")
    if limits_of(ctx.settings).can_curtail:
        # Throwing surplus away costs nothing, so its price is at least zero; where even buying
        # is paid for, the import price stays the upper bound.
        price = pl.max_horizontal(price, pl.min_horizontal(0.0, "import_price_per_kwh"))
    return price


def use_value(price: pl.Expr, ctx: Context, *, margin_per_kwh: float) -> pl.Expr:
    """Worth of one stored kWh spent at ``price`` per AC kWh, after efficiency, wear and margin."""
    limits = limits_of(ctx.settings)
    return (price - margin_per_kwh) * limits.efficiency - limits.wear_per_kwh


def net_load_kwh() -> pl.Expr:
    """Load that PV does not cover, kWh AC, without the water heater."""
    return (pl.col("cautious_load_kwh") - pl.col("cautious_pv_kwh")).clip(lower_bound=0)
