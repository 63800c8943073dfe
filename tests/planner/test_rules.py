"""Every rule the owner can set changes the plan the way its name says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.planner.engine.water_blocks import cheapest_blocks
from app.planner.model.context import Context, HomeState
from app.planner.passes.consolidation import Offer, consolidate
from app.planner.run import make_plan
from app.settings import Settings
from tests.made_plans import plan_of, slots

START = datetime(2026, 1, 15, 23, tzinfo=UTC)
DRY: dict[str, Any] = {"water_heating": {"power_kw": 0}}


def test_the_future_price_guard_asks_a_sale_to_beat_later_uses_by_its_buffer() -> None:
    prices = [1.6] * 40 + [0.3] * 8
    sales = [1.0] * 16 + [1.5] * 4 + [1.0] * 28

    def sold(**rules: object) -> float:
        home = {**DRY, "arbitrage": {"protective_soc_strategy": "fixed", **rules}}
        frame = slots(START, prices, load_kwh=0.05, export_prices=sales)
        plan = plan_of(frame, Settings.model_validate(home), soc_percent=90)
        return float(plan.schedule["export_kw"][16:20].sum())

    buffer = {"future_price_guard_buffer_per_kwh": 1.0}
    assert sold() > 10
    assert sold(**buffer) == 0
    assert sold(**buffer, export_future_price_guard=False) == sold()


@pytest.mark.parametrize(
    ("max_gap_slots", "block"), [(0, [1.0, 0, 0, 1.0, 1.0]), (1, [1.0, 1.0, 0, 1.0, 0])]
)
def test_a_block_may_reach_over_as_many_closed_slots_as_allowed(
    max_gap_slots: int, block: list[float]
) -> None:
    offer = Offer(prices=[1.00, 1.01, 1.0, 1.01, 1.00], most_kwh=[1.0, 1.0, 0.0, 1.0, 1.0])
    assert (
        consolidate(
            [1.0, 0.0, 0.0, 1.0, 1.0],
            offer,
            tolerance_per_kwh=0.05,
            max_gap_slots=max_gap_slots,
            starts_running=False,
        )
        == block
    )


def test_a_heater_that_stops_has_spent_the_block_it_was_in() -> None:
    costs = [5.0, 1.0, 1.0]
    chosen = cheapest_blocks(
        costs, slots_needed=2, slots_at_most=2, max_blocks=1, first_is_running=True
    )
    assert chosen == [0, 1]
    chosen = cheapest_blocks(
        costs, slots_needed=2, slots_at_most=2, max_blocks=2, first_is_running=True
    )
    assert chosen == [1, 2]


def test_a_strategic_window_leaves_to_the_sun_what_the_sun_will_fill() -> None:
    prices = [0.8] * 4 + [0.3] * 8 + [1.2] * 36
    sun = [0.0] * 4 + [1.0] * 8 + [0.0] * 36
    rules = {"charging": {"charge_threshold_percentile": 25, "cheap_price_tolerance_per_kwh": 0.6}}
    settings = Settings.model_validate(
        {**DRY, **rules, "arbitrage": {"enable_export": False}, "decision_thresholds": {}}
    )
    frame = slots(START, prices, pv_kwh=sun, load_kwh=[0.1] * 12 + [0.6] * 36)
    plan = plan_of(frame, settings, soc_percent=15)
    assert plan.frame["is_strategic"][:12].all()
    assert plan.schedule["charge_kw"][:4].sum() == 0
    assert plan.schedule["soc_projected"][11] == pytest.approx(95)


def test_what_is_stored_above_the_maximum_is_not_given_away() -> None:
    settings = Settings.model_validate(DRY)
    frame = slots(START, [1.0] * 24 + [3.0] * 72, load_kwh=0.2)
    plan = make_plan(frame, Context(settings=settings, home=HomeState(soc_percent=100)))
    assert plan.schedule["discharge_kw"][:24].sum() == 0
    assert plan.schedule["soc_projected"][23] == pytest.approx(100)


def test_a_water_block_inside_a_charge_block_does_not_lower_its_target() -> None:
    prices = [2.0] * 4 + [0.5] * 12 + [3.0] * 32
    plan = plan_of(slots(START, prices, load_kwh=0.3), soc_percent=20)
    both = plan.frame.filter(
        (plan.frame["water_kwh"] > 0) & (plan.frame["classification"] == "charge")
    )
    assert both.height
    charging = plan.frame.filter(plan.frame["classification"] == "charge")
    assert charging["soc_target"].n_unique() == 1
    assert charging["soc_target"][0] == pytest.approx(charging["soc_projected"].max())


def test_heating_on_the_grid_after_charging_holds_what_was_charged() -> None:
    prices = [2.0] * 4 + [0.5] * 12 + [3.0] * 32
    plan = plan_of(slots(START, prices, load_kwh=0.3), soc_percent=80)
    before = plan.frame["soc_start_kwh"] * 10
    held = plan.frame["classification"] == "hold"
    assert (held & (plan.frame["water_kwh"] > 0)).any()
    assert (plan.frame["soc_target"] - before).abs().filter(held).max() == pytest.approx(0)
