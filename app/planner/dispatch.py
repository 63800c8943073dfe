"""The simulation that passes 6 and 7 share: controls of the frame, flows, and their labels."""

from collections.abc import Sequence

import polars as pl

from app.planner import levels, manual
from app.planner.battery import TINY_KWH, Control, Flow
from app.planner.context import Context

PURCHASE_FLOOR_KWH = 1e-6
"""Grid charge below this is rounding, not a charge block."""


def controls(df: pl.DataFrame, purchases_kwh: Sequence[float], ctx: Context) -> list[Control]:
    """Return the controls of every slot with the planned purchases in place."""
    ceiling_kwh = ctx.limits.ceiling_kwh
    planned = levels.controls_of(df, levels.frame_levels(df), purchases_kwh)
    return [
        # The purchase is planned; the level it came from must not cut it a second time, except in
        # manual slots, where the level is the owner's target.
        control if action in manual.BATTERY_ACTIONS else control._replace(buy_to_kwh=ceiling_kwh)
        for control, action in zip(planned, df["manual_action"], strict=True)
    ]


def label(flow: Flow) -> str:
    """Name what the battery does in a slot; exactly one word fits."""
    if flow.grid_charge_kwh > PURCHASE_FLOOR_KWH:
        return "charge"
    if flow.charge_kwh > TINY_KWH:
        return "pv_charge"
    if flow.battery_export_kwh > TINY_KWH:
        return "export"
    if flow.discharge_kwh > TINY_KWH:
        return "discharge"
    return "hold"
