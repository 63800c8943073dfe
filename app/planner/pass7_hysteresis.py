"""Pass 7: no action shorter than its minimum; the decisions change, then everything is simulated.

Changing labels alone would leave flows, state of charge and cost of another plan behind. Serving
the house and storing its PV are one mode to an inverter (it follows the meter), so a discharge run
is cut only between slots that do neither.
"""

import polars as pl

from app.planner import dispatch, manual
from app.planner.battery import FORBIDDEN, Control, Flow, limits_of, start_kwh, walk
from app.planner.consolidation import runs_of
from app.planner.context import Context
from app.planner.sequential import Columns, add_columns

NEEDS = pl.Schema(
    {
        "draft_label": pl.String(),
        "planned_purchase_kwh": pl.Float64(),
        "import_price_per_kwh": pl.Float64(),
        "manual_action": pl.String(),
    }
)
FLOW_COLUMNS = (*Flow._fields,)
ADDS = pl.Schema(
    {
        **dict.fromkeys(FLOW_COLUMNS, pl.Float64()),
        "classification": pl.String(),
        "was_smoothed": pl.Boolean(),
    }
)
_MOST_ROUNDS = 8


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the final flows and labels."""
    return add_columns(lf, ADDS, lambda df: _smooth(df, ctx))


def _smooth(df: pl.DataFrame, ctx: Context) -> Columns:
    limits, begin_kwh = limits_of(ctx.settings), start_kwh(ctx)
    fixed = [action in manual.BATTERY_ACTIONS for action in df["manual_action"]]
    prices: list[float] = df["import_price_per_kwh"].to_list()
    controls = dispatch.controls(df, ctx)
    smoothed = [False] * df.height
    for _ in range(_MOST_ROUNDS):
        flows = walk(controls, start_kwh=begin_kwh, limits=limits)
        labels = [dispatch.label(flow) for flow in flows]
        changes = _short_runs(labels, fixed, ctx)
        if not changes:
            break
        for word, first, last in changes:
            _settle(word, (first, last), controls, flows, prices, fixed, ctx)
            smoothed[first : last + 1] = [True] * (last + 1 - first)
    flows = walk(controls, start_kwh=begin_kwh, limits=limits)
    columns = {
        name: list(values)
        for name, values in zip(FLOW_COLUMNS, zip(*flows, strict=True), strict=True)
    }
    return {
        **columns,
        "classification": [dispatch.label(flow) for flow in flows],
        "was_smoothed": smoothed,
    }


def _short_runs(labels: list[str], fixed: list[bool], ctx: Context) -> list[tuple[str, int, int]]:
    """Return (word, first, last) of every run below its minimum length."""
    smoothing = ctx.settings.smoothing
    modes = {
        "charge": (("charge",), smoothing.min_on_slots_charge),
        "discharge": (("discharge", "pv_charge"), smoothing.min_on_slots_discharge),
        "export": (("export",), smoothing.min_on_slots_export),
    }
    found = []
    for word, (words, shortest) in modes.items():
        for first, last in runs_of([label in words for label in labels]):
            ongoing = first == 0 and ctx.home.running_classification in words
            at_edge = last == len(labels) - 1
            if last - first + 1 >= shortest or ongoing or at_edge or any(fixed[first : last + 1]):
                continue
            if word in labels[first : last + 1]:
                found.append((word, first, last))
    return found


def _settle(
    word: str,
    run_span: tuple[int, int],
    controls: list[Control],
    flows: list[Flow],
    prices: list[float],
    fixed: list[bool],
    ctx: Context,
) -> None:
    """Lengthen a short charge run into its cheaper neighbour, or stop the action in its slots."""
    first, last = run_span
    if word == "charge" and _lengthen(first, last, controls, flows, prices, fixed, ctx):
        return
    for slot in range(first, last + 1):
        if word == "charge":
            controls[slot] = controls[slot]._replace(grid_charge_kwh=0.0)
        elif word == "export":
            controls[slot] = controls[slot]._replace(export_floor_kwh=FORBIDDEN)
        else:
            controls[slot] = controls[slot]._replace(
                use_floor_kwh=FORBIDDEN, water_floor_kwh=FORBIDDEN, export_floor_kwh=FORBIDDEN
            )


def _lengthen(
    first: int,
    last: int,
    controls: list[Control],
    flows: list[Flow],
    prices: list[float],
    fixed: list[bool],
    ctx: Context,
) -> bool:
    """Spread a charge run evenly over the minimum length; False where no neighbour is free."""
    shortest = ctx.settings.smoothing.min_on_slots_charge
    slots = list(range(first, last + 1))
    while len(slots) < shortest:
        free = [
            slot
            for slot in (slots[0] - 1, slots[-1] + 1)
            if 0 <= slot < len(prices)
            and not fixed[slot]
            and flows[slot].discharge_kwh == 0
            and controls[slot].pv_kwh <= controls[slot].load_kwh
        ]
        if not free:
            return False
        slots.append(min(free, key=lambda slot: (prices[slot], slot)))
        slots.sort()
    total_kwh = sum(controls[slot].grid_charge_kwh for slot in slots)
    for slot in slots:
        controls[slot] = controls[slot]._replace(grid_charge_kwh=total_kwh / len(slots))
    return True
