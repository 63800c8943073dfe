"""The cascade: cheap windows answer for the gaps after them.

Going back from the end, every use that is worth serving from the battery waits on the curve of
stored energy until a cheap window can provide for it; what does not fit a window's headroom or
charging capacity stays on the curve and so falls to the window before it. A window therefore
answers for the gap after it, dearest slots first, never for more than the battery holds.
"""

from collections.abc import Sequence

import polars as pl

from app.planner.engine import decisions, strategy
from app.planner.engine.decisions import Value
from app.planner.engine.water_days import Placement
from app.planner.model.battery import start_kwh
from app.planner.model.context import Context
from app.planner.model.energy_value import SlotTerms
from app.planner.model.levels import BUY, Levels
from app.planner.model.sequential import lists


def heat(df: pl.DataFrame, placement: Placement, ctx: Context) -> Placement:
    """Leave the heat where its slots are cheapest by themselves."""
    del df, ctx
    return placement


def value(df: pl.DataFrame, ctx: Context) -> Value:
    """Return the value of stored energy when grid energy comes from cheap windows only.

    Below the minimum every slot may buy, up to the minimum only: recovery does not wait for a
    window, it takes the cheapest slot there is.
    """
    below = start_kwh(ctx) < ctx.limits.floor_kwh
    may_buy: list[bool] = [True] * df.height if below else df["is_cheap"].to_list()
    return decisions.value(df, ctx, may_buy=may_buy)


def levels(df: pl.DataFrame, worth: Value, ctx: Context) -> list[Levels]:
    """Buy in cheap windows only, in a strategic period at least up to the strategic target."""
    floor_kwh = ctx.limits.floor_kwh
    windows, prices = df["window_id"].to_list(), df["import_price_per_kwh"].to_list()
    chosen = _strategic_slots(df, worth.terms, ctx)
    strategic = strategy.targets_kwh(chosen, windows, prices, worth.terms, ctx)
    bounded: list[Levels] = []
    for level, is_cheap, target_kwh in zip(worth.levels(), df["is_cheap"], strategic, strict=True):
        buy_to_kwh = level.buy_to_kwh if is_cheap else min(level.buy_to_kwh, floor_kwh)
        bounded.append(level._replace(buy_to_kwh=max(buy_to_kwh, target_kwh)))
    return bounded


def _strategic_slots(df: pl.DataFrame, terms: Sequence[SlotTerms], ctx: Context) -> list[bool]:
    """Return where to charge to the strategic target.

    A window below the strategic price that cannot reach the target hands it on: the next window
    may then be dearer than the limit by the carry-forward tolerance.
    """
    strategic = ctx.settings.strategic_charging
    target_kwh = ctx.settings.battery.capacity_kwh * strategic.target_soc_percent / 100
    lenient = strategic.price_threshold_per_kwh * (1 + strategic.carry_forward_tolerance_ratio)
    chosen: list[bool] = df["is_strategic"].to_list()
    prices, baseline = lists(df, "import_price_per_kwh", "baseline_soc_kwh")
    bought_kwh, carries, window_before = 0.0, False, None
    for slot, window in enumerate(df["window_id"]):
        if window is None:
            continue
        if window != window_before and window_before is not None:
            carries = bought_kwh > 0 and baseline[slot] + bought_kwh < target_kwh
        window_before = window
        chosen[slot] = chosen[slot] or (carries and prices[slot] <= lenient)
        supplies = terms[slot].supplies
        bought_kwh += supplies[BUY][1] if chosen[slot] and supplies else 0.0
    return chosen
