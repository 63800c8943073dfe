"""Pass 7: no action shorter than its minimum, no rest between two either.

The decisions change, then everything is simulated again: changing labels alone would leave flows,
state of charge and cost of another plan behind.
"""

from dataclasses import dataclass, field

import polars as pl

from app.planner.model import manual
from app.planner.model.battery import FORBIDDEN, UNREACHED_KWH, Control, Flow
from app.planner.model.context import Context
from app.planner.model.sequential import Columns, add_columns
from app.planner.passes import dispatch
from app.planner.passes.run_lengths import Span, short_gaps, short_runs

NEEDS = pl.Schema(
    {
        "draft_label": pl.String(),
        "planned_purchase_kwh": pl.Float64(),
        "import_price_per_kwh": pl.Float64(),
        "manual_action": pl.String(),
        "is_cheap": pl.Boolean(),
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
_MOST_ROUNDS = 24


@dataclass(slots=True)
class _Draft:
    """The decisions being smoothed, and which slots have been changed already.

    ``stopped`` and ``filled`` hold (word, slot): what did not help is not tried twice.
    """

    controls: list[Control]
    flows: list[Flow]
    prices: list[float]
    fixed: list[bool]
    cheap: list[bool]
    stopped: set[tuple[str, int]] = field(default_factory=set)
    filled: set[tuple[str, int]] = field(default_factory=set)


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the final flows and labels."""
    return add_columns(lf, ADDS, lambda df: _smooth(df, ctx))


def _smooth(df: pl.DataFrame, ctx: Context) -> Columns:
    draft = _Draft(
        controls=dispatch.controls(df, df["planned_purchase_kwh"].to_list(), ctx),
        flows=[],
        prices=df["import_price_per_kwh"].to_list(),
        fixed=[action in manual.BATTERY_ACTIONS for action in df["manual_action"]],
        cheap=df["is_cheap"].to_list(),
    )
    smoothing, running = ctx.settings.smoothing, ctx.home.running_classification
    for _ in range(_MOST_ROUNDS):
        draft.flows = dispatch.simulated(draft.controls, ctx)
        labels = [dispatch.label(flow) for flow in draft.flows]
        changed = False
        for span in short_runs(labels, draft.fixed, smoothing, running=running):
            changed |= _settle_run(span, draft, ctx)
        # Runs first: a run that is taken out leaves no gap to care for.
        if not changed:
            for span in short_gaps(labels, draft.fixed, smoothing):
                changed |= _settle_gap(span, draft, ctx)
        if not changed:
            break
    else:
        draft.flows = dispatch.simulated(draft.controls, ctx)
    flows = draft.flows
    smoothed = {slot for _, slot in draft.stopped | draft.filled}
    columns = {
        name: list(values)
        for name, values in zip(FLOW_COLUMNS, zip(*flows, strict=True), strict=True)
    }
    return {
        **columns,
        "classification": [dispatch.label(flow) for flow in flows],
        "was_smoothed": [slot in smoothed for slot in range(df.height)],
    }


def _settle_run(span: Span, draft: _Draft, ctx: Context) -> bool:
    """Lengthen a short charge run into its cheaper neighbour, or stop the action in its slots."""
    if span.word == "charge" and _lengthen(span, draft, ctx):
        return True
    return _stop(span.word, range(span.first, span.last + 1), draft)


def _settle_gap(span: Span, draft: _Draft, ctx: Context) -> bool:
    """Go on through a short rest where that is possible, else start again later."""
    slots = range(span.first, span.last + 1)
    keys = {(span.word, slot) for slot in slots}
    fill = _charge_on if span.word == "charge" else _draw_on
    if not keys <= draft.filled and fill(span, draft):
        draft.filled |= keys
        return True
    smoothing = ctx.settings.smoothing
    least = (
        smoothing.min_off_slots_charge
        if span.word == "charge"
        else smoothing.min_off_slots_discharge
    )
    later = range(span.last + 1, min(span.first + least, len(draft.controls)))
    return _stop(span.word, later, draft)


def _charge_on(span: Span, draft: _Draft) -> bool:
    """Share the first purchase after the gap with the gap; False where a slot of it is not free."""
    slots = list(range(span.first, span.last + 2))
    if not all(_is_free(slot, draft) for slot in slots[:-1]):
        return False
    share_kwh = draft.controls[slots[-1]].grid_charge_kwh / len(slots)
    for slot in slots:
        draft.controls[slot] = draft.controls[slot]._replace(grid_charge_kwh=share_kwh)
    return True


def _draw_on(span: Span, draft: _Draft) -> bool:
    """Serve the house in the gap as deep as beside it; False where it holds in cheap or charges."""
    slots = range(span.first, span.last + 1)
    if any(draft.flows[slot].charge_kwh > 0 or draft.cheap[slot] for slot in slots):
        return False
    neighbours = draft.controls[span.first - 1], draft.controls[span.last + 1]
    floor_kwh = min(control.use_floor_kwh for control in neighbours)
    for slot in slots:
        control = draft.controls[slot]
        draft.controls[slot] = control._replace(use_floor_kwh=min(control.use_floor_kwh, floor_kwh))
    return True


def _stop(word: str, slots: range, draft: _Draft) -> bool:
    """Take the action out of the slots; False where that was done before and could not help."""
    keys = {(word, slot) for slot in slots if not draft.fixed[slot]}
    if keys <= draft.stopped:
        return False
    draft.stopped |= keys
    for _, slot in keys:
        control = draft.controls[slot]
        if word == "charge":
            control = control._replace(grid_charge_kwh=0.0)
        else:
            control = control._replace(export_floor_kwh=FORBIDDEN)
        if word == "discharge":
            control = control._replace(
                use_floor_kwh=max(control.use_floor_kwh, UNREACHED_KWH),
                water_floor_kwh=max(control.water_floor_kwh, UNREACHED_KWH),
            )
        draft.controls[slot] = control
    return True


def _is_free(slot: int, draft: _Draft) -> bool:
    """Say whether a slot could charge from the grid instead of what it does."""
    control = draft.controls[slot]
    return (
        not draft.fixed[slot]
        and draft.flows[slot].discharge_kwh == 0
        and control.pv_kwh <= control.load_kwh
        and ("charge", slot) not in draft.stopped
    )


def _lengthen(span: Span, draft: _Draft, ctx: Context) -> bool:
    """Spread a charge run evenly over the minimum length; False where no neighbour is free."""
    slots = list(range(span.first, span.last + 1))
    if {("charge", slot) for slot in slots} <= draft.filled:
        return False
    while len(slots) < ctx.settings.smoothing.min_on_slots_charge:
        free = [
            slot
            for slot in (slots[0] - 1, slots[-1] + 1)
            if 0 <= slot < len(draft.prices) and _is_free(slot, draft)
        ]
        if not free:
            return False
        slots.append(min(free, key=lambda slot: (draft.prices[slot], slot)))
        slots.sort()
    total_kwh = sum(draft.controls[slot].grid_charge_kwh for slot in slots)
    for slot in slots:
        draft.controls[slot] = draft.controls[slot]._replace(grid_charge_kwh=total_kwh / len(slots))
    draft.filled |= {("charge", slot) for slot in slots}
    return True
