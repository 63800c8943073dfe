"""Pass 8: the stepped state-of-charge target, the cost and the reason of every slot."""

import json

import polars as pl

from app.core.frames import SCHEDULE, SLOT, SLOT_HOURS, UTC_TIME
from app.planner.explain import why as explain
from app.planner.model import terms as engine_terms
from app.planner.model.battery import UNREACHED_KWH
from app.planner.model.context import Context
from app.planner.model.sequential import Columns, add_columns
from app.planner.passes.consolidation import runs_of
from app.planner.passes.pass7_hysteresis import FLOW_COLUMNS

NEEDS = pl.Schema(
    {
        **engine_terms.NEEDS,
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "classification": pl.String(),
        "manual_action": pl.String(),
        "manual_target_soc_percent": pl.Float64(),
        "export_floor_kwh": pl.Float64(),
        "water_kwh": pl.Float64(),
        "water_for_day": pl.Date(),
        "was_smoothed": pl.Boolean(),
        **dict.fromkeys(FLOW_COLUMNS, pl.Float64()),
    }
)
_JSON = json.JSONEncoder(sort_keys=True)
_SEQUENTIAL = pl.Schema(
    {
        name: SCHEDULE[name]
        for name in (
            "soc_target",
            "marginal_value_per_kwh",
            "reason",
            "reason_params",
            "reason_text",
        )
    }
)
ADDS = pl.Schema(
    {
        name: dtype
        for name, dtype in SCHEDULE.items()
        if name
        not in {"slot_start", "classification", "import_price_per_kwh", "export_price_per_kwh"}
    }
)


def run(lf: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Add every column of the published schedule that is not there yet."""
    limits = ctx.limits
    percent_per_kwh = 100 / limits.capacity_kwh if limits.capacity_kwh > 0 else 0.0
    wear = pl.col("discharge_kwh") / limits.efficiency * limits.wear_per_kwh
    priced = lf.with_columns(
        slot_end=pl.col("slot_start") + SLOT,
        charge_kw=pl.col("charge_kwh") / SLOT_HOURS,
        discharge_kw=pl.col("discharge_kwh") / SLOT_HOURS,
        import_kw=pl.col("import_kwh") / SLOT_HOURS,
        export_kw=pl.col("export_kwh") / SLOT_HOURS,
        curtailed_kw=pl.col("curtailed_kwh") / SLOT_HOURS,
        water_kw=pl.col("water_kwh") / SLOT_HOURS,
        planned_load_kwh=pl.col("cautious_load_kwh"),
        planned_pv_kwh=pl.col("cautious_pv_kwh"),
        planned_cost=pl.col("import_kwh") * pl.col("import_price_per_kwh")
        - pl.col("export_kwh") * pl.col("export_price_per_kwh")
        + wear,
        soc_projected=pl.col("soc_end_kwh") * percent_per_kwh,
        is_manual=pl.col("manual_action").is_not_null(),
    )
    return add_columns(priced, _SEQUENTIAL, lambda df: _targets_and_reasons(df, ctx))


def _targets_and_reasons(df: pl.DataFrame, ctx: Context) -> Columns:
    capacity_kwh = ctx.limits.capacity_kwh
    targets = _targets_kwh(df, ctx)
    reasons = explain.reasons(df, ctx)
    return {
        "soc_target": [100 * kwh / capacity_kwh if capacity_kwh > 0 else 0.0 for kwh in targets],
        "marginal_value_per_kwh": [reason.marginal_value_per_kwh for reason in reasons],
        "reason": [reason.code for reason in reasons],
        "reason_params": [_JSON.encode(reason.params) for reason in reasons],
        "reason_text": [reason.text for reason in reasons],
    }


def _targets_kwh(df: pl.DataFrame, ctx: Context) -> list[float]:
    """Return the stored energy a controller should steer to in every slot.

    Charge: the projected level at the block's end. Hold: the level at slot entry. Discharge and PV
    charge: the minimum. Export: the floor it sells down to. Heating on the grid is a hold, so its
    target is the level at the block's entry unless it charges too; heating from the battery is a
    discharge.
    """
    limits = ctx.limits
    words: list[str] = df["classification"].to_list()
    entry: list[float] = df["soc_start_kwh"].to_list()
    end: list[float] = df["soc_end_kwh"].to_list()
    targets = list(entry)
    for slot, word in enumerate(words):
        if word in {"discharge", "pv_charge"}:
            targets[slot] = limits.floor_kwh
    for word in ("charge", "export"):
        for first, last in runs_of([each == word for each in words]):
            for slot in range(first, last + 1):
                targets[slot] = (
                    end[last] if word == "charge" else _export_floor(df, slot, end[last], ctx)
                )
    return targets


def _export_floor(df: pl.DataFrame, slot: int, block_end_kwh: float, ctx: Context) -> float:
    """Return down to which level a slot sells: the owner's target, or the guard's floor."""
    floor_kwh: float = df["export_floor_kwh"][slot]
    if df["manual_action"][slot] == "export":
        return floor_kwh
    lowest = ctx.limits.floor_kwh
    return max(
        lowest, min(floor_kwh, block_end_kwh) if floor_kwh < UNREACHED_KWH else block_end_kwh
    )
