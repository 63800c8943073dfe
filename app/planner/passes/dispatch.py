"""The simulation that passes 5 to 7 share: controls of the frame, flows, and their labels."""

from collections.abc import Sequence

import polars as pl

from app.planner.model import levels, manual
from app.planner.model.battery import TINY_KWH, Control, Flow, start_kwh, walk
from app.planner.model.context import Context


def controls(df: pl.DataFrame, purchases_kwh: Sequence[float], ctx: Context) -> list[Control]:
    """Return the controls of every slot with the planned purchases in place."""
    ceiling_kwh, decided = ctx.limits.ceiling_kwh, levels.frame_levels(df)
    # The purchase is planned; the level it came from must not cut it a second time, except in
    # manual slots, where the level is the owner's target.
    bounds = [
        level.buy_to_kwh if action in manual.BATTERY_ACTIONS else ceiling_kwh
        for level, action in zip(decided, df["manual_action"].to_list(), strict=True)
    ]
    return levels.controls_of(df, decided, purchases_kwh, buy_to_kwh=bounds)


def simulated(told: Sequence[Control], ctx: Context) -> list[Flow]:
    """Return the flows of the controls; the next pass that asks the same has them at once."""
    question = list(told)
    if (known := ctx.worked_out.get("flows")) is not None and known[0] == question:
        flows: list[Flow] = known[1]
        return flows
    flows = walk(question, start_kwh=start_kwh(ctx), limits=ctx.limits)
    ctx.worked_out["flows"] = question, flows
    return flows


def label(flow: Flow) -> str:
    """Name what the battery does in a slot; exactly one word fits."""
    if flow.grid_charge_kwh > TINY_KWH:
        return "charge"
    if flow.charge_kwh > TINY_KWH:
        return "pv_charge"
    if flow.battery_export_kwh > TINY_KWH:
        return "export"
    if flow.discharge_kwh > TINY_KWH:
        return "discharge"
    return "hold"
