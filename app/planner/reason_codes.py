"""Which rule decided a slot: a stable code from what the slot does and what its energy is worth."""

from datetime import datetime
from typing import Any, NamedTuple

from app.planner import manual
from app.planner.battery import TINY_KWH
from app.planner.context import Context

_NOTICEABLE_KWH = 1e-6


class Worth(NamedTuple):
    """What the kWh in question is for later: its value, and the use that gives it.

    ``gain_per_kwh`` is what the use earns beyond buying in this slot; None without a known use.
    """

    value_per_kwh: float
    use_price: float | None
    use_start: datetime | None
    gain_per_kwh: float | None = None
    is_sale: bool = False


def code_of(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    """Name the rule that decided."""
    word: str = row["classification"]
    action: str | None = row["manual_action"]
    if action in manual.BATTERY_ACTIONS:
        return _manual_code(action, word)
    if word == "charge":
        return _charge_code(row, worth, ctx)
    if word == "discharge":
        return _discharge_code(row, ctx)
    if word == "export":
        return "export_beats_later_use"
    if word == "pv_charge":
        return "pv_store_for_later"
    return _hold_code(row, worth, ctx)


def _manual_code(action: str, word: str) -> str:
    """Say that a slot does what was asked, or that it cannot."""
    if action in {"hold", word}:
        return f"manual_{action}"
    return f"manual_{action}_not_possible"


def _charge_code(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    limits = ctx.limits
    pays = worth.gain_per_kwh is not None and worth.gain_per_kwh > 0
    rules = (
        ("charge_paid_for", row["import_price_per_kwh"] < 0),
        ("charge_to_minimum", row["soc_start_kwh"] < limits.floor_kwh - _NOTICEABLE_KWH),
        ("charge_run_on", row["was_smoothed"] and row["draft_label"] != "charge"),
        ("charge_for_later_use", pays),
        ("charge_strategic", row["is_strategic"]),
    )
    return next((code for code, holds in rules if holds), "charge_for_reserve")


def _discharge_code(row: dict[str, Any], ctx: Context) -> str:
    rules = (
        (
            "discharge_for_fuse",
            row["import_kwh"] >= ctx.limits.import_kwh - _NOTICEABLE_KWH,
        ),
        ("discharge_run_on", row["was_smoothed"] and row["draft_label"] == "hold"),
        ("discharge_in_cheap_pays", row["is_cheap"]),
    )
    return next((code for code, holds in rules if holds), "discharge_pays")


def _hold_code(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    limits = ctx.limits
    full = row["soc_end_kwh"] >= limits.ceiling_kwh - _NOTICEABLE_KWH
    empty = row["soc_start_kwh"] <= limits.floor_kwh + _NOTICEABLE_KWH
    cut = row["was_smoothed"] and row["draft_label"] != "hold"
    price: float = row["import_price_per_kwh"]
    kept = worth.value_per_kwh > 0 and (worth.use_price is None or worth.use_price >= price)
    rules = (
        ("hold_no_battery", limits.capacity_kwh == 0),
        ("hold_soc_unknown", not ctx.discharge_allowed),
        ("hold_run_too_short", cut),
        ("hold_curtail", row["curtailed_kwh"] > TINY_KWH),
        ("hold_full", row["export_kwh"] > TINY_KWH and full),
        ("hold_sell_surplus", row["export_kwh"] > TINY_KWH),
        ("hold_empty", empty),
        ("hold_balanced", row["import_kwh"] <= TINY_KWH),
        ("hold_use_does_not_pay", not kept),
        ("hold_cheap_window", row["is_cheap"]),
    )
    return next((code for code, holds in rules if holds), "hold_for_dearer")
