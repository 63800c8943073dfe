"""Pass 1: find the windows in which buying for later can pay, and the peaks worth selling into.

Every slot ranks within its local day, all of it that is published: among what is left of the day a
slot would change sides as the hours pass, and a plan made anew without news would be another one.
The ranking goes by rank, so that equal prices cannot flood it, and keeps a slot only if some later
use repays it: a flat day has no window.
"""

import math
from datetime import timedelta

import polars as pl

from app.core.frames import SLOT, UTC_TIME
from app.planner.model import worth
from app.planner.model.context import Context

NEEDS = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "cautious_pv_kwh": pl.Float64(),
        "cautious_load_kwh": pl.Float64(),
    }
)
ADDS = pl.Schema(
    {
        **dict.fromkeys(worth.VALUE_COLUMNS, pl.Float64()),
        "is_cheap": pl.Boolean(),
        "window_id": pl.Int32(),
        "is_strategic": pl.Boolean(),
        "may_export_battery": pl.Boolean(),
    }
)
_HELPERS = ("_slot", "_limit", "_peak", "_pays", "_low", "_raised")
_HALF_DAY_SLOTS = timedelta(hours=12) // SLOT


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Mark cheap slots, number their windows, and mark the slots the battery may sell in."""
    charging = ctx.settings.charging
    price = pl.col("import_price_per_kwh")
    within = pl.col("_limit") + charging.cheap_price_tolerance_per_kwh
    ripple = within + charging.price_smoothing_per_kwh
    ranked = lf.join(_ranks(lf, ctx), on="slot_start", how="left", maintain_order="left")
    lf = ranked.with_columns(
        *worth.values(ctx), may_export_battery=may_export(ctx), _slot=pl.int_range(pl.len())
    )
    lf = lf.with_columns(_pays=_storing_pays(ctx))
    lf = lf.with_columns(
        _low=(price <= within) & pl.col("_pays"), _raised=(price <= ripple) & pl.col("_pays")
    )
    lf = lf.with_columns(is_cheap=pl.col("_raised") & _between_low_slots())
    begins = pl.col("is_cheap") & ~pl.col("is_cheap").shift(1, fill_value=False)
    return lf.with_columns(
        window_id=pl.when("is_cheap").then(begins.cum_sum() - 1).cast(pl.Int32),
        is_strategic=_strategic(ctx),
    ).drop(_HELPERS)


def _ranks(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Return, by slot, the last price of its day that is cheap and the last that is a peak.

    A day of which less than half is known ranks with the one before it, the first with the next:
    prices end at Central European midnight, an hour into the day of a Finnish home.
    """
    columns = ("slot_start", "import_price_per_kwh", "export_price_per_kwh")
    known = lf.select(columns)
    if ctx.published is not None:
        beside = ctx.published.lazy().select(columns)
        known = pl.concat([known, beside]).unique("slot_start", keep="first")
    day = pl.col("slot_start").dt.convert_time_zone(ctx.settings.timezone).dt.date()
    whole = pl.when(pl.len().over("_day") >= _HALF_DAY_SLOTS).then("_day")
    ranks = known.sort("slot_start").with_columns(_day=day)
    ranks = ranks.with_columns(
        _ranked_in=pl.coalesce(whole.forward_fill(), whole.backward_fill(), pl.col("_day").first())
    )
    percentile = ctx.settings.charging.charge_threshold_percentile
    peak_percentile = ctx.settings.arbitrage.export_percentile_threshold
    return ranks.select(
        "slot_start",
        _limit=_nth(pl.col(columns[1]), percentile, descending=False).over("_ranked_in"),
        _peak=_nth(pl.col(columns[2]), peak_percentile, descending=True).over("_ranked_in"),
    )


def _nth(price: pl.Expr, percentile: float, *, descending: bool) -> pl.Expr:
    """Return the last price of the first ``percentile`` % of slots, at least one, by rank."""
    count = (pl.len() * (percentile / 100)).ceil().clip(lower_bound=1).cast(pl.UInt32)
    return price.sort(descending=descending).get(count - 1)


def _between_low_slots() -> pl.Expr:
    """Say whether a low slot lies before and after within one run of raised slots.

    A ripple inside a window does not split it: a raised slot counts between two cheap ones.
    """
    low = pl.when("_low").then("_slot")
    split = pl.when(~pl.col("_raised")).then("_slot")
    before = low.forward_fill().fill_null(-1) > split.forward_fill().fill_null(-1)
    after = low.backward_fill().fill_null(pl.len()) < split.backward_fill().fill_null(pl.len())
    return before & after


def _storing_pays(ctx: Context) -> pl.Expr:
    """Say whether some later use of a stored kWh is worth more than buying it now."""
    nothing = pl.lit(-math.inf)
    best_use = pl.max_horizontal(
        pl.when(worth.net_load_kwh() > 0).then("house_value_per_kwh").otherwise(nothing),
        pl.when("may_export_battery").then("sale_value_per_kwh").otherwise(nothing),
    )
    left = pl.lit(ctx.end_value[0][0])
    later = best_use.cum_max(reverse=True).shift(-1)
    return pl.max_horizontal(later, left) > pl.col("buy_cost_per_kwh")


def _strategic(ctx: Context) -> pl.Expr:
    """Cheap slots below the strategic price from which on PV cannot cover the load any more.

    Each looks ahead from itself: as seen from now, all would change sides at once as hours pass.
    """
    strategic = ctx.settings.strategic_charging
    below = pl.col("import_price_per_kwh") < strategic.price_threshold_per_kwh
    missing_kwh = (pl.col("cautious_load_kwh") - pl.col("cautious_pv_kwh")).cum_sum(reverse=True)
    return pl.col("is_cheap") & below & (missing_kwh > 0)


def may_export(ctx: Context) -> pl.Expr:
    """Return whether the battery may sell: allowed, not at a loss, in its day's peak if peak-only.

    Peak-only needs the column of ``_ranks``.
    """
    arbitrage = ctx.settings.arbitrage
    price = pl.col("export_price_per_kwh")
    allowed = pl.lit(arbitrage.enable_export and ctx.discharge_allowed) & (price > 0)
    if arbitrage.enable_peak_only_export:
        # Quarters that share the price of the last one in the peak belong to it.
        allowed &= price >= pl.col("_peak")
    return allowed
