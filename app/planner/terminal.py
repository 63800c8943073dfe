"""What energy left at the end of the horizon is worth: neither dump it nor hoard it."""

import polars as pl

from app.planner.battery import limits_of
from app.planner.context import Context

CHEAP_QUANTILE = 0.10


def value_per_kwh(import_prices: pl.Series, ctx: Context) -> float:
    """Return the worth of one stored kWh beyond the horizon, currency per kWh.

    A kWh kept saves buying one in the next cheap hours, so it is worth the price of the cheapest
    tenth of the horizon, but never more than serving the mean hour would earn.
    """
    if ctx.terminal_value_per_kwh is not None:
        return ctx.terminal_value_per_kwh
    limits = limits_of(ctx.settings)
    cheap = import_prices.quantile(CHEAP_QUANTILE, interpolation="lower")
    mean = import_prices.mean()
    if not isinstance(cheap, float) or not isinstance(mean, float):
        return 0.0
    # The margin a use must earn holds beyond the horizon too; without it a flat day would hoard.
    margin = ctx.settings.decision_thresholds.battery_use_margin_per_kwh
    return max(0.0, min(cheap, (mean - margin) * limits.efficiency - limits.wear_per_kwh))
