"""Pass 5: turn responsibilities into grid charge per slot, in blocks as long as money allows.

Purchases may trade places only among slots between two discharges: there the stored energy is the
same at the end whatever the order.
"""

import polars as pl

from app.planner.model import levels, manual, pricing
from app.planner.model import terms as engine_terms
from app.planner.model.battery import TINY_KWH, Flow, start_kwh, walk
from app.planner.model.context import Context
from app.planner.model.levels import LEVEL_COLUMNS
from app.planner.model.sequential import Columns, add_columns, net_need_kwh
from app.planner.passes import dispatch
from app.planner.passes.consolidation import Offer, consolidate, runs_of

NEEDS = pl.Schema({**engine_terms.NEEDS, **dict.fromkeys(LEVEL_COLUMNS, pl.Float64())})
ADDS = pl.Schema({"planned_purchase_kwh": pl.Float64(), "decided_cost": pl.Float64()})
_TINY_COST = 1e-9


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the AC energy to buy for the battery in every slot.

    ``decided_cost`` is what the whole horizon would cost as decided, before anything is smoothed.
    """
    return add_columns(lf, ADDS, lambda df: _purchases(df, ctx))


def _purchases(df: pl.DataFrame, ctx: Context) -> Columns:
    limits = ctx.limits
    decided = levels.controls_of(df, levels.frame_levels(df), [limits.charge_kwh] * df.height)
    flows = walk(decided, start_kwh=start_kwh(ctx), limits=limits)
    actions: list[str | None] = df["manual_action"].to_list()
    bought = [
        limits.charge_kwh if action == "charge" else flow.grid_charge_kwh
        for flow, action in zip(flows, actions, strict=True)
    ]
    movable = [
        flow.discharge_kwh <= TINY_KWH and action not in manual.BATTERY_ACTIONS
        for flow, action in zip(flows, actions, strict=True)
    ]
    most = _most_purchase(df, flows, ctx)
    tolerance = ctx.settings.charging.block_consolidation_tolerance_per_kwh
    decided_cost = cost = pricing.cost(flows, df, ctx)
    controls = dispatch.controls(df, bought, ctx)
    for first, last in runs_of(movable):
        now_kwh = bought[first : last + 1]
        moved_kwh = _block(df, bought, most, (first, last), ctx)
        if moved_kwh == now_kwh:
            continue
        # Bought at another time the energy may meet a full battery: what counts is the simulation.
        moved = list(controls)
        for slot, kwh in enumerate(moved_kwh, start=first):
            moved[slot] = controls[slot]._replace(grid_charge_kwh=kwh)
        after = pricing.cost(dispatch.simulated(moved, ctx), df, ctx)
        if after <= cost + tolerance * sum(now_kwh) + _TINY_COST:
            bought[first : last + 1], controls, cost = moved_kwh, moved, after
    return {"planned_purchase_kwh": bought, "decided_cost": [decided_cost] * df.height}


def _block(
    df: pl.DataFrame,
    bought: list[float],
    most: list[float],
    run_of_slots: tuple[int, int],
    ctx: Context,
) -> list[float]:
    """Return a run's purchases in blocks as long as the tolerance allows."""
    first, last = run_of_slots
    span = slice(first, last + 1)
    charging = ctx.settings.charging
    return consolidate(
        bought[span],
        Offer(prices=df["import_price_per_kwh"][span].to_list(), most_kwh=most[span]),
        tolerance_per_kwh=charging.block_consolidation_tolerance_per_kwh,
        max_gap_slots=charging.consolidation_max_gap_slots,
        starts_running=first == 0 and ctx.home.running_classification == "charge",
    )


def _most_purchase(df: pl.DataFrame, flows: list[Flow], ctx: Context) -> list[float]:
    """Return the most AC energy each slot could buy beside the PV it stores.

    A slot that sells some of its surplus would store that first, so its purchases stay as they are.
    """
    limits = ctx.limits
    most = []
    for flow, net_kwh in zip(flows, net_need_kwh(df), strict=True):
        stored_kwh = flow.charge_kwh - flow.grid_charge_kwh
        if stored_kwh < -net_kwh - TINY_KWH:
            most.append(flow.grid_charge_kwh)
            continue
        room_kwh = limits.charge_kwh - stored_kwh
        most.append(max(0.0, min(room_kwh, limits.import_kwh - max(0.0, net_kwh))))
    return most
