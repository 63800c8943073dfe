"""Manual actions do what was asked, within the limits, and say so where they cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.errors import InputError
from app.planner.run import Plan
from app.settings import Settings
from tests.made_plans import plan_of, slots

START = datetime(2026, 1, 15, 23, tzinfo=UTC)
NIGHT_AND_DAY = [0.5] * 16 + [2.0] * 32


def sell(first: int, last: int, *, home: dict[str, Any] | None = None, **rules: object) -> Plan:
    settings = Settings.model_validate(
        {"water_heating": {"power_kw": 0}, "manual_planning": rules, **(home or {})}
    )
    frame = slots(
        START, NIGHT_AND_DAY, load_kwh=0.25, manual=dict.fromkeys(range(first, last), "export")
    )
    return plan_of(frame, settings, soc_percent=90)


def test_a_manual_sale_in_a_cheap_window_can_be_left_to_the_hold() -> None:
    assert set(sell(0, 4).schedule["classification"][:4]) == {"export"}
    held = sell(0, 4, override_hold_in_cheap=False)
    assert held.frame["is_cheap"][:4].all()
    assert held.schedule["discharge_kw"][:4].sum() == 0
    assert set(held.schedule["reason"][:4]) == {"manual_export_not_possible"}
    assert any("manual_export_not_possible" in warning for warning in held.warnings)


def test_a_manual_sale_can_be_told_to_keep_the_protective_reserve() -> None:
    fixed = {"arbitrage": {"protective_soc_strategy": "fixed", "fixed_protective_soc_percent": 60}}
    assert sell(20, 30, home=fixed).schedule["soc_projected"][29] == pytest.approx(35)
    guarded = sell(20, 30, home=fixed, ignore_protective_guard=False)
    assert guarded.schedule["soc_projected"][29] == pytest.approx(60)
    assert guarded.schedule["soc_target"][20] == pytest.approx(60)


def test_a_manual_sale_serves_the_house_first_unless_told_not_to() -> None:
    assert sell(0, 4).schedule["import_kw"][:4].sum() == 0
    strict = sell(0, 4, force_discharge_on_deficit=False)
    # At night the house is not worth serving, and past a house that buys nothing can be sold.
    assert strict.schedule["discharge_kw"][:4].sum() == 0
    assert strict.schedule["import_kw"][:4].sum() == pytest.approx(4.0)


def test_a_manual_sale_at_a_negative_price_sells_instead_of_throwing_away() -> None:
    frame = slots(
        START,
        [1.0] * 24,
        pv_kwh=0.4,
        export_prices=[-0.5] * 24,
        manual=dict.fromkeys(range(4), "export"),
    )
    dry = Settings.model_validate({"water_heating": {"power_kw": 0}})
    plan = plan_of(frame, dry, soc_percent=90)
    first = plan.schedule.row(0, named=True)
    assert first["export_kw"] == pytest.approx(first["discharge_kw"])
    assert first["curtailed_kw"] == pytest.approx((0.4 - 0.25) * 4)
    assert first["reason_text"].startswith("Selling 5.0 kW at -0.50")


def test_a_manual_charge_of_a_full_battery_does_not_claim_to_charge() -> None:
    frame = slots(START, [1.0] * 24, manual=dict.fromkeys(range(4), "charge"))
    plan = plan_of(frame, soc_percent=95)
    assert set(plan.schedule["reason"][:4]) == {"manual_charge_not_possible"}
    assert "95 %" in plan.schedule["reason_text"][0]
    assert any("manual_charge_not_possible" in warning for warning in plan.warnings)


def test_manual_water_without_a_heater_is_not_dropped_silently() -> None:
    frame = slots(START, [1.0] * 24, manual=dict.fromkeys(range(4), "water"))
    plan = plan_of(frame, Settings.model_validate({"water_heating": {"power_kw": 0}}))
    assert any("manual_water_not_possible" in warning for warning in plan.warnings)


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
def test_a_manual_action_keeps_to_the_power_asked_for(engine: str) -> None:
    dry = Settings.model_validate({"water_heating": {"power_kw": 0}, "planner": {"engine": engine}})
    for action, column in (("charge", "import_kw"), ("export", "export_kw")):
        frame = slots(
            START,
            [1.0] * 24,
            load_kwh=0.0,
            manual=dict.fromkeys(range(6), action),
            manual_power_kw=1.5,
        )
        plan = plan_of(frame, dry, soc_percent=60)
        assert plan.schedule[column][:6].to_list() == pytest.approx([1.5] * 6)
        assert not plan.warnings


@pytest.mark.parametrize("power", [0.0, -1.0, float("nan"), float("inf")])
def test_a_manual_power_must_be_one(power: float) -> None:
    frame = slots(START, [1.0] * 8, manual={0: "charge"}, manual_power_kw=power)
    with pytest.raises(InputError, match="manual_power_kw"):
        plan_of(frame)


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
@pytest.mark.parametrize(("first", "last"), [(0, 4), (1, 5), (2, 3), (6, 12)])
def test_an_hour_of_heat_asked_for_while_the_heater_runs_is_not_counted_twice(
    engine: str, first: int, last: int
) -> None:
    """Two hours of heat are on, the button adds four slots in their midst: the day gets its all."""
    settings = Settings.model_validate({"planner": {"engine": engine}})
    frame = slots(START, [2.0] * 8 + [1.0] * 85, manual=dict.fromkeys(range(first, last), "water"))
    plan = plan_of(
        frame,
        settings,
        water_used_today_kwh=0.4,
        running_water_until=START + timedelta(hours=2),
        running_classification="hold",
    )
    heats = (plan.schedule["water_kw"] > 0).to_list()
    assert all(heats[first:last])
    assert heats[0], "the block in progress goes on"
    assert not [warning for warning in plan.warnings if "water_short" in warning]
    assert sum(heats) * 0.75 == pytest.approx(6.0)


def test_a_block_goes_on_through_the_slots_that_heat_by_hand() -> None:
    """One block a day: what follows the hour asked for is the block before it, not a second one."""
    settings = Settings.model_validate({"water_heating": {"max_blocks_per_day": 1}})
    frame = slots(START, [1.0] * 93, manual=dict.fromkeys(range(1, 5), "water"))
    plan = plan_of(frame, settings, running_water_until=START + timedelta(minutes=15))
    assert (plan.schedule["water_kw"] > 0).to_list()[:9] == [True] * 8 + [False]
