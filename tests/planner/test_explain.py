"""No sentence contradicts the slot it stands beside."""

import json
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings

from app.planner.context import Context
from app.planner.limits import Limits
from app.planner.run import make_plan
from tests.planner.homes import homes

NEAR = 1e-3


def lies(row: dict[str, Any], limits: Limits) -> list[str]:
    """Return what the reason of a slot claims and its numbers deny."""
    code, said = row["reason"], json.loads(row["reason_params"])
    claims = {
        "charge_for_later_use": said.get("gain", 0) > 0,
        "charge_paid_for": row["import_price_per_kwh"] < 0,
        "charge_to_minimum": row["soc_start_kwh"] < limits.floor_kwh,
        "discharge_pays": said["value_now"] >= said["value"] - NEAR,
        "discharge_in_cheap_pays": row["is_cheap"] and said["value_now"] >= said["value"] - NEAR,
        "discharge_for_fuse": row["import_kwh"] >= limits.import_kwh - NEAR,
        "export_beats_later_use": row["export_price_per_kwh"] * limits.efficiency
        - limits.wear_per_kwh
        >= said["value"] - NEAR,
        "hold_run_too_short": row["was_smoothed"] and row["draft_label"] != "hold",
        "hold_empty": row["soc_start_kwh"] <= limits.floor_kwh + NEAR,
        "hold_full": row["soc_end_kwh"] >= limits.ceiling_kwh - NEAR,
        "hold_balanced": row["import_kwh"] <= NEAR,
        "hold_cheap_window": said.get("use_price", 99) >= row["import_price_per_kwh"] - NEAR,
        "hold_for_dearer": said.get("use_price", 99) >= row["import_price_per_kwh"] - NEAR,
        "manual_charge": row["grid_charge_kwh"] > 0,
        "manual_export": row["battery_export_kwh"] > 0,
    }
    return [] if claims.get(code, True) else [row["reason_text"]]


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(homes())
def test_every_reason_is_true_of_its_slot(drawn: tuple[pl.DataFrame, Context]) -> None:
    frame, ctx = drawn
    limits = ctx.limits
    plan = make_plan(frame, ctx)
    for row in plan.frame.iter_rows(named=True):
        assert lies(row, limits) == []
        assert "nan" not in row["reason_text"]
        assert "{" not in row["reason_text"]
