"""What a plan came from, pass by pass, made again from what its run stored."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import iso_utc, local_day
from app.planner.model.context import Context
from app.planner.passes import pipeline
from app.planner.run import Plan, make_plan

_SUMS = {
    "total_pv_kwh": "planned_pv_kwh",
    "total_load_kwh": "planned_load_kwh",
    "total_water_kwh": "water_kwh",
    "total_charge_kwh": "charge_kwh",
    "total_grid_charge_kwh": "grid_charge_kwh",
    "total_discharge_kwh": "discharge_kwh",
    "total_battery_export_kwh": "battery_export_kwh",
    "total_import_kwh": "import_kwh",
    "total_export_kwh": "export_kwh",
    "total_curtailed_kwh": "curtailed_kwh",
    "total_cost": "planned_cost",
}


@dataclass(frozen=True, slots=True)
class PlanDebug:
    """Windows, passes and sums of one plan; ``sample`` are its first slots with every column."""

    windows: list[dict[str, Any]]
    passes: list[dict[str, Any]]
    metrics: dict[str, float]
    water_by_day: dict[str, float]
    s_index: dict[str, float]
    end_value: list[dict[str, float]]
    sample: list[dict[str, Any]]


def debug_of(slots: pl.DataFrame, ctx: Context, *, sample_size: int) -> PlanDebug:
    """Plan again what a run planned with and take the plan apart; it takes as long as planning."""
    plan = make_plan(slots, ctx)
    rows = plan.frame.to_dicts()
    return PlanDebug(
        windows=list(_windows(plan.frame)),
        passes=list(_passes(plan)),
        metrics=_metrics(plan.frame),
        water_by_day=_water(rows, ctx.settings.zone),
        s_index={"value": ctx.safety.value, **ctx.safety.parts},
        end_value=[
            {"value_per_kwh": value, "up_to_kwh": kwh}
            for value, kwh in plan.ctx.end_value
            # The last stair goes on for ever, which JSON cannot say.
            if math.isfinite(kwh) and math.isfinite(value)
        ],
        sample=[{name: _plain(value) for name, value in row.items()} for row in rows[:sample_size]],
    )


def _metrics(frame: pl.DataFrame) -> dict[str, float]:
    sums = {name: float(frame[column].sum()) for name, column in _SUMS.items()}
    prices = frame["import_price_per_kwh"].to_list()
    return sums | {
        "final_soc_percent": float(frame["soc_projected"][-1]),
        "lowest_import_price_per_kwh": min(prices),
        "mean_import_price_per_kwh": fmean(prices),
        "highest_import_price_per_kwh": max(prices),
    }


def _windows(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each window in which buying for later can pay, and what it answers for."""
    for part in frame.filter(pl.col("window_id").is_not_null()).partition_by("window_id"):
        first, last = part.row(0, named=True), part.row(-1, named=True)
        yield {
            "window_id": first["window_id"],
            "start": iso_utc(first["slot_start"]),
            "end": iso_utc(last["slot_end"]),
            "slots": part.height,
            "is_strategic": bool(part["is_strategic"].any()),
            "mean_import_price_per_kwh": fmean(part["import_price_per_kwh"]),
            "need_kwh": first["window_need_kwh"],
            "charge_kwh": first["window_charge_kwh"],
            "cascaded_kwh": first["window_cascaded_kwh"],
            "grid_charge_kwh": float(part["grid_charge_kwh"].sum()),
        }


def _passes(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield each pass with the columns it added: sums of energies, counts of marks."""
    for step in pipeline.PASSES:
        figures: dict[str, float] = {}
        for name, kind in step.ADDS.items():
            column = plan.frame[name]
            if kind == pl.Boolean():
                figures[f"{name}_slots"] = float(column.sum())
            elif name.endswith("_kwh") and not name.endswith("per_kwh"):
                figures[name] = float(column.fill_null(0).fill_nan(0).sum())
        yield {
            "name": step.__name__.rpartition(".")[2],
            "adds": list(step.ADDS),
            "figures": {name: value for name, value in figures.items() if math.isfinite(value)},
        }


def _water(rows: list[dict[str, Any]], zone: ZoneInfo) -> dict[str, float]:
    """Return the heating of each local day, kWh."""
    found: dict[str, float] = {}
    for row in rows:
        day = local_day(row["slot_start"], zone).isoformat()
        found[day] = found.get(day, 0.0) + row["water_kwh"]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
