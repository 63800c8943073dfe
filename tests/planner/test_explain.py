"""No sentence contradicts the slot it stands beside, nor the plan it is part of."""

import os
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from app.planner.model.context import Context
from app.planner.run import Plan, make_plan
from tests.planner.homes import homes
from tests.planner.said import Read, Told, read, wrong_figures

NEAR, TINY_KWH = 1e-3, 2e-6
EXAMPLES = int(os.environ.get("DARKSTAR_FUZZ_EXAMPLES", "120"))


def lies(plan: Plan) -> list[str]:
    """Return what the reasons of a plan claim and its numbers deny."""
    rows = plan.frame.to_dicts()
    found = []
    for index, row in enumerate(rows):
        told = Told(rows, index, plan.ctx)
        sentences = read(row["reason_text"])
        assert (len(sentences) == 2) == (row["water_kwh"] > 0), row["reason_text"]
        wrong = [f for each in sentences for f in wrong_figures(each, [told])]
        wrong += _false_claims(told)
        wrong += _false_prospect(sentences[0], told)
        wrong += _false_cause(sentences[0], told)
        wrong += _false_heat(sentences[-1], told) if row["water_kwh"] > 0 else []
        found += [f"{row['reason']}: {row['reason_text']} -- {each}" for each in wrong]
    return found


def _false_claims(told: Told) -> list[str]:
    """Hold the rule of a slot against what flows in it."""
    row, ctx, limits = told.row, told.ctx, told.ctx.limits
    eff, wear = limits.efficiency, limits.wear_per_kwh
    price, sale = row["import_price_per_kwh"], row["export_price_per_kwh"]
    value, now = row["marginal_value_per_kwh"], price * eff - wear
    margins = ctx.settings.decision_thresholds
    house = row["cautious_load_kwh"] > row["cautious_pv_kwh"]
    margin = eff * max(
        margins.battery_use_margin_per_kwh, 0 if house else margins.battery_water_margin_per_kwh
    )
    word, start, end = row["classification"], row["soc_start_kwh"], row["soc_end_kwh"]
    house_kwh = row["cautious_load_kwh"] + row["water_kwh"] - row["cautious_pv_kwh"]
    sold_surplus = row["export_kwh"] - row["battery_export_kwh"] > 0
    claims = {
        "charge_for_later_use": word == "charge",
        "charge_paid_for": word == "charge" and price < 0,
        "charge_to_minimum": word == "charge" and start < limits.floor_kwh,
        "charge_run_on": word == "charge" and row["was_smoothed"],
        "charge_strategic": word == "charge"
        and price < ctx.settings.strategic_charging.price_threshold_per_kwh
        and _sun_falls_short(told),
        "charge_for_reserve": word == "charge",
        "discharge_pays": word == "discharge" and now >= value - NEAR,
        "discharge_before_sale": word == "discharge" and row["export_price_per_kwh"] > price,
        "discharge_in_cheap_pays": word == "discharge" and row["is_cheap"] and now >= value - NEAR,
        "discharge_for_fuse": word == "discharge" and house_kwh > limits.import_kwh - TINY_KWH,
        "discharge_run_on": word == "discharge" and row["was_smoothed"],
        "export_beats_later_use": word == "export" and sale * eff - wear >= value - NEAR,
        "pv_store_for_later": word == "pv_charge",
        "hold_no_battery": limits.capacity_kwh == 0,
        "hold_soc_unknown": not ctx.discharge_allowed and row["discharge_kwh"] == 0,
        "hold_run_too_short": row["was_smoothed"],
        "hold_curtail": row["curtailed_kwh"] > 0
        and (sale < 0 or row["export_kwh"] >= limits.export_kwh - TINY_KWH),
        "hold_full": sold_surplus and end >= limits.ceiling_kwh - TINY_KWH,
        "hold_sell_surplus": sold_surplus and sale / eff >= value - NEAR,
        "hold_empty": start <= limits.floor_kwh + TINY_KWH,
        "hold_balanced": row["import_kwh"] <= TINY_KWH and house_kwh <= TINY_KWH,
        "hold_use_does_not_pay": now - margin <= max(value, 0.0) + NEAR,
        "hold_cheap_window": row["is_cheap"],
        "hold_by_rule": ctx.safety.value < 1,
        "hold_for_dearer": "a stored kWh" not in row["reason_text"],
        "manual_charge": word == "charge",
        "manual_hold": row["grid_charge_kwh"] <= TINY_KWH and row["discharge_kwh"] == 0,
        "manual_export": row["battery_export_kwh"] > 0,
        "manual_charge_not_possible": row["grid_charge_kwh"] <= TINY_KWH,
        "manual_export_not_possible": row["battery_export_kwh"] <= TINY_KWH,
    }
    asked = row["manual_action"]
    wrong = [] if claims[row["reason"]] else ["the rule does not hold"]
    if row["reason"].startswith("manual_") and not row["reason"].startswith(f"manual_{asked}"):
        wrong.append(f"you asked for {asked}")
    if word == "hold" and (row["charge_kwh"] > TINY_KWH or row["discharge_kwh"] > TINY_KWH):
        wrong.append("holds and moves energy")
    return wrong


def _sun_falls_short(told: Told) -> bool:
    """Say whether from this slot on the sun that may be counted on gives less than is used."""
    ahead = told.rows[told.index :]
    return bool(sum(each["cautious_load_kwh"] - each["cautious_pv_kwh"] for each in ahead) > 0)


def _false_prospect(sentence: Read, told: Told) -> list[str]:
    """Hold what the energy is said to be for against what the plan does then."""
    figures, row, limits = sentence.figures, told.row, told.ctx.limits
    later = figures.get("later", "")
    floor_kwh = limits.floor_kwh + 5e-7
    if "left_value" in figures:
        lowest = min(each["soc_end_kwh"] for each in told.rows[told.index :])
        return [] if lowest > floor_kwh else ["the battery is emptied before the end"]
    if "at" not in figures:
        return []
    slot = told.slot_at(figures["at"])
    if slot is None:
        return [f"no slot ahead at {figures['at']}"]
    between = [row, *told.until(slot["slot_start"])]
    wrong = []
    if min(each["soc_end_kwh"] for each in between) <= floor_kwh:
        wrong.append("the battery is empty before that")
    does = slot["classification"]
    if later.startswith("it replaces") and does != "discharge":
        wrong.append(f"the plan does {does} then")
    if later.startswith("it is sold") and does != "export":
        wrong.append(f"the plan does {does} then")
    if later.startswith("buying") and does != "charge":
        wrong.append(f"the plan does {does} then")
    price = slot["export_price_per_kwh" if does == "export" else "import_price_per_kwh"]
    if row["classification"] == "hold" and price < row["import_price_per_kwh"] - NEAR:
        wrong.append(f"that is worth {price} only")
    if "gain" in figures and float(figures["gain"]) < 0:
        wrong.append("no gain")
    return wrong


def _false_cause(sentence: Read, told: Told) -> list[str]:
    """Hold what keeps a manual action from being done against the slot's limits."""
    row, limits, cause = told.row, told.ctx.limits, sentence.figures.get("because", "")
    own = told.ctx.settings.manual_planning
    target_kwh = limits.capacity_kwh * float(sentence.figures.get("target_percent", 0)) / 100
    slack_kwh = 0.006 * limits.capacity_kwh
    holds = {
        "": True,
        "the battery is at or above": row["soc_end_kwh"] >= target_kwh - slack_kwh,
        "the battery is at or below": row["soc_end_kwh"] <= target_kwh + slack_kwh,
        "the sun gives all": row["charge_kwh"] >= limits.charge_kwh - TINY_KWH,
        "the house takes all": row["discharge_kwh"] >= limits.discharge_kwh - TINY_KWH,
        "the main fuse": row["import_kwh"] >= limits.import_kwh - TINY_KWH,
        "the charge level is unknown": not told.ctx.discharge_allowed,
        "energy is held while": row["is_cheap"] and not own.override_hold_in_cheap,
        "the feed-in limit": row["export_kwh"] >= limits.export_kwh - TINY_KWH,
        "a limit": True,
    }
    return [] if next(v for k, v in reversed(holds.items()) if cause.startswith(k)) else [cause]


def _false_heat(sentence: Read, told: Told) -> list[str]:
    """Hold what is said to heat against the flows: energy in must be there."""
    row, source = told.row, sentence.figures["source"]
    there = {
        "grid": row["import_kwh"] > 1e-9,
        "battery": row["discharge_kwh"] - row["battery_export_kwh"] > 1e-9,
        "sun": row["pv_kwh"] > 0 and row["cautious_pv_kwh"] > 0,
    }
    wrong = [f"no {name}" for name, flows in there.items() if name in source and not flows]
    only_grid = row["cautious_pv_kwh"] <= row["cautious_load_kwh"] and row["discharge_kwh"] == 0
    return [*wrong, *(["only the grid heats"] if only_grid and source != "the grid" else [])]


def with_engine(ctx: Context, engine: str) -> Context:
    planner = ctx.settings.planner.model_copy(update={"engine": engine})
    return replace(ctx, settings=ctx.settings.model_copy(update={"planner": planner}))


@pytest.mark.timeout(0 if EXAMPLES > 2000 else 900)
@pytest.mark.parametrize("engine", ["optimal", "cascade"])
@settings(
    max_examples=EXAMPLES // 6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(drawn=homes())
def test_every_reason_obeys_its_plan(engine: str, drawn: tuple[pl.DataFrame, Context]) -> None:
    """Times exist and lie ahead, prices are that slot's, the named use happens."""
    frame, ctx = drawn
    assert lies(make_plan(frame, with_engine(ctx, engine))) == []
