"""Pass 1: find the windows in which buying for later can pay, and the peaks worth selling into.

The ranking looks at the remaining horizon only (slots already past would shape it), goes by rank
so that equal prices cannot flood it, and keeps a slot only if some later use repays it: a flat day
has no window.
"""

import math

import polars as pl

from app.planner import export_rules, terminal, worth
from app.planner.battery import limits_of
from app.planner.context import Context

NEEDS = pl.Schema(
    {
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "cautious_pv_kwh": pl.Float64(),
        "cautious_load_kwh": pl.Float64(),
    }
)
ADDS = pl.Schema(
    {
        "is_cheap": pl.Boolean(),
        "window_id": pl.Int32(),
        "is_strategic": pl.Boolean(),
        "may_export_battery": pl.Boolean(),
    }
)
_HELPERS = ("_pays", "_low", "_raised", "_run")


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Mark cheap slots, number their windows, and mark the slots the battery may sell in."""
    charging = ctx.settings.charging
    limit = _cheapest_share_limit(charging.charge_threshold_percentile)
    price = pl.col("import_price_per_kwh")
    within = limit + charging.cheap_price_tolerance_per_kwh
    ripple = within + charging.price_smoothing_per_kwh
    lf = lf.with_columns(may_export_battery=_may_export(ctx))
    lf = lf.with_columns(_pays=_storing_pays(ctx))
    lf = lf.with_columns(
        _low=(price <= within) & pl.col("_pays"), _raised=(price <= ripple) & pl.col("_pays")
    )
    lf = lf.with_columns(_run=(~pl.col("_raised")).cum_sum())
    # A ripple inside a window does not split it: a raised slot counts between two cheap ones.
    low_before = pl.col("_low").cum_max().over("_run")
    low_after = pl.col("_low").cum_max(reverse=True).over("_run")
    lf = lf.with_columns(is_cheap=pl.col("_raised") & low_before & low_after)
    begins = pl.col("is_cheap") & ~pl.col("is_cheap").shift(1, fill_value=False)
    return lf.with_columns(
        window_id=pl.when("is_cheap").then(begins.cum_sum() - 1).cast(pl.Int32),
        is_strategic=_strategic(ctx),
    ).drop(_HELPERS)


def _cheapest_share_limit(percentile: float) -> pl.Expr:
    """Return the highest price among the cheapest ``percentile`` % of slots, by rank."""
    rank = pl.col("import_price_per_kwh").rank("ordinal")
    inside = rank <= (pl.len() * (percentile / 100)).ceil().clip(lower_bound=1)
    return pl.col("import_price_per_kwh").filter(inside).max()


def _storing_pays(ctx: Context) -> pl.Expr:
    """Say whether some later use of a stored kWh is worth more than buying it now."""
    thresholds = ctx.settings.decision_thresholds
    house = worth.use_value(
        worth.buy_cost(), ctx, margin_per_kwh=thresholds.battery_use_margin_per_kwh
    )
    sale = export_rules.guarded_sale_value(ctx)
    nothing = pl.lit(-math.inf)
    best_use = pl.max_horizontal(
        pl.when(worth.net_load_kwh() > 0).then(house).otherwise(nothing),
        pl.when("may_export_battery").then(sale).otherwise(nothing),
    )
    left = pl.col("import_price_per_kwh").map_batches(
        lambda prices: pl.Series([terminal.value_per_kwh(prices, ctx)]),
        return_dtype=pl.Float64(),
        returns_scalar=True,
    )
    later = best_use.cum_max(reverse=True).shift(-1)
    efficiency = limits_of(ctx.settings).efficiency
    return pl.max_horizontal(later, left) > worth.buy_cost() / efficiency


def _strategic(ctx: Context) -> pl.Expr:
    """Cheap slots below the strategic price while PV cannot cover the remaining load."""
    strategic = ctx.settings.strategic_charging
    deficit = pl.col("cautious_pv_kwh").sum() < pl.col("cautious_load_kwh").sum()
    below = pl.col("import_price_per_kwh") < strategic.price_threshold_per_kwh
    return pl.col("is_cheap") & deficit & below


def _may_export(ctx: Context) -> pl.Expr:
    """Slots the battery may sell in: allowed, not at a loss, in the peak if peak-only."""
    arbitrage = ctx.settings.arbitrage
    price = pl.col("export_price_per_kwh")
    allowed = pl.lit(arbitrage.enable_export and ctx.discharge_allowed) & (price > 0)
    if arbitrage.enable_peak_only_export:
        rank = price.rank("ordinal", descending=True)
        peak = (pl.len() * (arbitrage.export_percentile_threshold / 100)).ceil()
        # Quarters that share the price of the last one in the peak belong to it.
        allowed &= price >= price.filter(rank <= peak.clip(lower_bound=1)).min()
    return allowed
