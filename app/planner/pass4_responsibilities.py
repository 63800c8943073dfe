"""Pass 4: what every window must store, and down to where each slot may draw.

The cascade: going back from the end, every use that is worth serving from the battery waits on the
curve of stored energy until a cheap window can provide for it; what does not fit a window's
headroom or charging capacity stays on the curve and so falls to the window before it. A window
therefore answers for the gap after it, dearest slots first, never for more than the battery holds.
"""

from dataclasses import replace

import polars as pl

from app.planner import engine_terms, export_rules, levels, manual, strategy
from app.planner.battery import limits_of, start_kwh
from app.planner.context import Context
from app.planner.energy_value import Curve
from app.planner.levels import BUY, Levels
from app.planner.sequential import Columns, add_columns

NEEDS = pl.Schema(
    {
        **engine_terms.NEEDS,
        "window_id": pl.Int32(),
        "is_strategic": pl.Boolean(),
        "baseline_soc_kwh": pl.Float64(),
        "manual_target_soc_percent": pl.Float64(),
    }
)
LEVEL_COLUMNS = (
    "use_floor_kwh",
    "water_floor_kwh",
    "export_floor_kwh",
    "store_to_kwh",
    "buy_to_kwh",
)
ADDS = pl.Schema(
    {
        **dict.fromkeys(LEVEL_COLUMNS, pl.Float64()),
        "window_need_kwh": pl.Float64(),
        "window_charge_kwh": pl.Float64(),
        "window_cascaded_kwh": pl.Float64(),
        "stair_values": pl.List(pl.Float64()),
        "stair_kwhs": pl.List(pl.Float64()),
        "stair_slots": pl.List(pl.Int32()),
    }
)


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add decision levels, window responsibilities and the curve of stored energy."""
    return add_columns(lf, ADDS, lambda df: _responsibilities(df, ctx))


def _responsibilities(df: pl.DataFrame, ctx: Context) -> Columns:
    below_floor = start_kwh(ctx) < limits_of(ctx.settings).floor_kwh
    cheap: list[bool] = df["is_cheap"].to_list()
    # Below the minimum every slot may buy, up to the minimum only: recovery does not wait for a
    # window, it takes the cheapest slot there is.
    may_buy = [True] * df.height if below_floor else cheap
    curves, terms = levels.value_curves(df, ctx, may_buy=may_buy)
    per_slot = [
        levels.levels_of(slot, curve, ctx, buys=buys)
        for slot, curve, buys in zip(terms, curves, may_buy, strict=True)
    ]
    buy_kwh = [slot.supplies[BUY].kwh for slot in terms]
    windows, prices = df["window_id"].to_list(), df["import_price_per_kwh"].to_list()
    chosen = _strategic_slots(df, buy_kwh, ctx)
    per_slot = _bounded(
        df, per_slot, strategy.targets_kwh(chosen, windows, prices, terms, ctx), ctx
    )
    needs = _window_needs(df, curves, buy_kwh, ctx)
    columns: dict[str, list[object]] = {
        name: [getattr(level, name) for level in per_slot] for name in LEVEL_COLUMNS
    }
    columns |= {
        name: [needs[window][index] if window is not None else None for window in df["window_id"]]
        for index, name in enumerate(
            ("window_need_kwh", "window_charge_kwh", "window_cascaded_kwh")
        )
    }
    columns["stair_values"] = [[-s.minus_value for s in curve.segments] for curve in curves]
    columns["stair_kwhs"] = [[s.kwh for s in curve.segments] for curve in curves]
    columns["stair_slots"] = [[s.slot for s in curve.segments] for curve in curves]
    return columns


def _strategic_slots(df: pl.DataFrame, buy_kwh: list[float], ctx: Context) -> list[bool]:
    """Return where to charge to the strategic target.

    A window below the strategic price that cannot reach the target hands it on: the next window
    may then be dearer than the limit by the carry-forward tolerance.
    """
    strategic = ctx.settings.strategic_charging
    target_kwh = ctx.settings.battery.capacity_kwh * strategic.target_soc_percent / 100
    lenient = strategic.price_threshold_per_kwh * (1 + strategic.carry_forward_tolerance_ratio)
    chosen: list[bool] = df["is_strategic"].to_list()
    prices, baseline = df["import_price_per_kwh"], df["baseline_soc_kwh"]
    bought_kwh, carries, window_before = 0.0, False, None
    for slot, window in enumerate(df["window_id"]):
        if window is None:
            continue
        if window != window_before and window_before is not None:
            carries = bought_kwh > 0 and baseline[slot] + bought_kwh < target_kwh
        window_before = window
        chosen[slot] = chosen[slot] or (carries and prices[slot] <= lenient)
        bought_kwh += buy_kwh[slot] if chosen[slot] else 0.0
    return chosen


def _bounded(
    df: pl.DataFrame, per_slot: list[Levels], strategic_kwh: list[float], ctx: Context
) -> list[Levels]:
    """Apply what goes beyond the curve: recovery, strategy, export rules, manual slots."""
    limits = limits_of(ctx.settings)
    protective = export_rules.protective_kwh(df, ctx)
    flags = df.select(
        "is_cheap",
        "may_export_battery",
        "manual_action",
        "manual_target_soc_percent",
    ).iter_rows()
    result = []
    for level, keep_kwh, strategic, (cheap, sells, action, target) in zip(
        per_slot, protective, strategic_kwh, flags, strict=True
    ):
        bounded = level
        if not cheap:
            bounded = replace(bounded, buy_to_kwh=min(bounded.buy_to_kwh, limits.floor_kwh))
        bounded = replace(bounded, buy_to_kwh=max(bounded.buy_to_kwh, strategic))
        if sells:
            bounded = replace(bounded, export_floor_kwh=max(bounded.export_floor_kwh, keep_kwh))
        result.append(
            manual.apply(bounded, action, target, ctx, is_cheap=cheap, reserve_kwh=keep_kwh)
        )
    return result


def _window_needs(
    df: pl.DataFrame, curves: list[Curve], buy_kwh: list[float], ctx: Context
) -> dict[int, tuple[float, float, float]]:
    """Return need, charge and cascaded rest of every window, in stored kWh."""
    limits = limits_of(ctx.settings)
    windows: dict[int, list[int]] = {}
    for slot, window in enumerate(df["window_id"]):
        if window is not None:
            windows.setdefault(window, []).append(slot)
    prices, baseline = df["import_price_per_kwh"], df["baseline_soc_kwh"]
    result = {}
    for window, slots in windows.items():
        cheapest = min(prices[slot] for slot in slots) / limits.efficiency
        wanted_kwh = curves[slots[-1]].level_above(cheapest, ties=False)
        need_kwh = max(0.0, wanted_kwh - max(baseline[slots[-1]], limits.floor_kwh))
        capacity_kwh = sum(buy_kwh[slot] for slot in slots)
        charge_kwh = min(need_kwh, capacity_kwh)
        result[window] = (need_kwh, charge_kwh, need_kwh - charge_kwh)
    return result
