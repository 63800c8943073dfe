"""Pass 4: what every window must store, and down to where each slot may draw.

The engine reads both off the value of stored energy; the rules of selling and the manual slots hold
for every engine and come on top.
"""

import polars as pl

from app.planner.engine import decisions, engines
from app.planner.engine.decisions import Value
from app.planner.model import terms as engine_terms
from app.planner.model.context import Context
from app.planner.model.levels import BUY, LEVEL_COLUMNS
from app.planner.model.sequential import Columns, add_columns, lists

NEEDS = pl.Schema(
    {
        **engine_terms.NEEDS,
        "window_id": pl.Int32(),
        "is_strategic": pl.Boolean(),
        "baseline_soc_kwh": pl.Float64(),
        "manual_target_soc_percent": pl.Float64(),
    }
)
ADDS = pl.Schema(
    {
        **dict.fromkeys(LEVEL_COLUMNS, pl.Float64()),
        "window_need_kwh": pl.Float64(),
        "window_charge_kwh": pl.Float64(),
        "window_cascaded_kwh": pl.Float64(),
    }
)


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add decision levels and window responsibilities."""
    return add_columns(lf, ADDS, lambda df: _responsibilities(df, ctx))


def _responsibilities(df: pl.DataFrame, ctx: Context) -> Columns:
    engine = engines.engine_of(ctx)
    worth = engine.value(df, ctx)
    per_slot = decisions.ruled(df, engine.levels(df, worth, ctx), ctx)
    needs = _window_needs(df, worth, ctx)
    columns: dict[str, list[object]] = {
        name: [getattr(level, name) for level in per_slot] for name in LEVEL_COLUMNS
    }
    return columns | {
        name: [needs[window][index] if window is not None else None for window in df["window_id"]]
        for index, name in enumerate(
            ("window_need_kwh", "window_charge_kwh", "window_cascaded_kwh")
        )
    }


def _window_needs(
    df: pl.DataFrame, worth: Value, ctx: Context
) -> dict[int, tuple[float, float, float]]:
    """Return need, charge and cascaded rest of every window, in stored kWh."""
    limits = ctx.limits
    windows: dict[int, list[int]] = {}
    for slot, window in enumerate(df["window_id"]):
        if window is not None:
            windows.setdefault(window, []).append(slot)
    prices, baseline = lists(df, "import_price_per_kwh", "baseline_soc_kwh")
    result = {}
    for window, slots in windows.items():
        cheapest = min(prices[slot] for slot in slots) / limits.efficiency
        wanted_kwh = worth.curves[slots[-1]].level_above(cheapest, ties=False)
        need_kwh = max(0.0, wanted_kwh - max(baseline[slots[-1]], limits.floor_kwh))
        offered = (worth.terms[slot].supplies for slot in slots)
        capacity_kwh = sum(supplies[BUY][1] for supplies in offered if supplies)
        charge_kwh = min(need_kwh, capacity_kwh)
        result[window] = (need_kwh, charge_kwh, need_kwh - charge_kwh)
    return result
