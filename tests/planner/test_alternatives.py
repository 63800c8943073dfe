"""What else a slot could have done, and the rule behind every reason code."""

import math
from datetime import UTC, datetime

import pytest

from app.planner.explain.alternatives import alternatives
from app.planner.explain.reason_rules import RULES
from app.planner.model.limits import limits_of
from app.settings import Settings
from app.wording.reason_texts import TEXTS
from tests.made_plans import plan_of, slots

EFFICIENCY, WEAR = math.sqrt(0.81), 0.2
LIMITS = limits_of(
    Settings.model_validate(
        {"battery": {"roundtrip_efficiency_percent": 81, "wear_cost_per_kwh": WEAR}}
    )
)


def test_every_reason_has_a_rule() -> None:
    assert RULES.keys() == TEXTS.keys() - {"water"}


def test_the_gains_are_money_per_stored_kwh() -> None:
    found = alternatives(import_price=0.9, export_price=0.45, value_per_kwh=1.2, limits=LIMITS)
    assert {each.action: each.gain_per_kwh for each in found} == pytest.approx(
        {
            "charge": 1.2 - 0.9 / 0.9,
            "pv_charge": 1.2 - 0.45 / 0.9,
            "discharge": 0.9 * 0.9 - WEAR - 1.2,
            "export": 0.45 * 0.9 - WEAR - 1.2,
            "hold": 0,
        }
    )
    assert [each.action for each in found][:2] == ["pv_charge", "charge"]


def test_sun_that_would_cost_to_sell_costs_nothing_to_store() -> None:
    free = alternatives(import_price=1, export_price=-0.3, value_per_kwh=0.5, limits=LIMITS)
    assert free[0].action == "pv_charge"
    assert free[0].gain_per_kwh == pytest.approx(0.5)


def test_what_the_plan_does_is_never_worse_than_leaving_the_battery_alone() -> None:
    """Without margins and smoothing the action taken is the one the value of energy asks for."""
    prices = [0.5] * 16 + [1.2] * 24 + [2.4] * 16 + [0.7] * 24 + [2.0] * 16
    home = {
        "water_heating": {"power_kw": 0},
        "smoothing": {"min_on_slots_charge": 0, "min_on_slots_discharge": 0},
        "decision_thresholds": {"battery_use_margin_per_kwh": 0},
        "charging": {"block_consolidation_tolerance_per_kwh": 0},
    }
    frame = slots(datetime(2026, 1, 15, 23, tzinfo=UTC), prices)
    plan = plan_of(frame, Settings.model_validate(home))
    acts = 0
    for row in plan.schedule.iter_rows(named=True):
        gains = alternatives(
            import_price=row["import_price_per_kwh"],
            export_price=row["export_price_per_kwh"],
            value_per_kwh=row["marginal_value_per_kwh"],
            limits=plan.ctx.limits,
        )
        gain = {each.action: each.gain_per_kwh for each in gains}[row["classification"]]
        assert gain >= -1e-6, row
        acts += row["classification"] != "hold"
    assert acts > 20
