"""Pass 5: turn responsibilities into grid charge per slot, in blocks as long as money allows.

Purchases may trade places only among slots between two discharges: there the stored energy is the
same at the end whatever the order.
"""

import polars as pl

from app.planner import engine_terms, levels, manual
from app.planner.battery import Flow, limits_of, start_kwh, walk
from app.planner.consolidation import Offer, consolidate, runs_of
from app.planner.context import Context
from app.planner.pass4_responsibilities import LEVEL_COLUMNS
from app.planner.sequential import Columns, add_columns

NEEDS = pl.Schema({**engine_terms.NEEDS, **dict.fromkeys(LEVEL_COLUMNS, pl.Float64())})
ADDS = pl.Schema({"planned_purchase_kwh": pl.Float64()})
_TINY_KWH = 1e-9


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add the AC energy to buy for the battery in every slot."""
    return add_columns(lf, ADDS, lambda df: _purchases(df, ctx))


def frame_levels(df: pl.DataFrame) -> list[levels.Levels]:
    """Return the decision levels that pass 4 wrote into the frame."""
    return [levels.Levels(*row) for row in df.select(LEVEL_COLUMNS).iter_rows()]


def _purchases(df: pl.DataFrame, ctx: Context) -> Columns:
    limits = limits_of(ctx.settings)
    controls = levels.controls_of(df, frame_levels(df), [limits.charge_kwh] * df.height)
    flows = walk(controls, start_kwh=start_kwh(ctx), limits=limits)
    bought = [flow.grid_charge_kwh for flow in flows]
    actions: list[str | None] = df["manual_action"].to_list()
    movable = [
        flow.discharge_kwh <= _TINY_KWH and action not in manual.BATTERY_ACTIONS
        for flow, action in zip(flows, actions, strict=True)
    ]
    most = _most_purchase(df, flows, ctx)
    prices: list[float] = df["import_price_per_kwh"].to_list()
    charging = ctx.settings.charging
    for first, last in runs_of(movable):
        span = slice(first, last + 1)
        bought[span] = consolidate(
            bought[span],
            Offer(prices=prices[span], most_kwh=most[span]),
            tolerance_per_kwh=charging.block_consolidation_tolerance_per_kwh,
            max_gap_slots=charging.consolidation_max_gap_slots,
            starts_running=first == 0 and ctx.home.running_classification == "charge",
        )
    return {
        "planned_purchase_kwh": [
            limits.charge_kwh if action == "charge" else kwh
            for kwh, action in zip(bought, actions, strict=True)
        ]
    }


def _most_purchase(df: pl.DataFrame, flows: list[Flow], ctx: Context) -> list[float]:
    """Return the most AC energy each slot could buy beside the PV it stores.

    A slot that sells some of its surplus would store that first, so its purchases stay as they are.
    """
    limits = limits_of(ctx.settings)
    net = df.select(
        pl.col("cautious_load_kwh") + pl.col("water_kwh") - pl.col("cautious_pv_kwh")
    ).to_series()
    most = []
    for flow, net_kwh in zip(flows, net, strict=True):
        stored_kwh = flow.charge_kwh - flow.grid_charge_kwh
        if stored_kwh < -net_kwh - _TINY_KWH:
            most.append(flow.grid_charge_kwh)
            continue
        room_kwh = limits.charge_kwh - stored_kwh
        most.append(max(0.0, min(room_kwh, limits.import_kwh - max(0.0, net_kwh))))
    return most
