"""Which rule decided a slot: a stable code from what the slot does and what its energy is worth."""

from typing import Any, Literal, NamedTuple

from app.planner.explain.kept_for import NOTICEABLE_KWH, Purpose
from app.planner.model import manual
from app.planner.model.battery import TINY_KWH
from app.planner.model.context import Context

Obstacle = Literal["target", "soc_unknown", "power", "fuse", "feed_in", "cheap", "rule"]
"""What keeps a manual action from being done."""
_SAME_VALUE = 1e-9


class Worth(NamedTuple):
    """What the kWh in question is worth later, and what it is for.

    ``gain_per_kwh`` is what the purpose earns beyond buying in this slot; None without one.
    """

    value_per_kwh: float
    purpose: Purpose | None = None
    gain_per_kwh: float | None = None


def code_of(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    """Name the rule that decided."""
    word: str = row["classification"]
    action: str | None = row["manual_action"]
    if ctx.limits.capacity_kwh == 0:
        return "hold_no_battery"
    if action in manual.BATTERY_ACTIONS:
        return _manual_code(action, word)
    deciders = {"charge": _charge_code, "discharge": _discharge_code, "hold": _hold_code}
    if word in deciders:
        return deciders[word](row, worth, ctx)
    return "export_beats_later_use" if word == "export" else "pv_store_for_later"


def obstacle(row: dict[str, Any], target_kwh: float, ctx: Context) -> Obstacle:
    """Say what keeps a manual charge or sale from being done; ``target_kwh`` is where it ends."""
    limits, charges = ctx.limits, row["manual_action"] == "charge"
    reached_kwh = row["soc_end_kwh"] if charges else -row["soc_end_kwh"]
    power_kwh, most_kwh = (
        (row["charge_kwh"], limits.charge_kwh)
        if charges
        else (row["discharge_kwh"], limits.discharge_kwh)
    )
    held = row["is_cheap"] and not ctx.settings.manual_planning.override_hold_in_cheap
    causes: tuple[tuple[Obstacle, bool], ...] = (
        ("soc_unknown", not charges and not ctx.discharge_allowed),
        ("target", reached_kwh >= (target_kwh if charges else -target_kwh) - NOTICEABLE_KWH),
        ("power", power_kwh >= most_kwh - NOTICEABLE_KWH),
        ("fuse", charges and row["import_kwh"] >= limits.import_kwh - NOTICEABLE_KWH),
        ("cheap", not charges and held),
        ("feed_in", not charges and row["export_kwh"] >= limits.export_kwh - NOTICEABLE_KWH),
    )
    return next((cause for cause, holds in causes if holds), "rule")


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
        ("charge_to_minimum", row["soc_start_kwh"] < limits.floor_kwh - NOTICEABLE_KWH),
        ("charge_run_on", row["was_smoothed"] and row["draft_label"] != "charge"),
        ("charge_for_later_use", pays),
        ("charge_strategic", row["is_strategic"]),
    )
    return next((code for code, holds in rules if holds), "charge_for_reserve")


def _discharge_code(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    # What is given away for less than it is worth is given because a rest would be too short.
    gives_away = row["house_value_per_kwh"] < worth.value_per_kwh - _SAME_VALUE
    smoothed = row["was_smoothed"] and (row["draft_label"] == "hold" or gives_away)
    sells_dear = row["export_price_per_kwh"] > row["import_price_per_kwh"]
    rules = (
        (
            "discharge_for_fuse",
            row["import_kwh"] >= ctx.limits.import_kwh - NOTICEABLE_KWH,
        ),
        ("discharge_run_on", smoothed),
        ("discharge_before_sale", gives_away and sells_dear),
        ("discharge_in_cheap_pays", row["is_cheap"]),
    )
    return next((code for code, holds in rules if holds), "discharge_pays")


def _hold_code(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    limits = ctx.limits
    full = row["soc_end_kwh"] >= limits.ceiling_kwh - NOTICEABLE_KWH
    empty = row["soc_start_kwh"] <= limits.floor_kwh + NOTICEABLE_KWH
    cut = row["was_smoothed"] and row["draft_label"] != "hold"
    # Heat is served after the house, and worth less by its own margin.
    serves_house = row["cautious_load_kwh"] > row["cautious_pv_kwh"]
    use_value = row["house_value_per_kwh" if serves_house else "water_value_per_kwh"]
    pays = use_value > max(worth.value_per_kwh, 0.0) + _SAME_VALUE
    known = worth.purpose is not None
    rules = (
        ("hold_soc_unknown", not ctx.discharge_allowed),
        ("hold_run_too_short", cut),
        ("hold_curtail", row["curtailed_kwh"] > TINY_KWH),
        ("hold_full", row["export_kwh"] > TINY_KWH and full),
        ("hold_sell_surplus", row["export_kwh"] > TINY_KWH),
        ("hold_empty", empty),
        ("hold_balanced", row["import_kwh"] <= TINY_KWH),
        ("hold_use_does_not_pay", not known and not pays),
        ("hold_run_too_short", not known and row["was_smoothed"]),
        ("hold_cheap_window", row["is_cheap"]),
        ("hold_for_dearer", known),
    )
    return next((code for code, holds in rules if holds), "hold_by_rule")
