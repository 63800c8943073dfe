"""Faults of the original planner that must not come back, one test each, with either engine."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from app.planner.model.context import Context, HomeState, SafetyFactor
from app.planner.passes.consolidation import Offer, consolidate
from app.planner.run import Plan, make_plan
from app.settings import Settings
from tests import made_plans as plans
from tests.made_plans import plan_of, slots

START = datetime(2026, 1, 15, 23, tzinfo=UTC)  # local midnight in Stockholm
PLAIN = Settings.model_validate(
    {
        "water_heating": {"power_kw": 0},
        "strategic_charging": {"price_threshold_per_kwh": -100},
        "s_index": {"static_factor": 1},
        "arbitrage": {"enable_export": False},
    }
)
# A cheap night, a dear morning, a middling noon, the dearest evening.
NIGHT, MORNING, NOON, EVENING = [0.5] * 24, [2.0] * 16, [1.2] * 28, [3.0] * 28
DAY = NIGHT + MORNING + NOON + EVENING


@pytest.fixture(autouse=True, params=["optimal", "cascade"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Neither engine may bring a fault back."""
    monkeypatch.setattr(plans, "ENGINE", request.param)
    return str(request.param)


def kwh(plan: Plan, column: str, first: int, last: int) -> float:
    return float(plan.schedule[column][first:last].sum()) / 4


def test_a_window_charges_for_the_gap_after_it_not_for_its_own_load() -> None:
    only_night = plan_of(slots(START, DAY, load_kwh=[1.0] * 24 + [0.0] * 72), PLAIN, soc_percent=15)
    assert kwh(only_night, "charge_kw", 0, 96) == 0
    only_evening = plan_of(
        slots(START, DAY, load_kwh=[0.0] * 68 + [0.2] * 28), PLAIN, soc_percent=15
    )
    assert kwh(only_evening, "charge_kw", 0, 24) == pytest.approx(5.6 / 0.95, rel=0.01)


def test_the_battery_goes_to_the_dearest_slots_not_to_the_first() -> None:
    prices = [1.5] * 16 + [3.0] * 16 + [1.4] * 16
    plan = plan_of(slots(START, prices, load_kwh=0.5), PLAIN, soc_percent=60)
    assert kwh(plan, "discharge_kw", 16, 32) >= 4.5 * 0.974679 - 1e-6
    assert kwh(plan, "discharge_kw", 0, 16) == 0


def test_the_charge_target_does_not_shrink_at_every_replan() -> None:
    frame = slots(START, DAY, load_kwh=0.4)
    soc, targets = 15.0, []
    for step in range(12):
        plan = plan_of(
            frame.slice(step),
            PLAIN,
            soc_percent=soc,
            running_classification="charge" if step else None,
        )
        charging = plan.schedule.filter(pl.col("classification") == "charge")
        targets.append(charging["soc_target"].max() if charging.height else soc)
        soc = plan.schedule["soc_projected"][0]
    assert min(targets) == pytest.approx(max(targets), abs=0.01)


def test_need_that_cascades_never_exceeds_the_battery() -> None:
    two_days = (NIGHT + [2.0] * 72) * 2
    plan = plan_of(slots(START, two_days, load_kwh=1.0), PLAIN, soc_percent=15)
    band_kwh = PLAIN.battery.capacity_kwh * 0.8
    assert plan.frame["window_need_kwh"].max() <= band_kwh + 1e-9
    assert plan.schedule["soc_projected"].max() <= 95 + 1e-9


def test_a_flat_day_has_no_cheap_window() -> None:
    plan = plan_of(slots(START, [1.0] * 96, load_kwh=0.5), PLAIN)
    assert not plan.frame["is_cheap"].any()
    assert kwh(plan, "import_kw", 0, 96) < 48


def test_slots_already_past_do_not_shape_the_percentiles() -> None:
    afternoon = slots(START + timedelta(hours=6), DAY[24:], load_kwh=0.5)
    plan = plan_of(afternoon, PLAIN, soc_percent=15)
    cheap = plan.frame.filter("is_cheap")
    assert cheap.height
    assert set(cheap["import_price_per_kwh"]) == {1.2}


def test_the_slot_in_progress_is_planned_like_any_other() -> None:
    plan = plan_of(slots(START, DAY, load_kwh=0.4), PLAIN, soc_percent=15)
    first = plan.schedule.row(0, named=True)
    assert first["classification"] == "charge"
    assert first["soc_target"] > 15


def test_surplus_is_stored_when_the_grid_charges_too() -> None:
    sun = [0.3] * 24 + [0.0] * 72
    plan = plan_of(slots(START, DAY, load_kwh=0.1, pv_kwh=sun), PLAIN, soc_percent=15)
    for slot in plan.schedule.filter(pl.col("classification") == "charge").iter_rows(named=True):
        assert slot["export_kw"] == 0
        assert slot["charge_kw"] == pytest.approx(slot["import_kw"] + 0.8)


def test_storing_sun_keeps_to_the_power_limits() -> None:
    sun = [3.0] * 4 + [0.0] * 92
    plan = plan_of(slots(START, [1.0] * 96, load_kwh=0.1, pv_kwh=sun), PLAIN, soc_percent=15)
    assert plan.schedule["charge_kw"][:4].to_list() == pytest.approx([5.0] * 4)


def test_a_charge_level_below_the_minimum_is_not_lifted_for_free() -> None:
    plan = plan_of(slots(START, [2.0] * 96, load_kwh=0.3), PLAIN, soc_percent=5)
    level = 5.0
    for slot in plan.schedule.iter_rows(named=True):
        if level < 15:
            assert slot["discharge_kw"] == 0
        rise = slot["charge_kw"] / 4 * 0.974679 * 10
        fall = slot["discharge_kw"] / 4 / 0.974679 * 10
        assert slot["soc_projected"] == pytest.approx(level + rise - fall, abs=1e-4)
        level = slot["soc_projected"]


def test_no_slot_heats_for_two_days_and_both_days_are_served() -> None:
    # Today may wait past midnight for the very slots that are tomorrow's cheapest.
    prices = [2.0] * 96 + [0.5] * 8 + [2.0] * 88
    plan = plan_of(slots(START, prices, load_kwh=0.2))
    served = (
        plan.frame.filter(pl.col("water_kwh") > 0)
        .group_by("water_for_day")
        .agg(pl.col("water_kwh").sum())
    )
    assert sorted(served["water_kwh"]) == [6.0, 6.0]


def test_export_can_happen_with_default_settings() -> None:
    prices = [0.3] * 40 + [6.0] * 8 + [0.9] * 48
    plan = plan_of(slots(START, prices, load_kwh=0.1, export_prices=[p - 0.2 for p in prices]))
    assert kwh(plan, "export_kw", 40, 48) > 2
    assert "export" in set(plan.schedule["classification"][40:48])


def test_smoothing_changes_flows_and_labels_together() -> None:
    prices = [1.0] * 20 + [4.0] + [1.0] * 75
    settings = PLAIN.model_copy(
        update={"smoothing": PLAIN.smoothing.model_copy(update={"min_on_slots_discharge": 4})}
    )
    sharp = plan_of(slots(START, prices, load_kwh=0.4), settings, soc_percent=18)
    runs = sharp.schedule.with_columns(
        run=(pl.col("classification") != pl.col("classification").shift(1))
        .fill_null(value=True)
        .cum_sum()
    )
    lengths = runs.filter(pl.col("classification") == "discharge").group_by("run").len()
    assert all(length >= 4 for length in lengths["len"])
    for slot in sharp.schedule.iter_rows(named=True):
        assert (slot["classification"] == "discharge") == (slot["discharge_kw"] > 0)


def test_manual_hold_neither_discharges_nor_exports() -> None:
    manual = dict.fromkeys(range(68, 84), "hold")
    frame = slots(START, DAY, load_kwh=0.6, export_prices=DAY, manual=manual)
    sells = PLAIN.model_copy(update={"arbitrage": Settings().arbitrage})
    plan = plan_of(frame, sells, soc_percent=90)
    assert plan.frame["may_export_battery"][68:84].all()
    held = plan.schedule[68:84]
    assert held["discharge_kw"].sum() == 0
    assert held["export_kw"].sum() == 0
    assert set(held["reason"]) == {"manual_hold"}


def test_manual_export_sells_down_to_its_floor_whatever_the_price() -> None:
    manual = dict.fromkeys(range(8), "export")
    plan = plan_of(slots(START, [1.0] * 48, manual=manual), PLAIN, soc_percent=90)
    assert plan.schedule["soc_projected"][7] == pytest.approx(35)
    assert set(plan.schedule["soc_target"][:2]) == {35.0}


def test_the_spring_night_and_the_day_after_are_planned_whole() -> None:
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    plan = plan_of(slots(start, [1.0 + (i // 4) % 5 for i in range(92 + 96)]))
    assert plan.schedule.height == 188
    water = plan.frame.group_by("water_for_day").agg(pl.col("water_kwh").sum()).drop_nulls()
    assert sorted(water["water_kwh"]) == [6.0, 6.0]


def test_six_cheap_slots_are_bought_in_one_block_within_the_tolerance() -> None:
    prices = [1.00, 0.95, 0.90, 0.92, 0.96, 1.05]
    offer = Offer(prices=prices, most_kwh=[1.25] * 6)
    scattered = [0.0, 1.25, 1.25, 0.0, 1.25, 0.0]
    block = consolidate(
        scattered, offer, tolerance_per_kwh=0.05, max_gap_slots=0, starts_running=False
    )
    assert block == [0.0, 1.25, 1.25, 1.25, 0.0, 0.0]


def test_a_replan_does_not_cut_a_heater_block_in_progress() -> None:
    prices = [2.0] * 8 + [0.5] * 40
    home = {"running_water_until": START + timedelta(hours=1), "water_used_today_kwh": 3.0}
    plan = plan_of(slots(START, prices), **home)  # type: ignore[arg-type]
    assert plan.schedule["water_kw"][:4].to_list() == [3.0] * 4


def test_an_unknown_charge_level_commands_no_discharge_and_no_export() -> None:
    ctx = Context(settings=PLAIN, home=HomeState(soc_percent=15), discharge_allowed=False)
    plan = make_plan(slots(START, DAY, load_kwh=0.5), ctx)
    assert plan.schedule["discharge_kw"].sum() == 0
    assert "hold_soc_unknown" in set(plan.schedule["reason"])


def test_a_higher_safety_factor_stores_more() -> None:
    frame = slots(START, DAY, load_kwh=[0.0] * 68 + [0.1] * 28)
    homes = HomeState(soc_percent=15)
    plans = [
        make_plan(frame, Context(settings=PLAIN, home=homes, safety=SafetyFactor(factor)))
        for factor in (1.0, 1.5)
    ]
    assert kwh(plans[1], "charge_kw", 0, 96) == pytest.approx(
        1.5 * kwh(plans[0], "charge_kw", 0, 96), rel=0.02
    )


def test_a_charging_sentence_names_price_use_and_gain() -> None:
    plan = plan_of(slots(START, DAY, load_kwh=0.2), PLAIN, soc_percent=15)
    text = plan.schedule["reason_text"][0]
    assert text.startswith("Charging")
    assert "0.50" in text
    assert "it replaces" in text
    assert "SEK/kWh" in text


def test_a_strategic_target_out_of_reach_is_carried_to_the_next_window(engine: str) -> None:
    if engine == "optimal":
        pytest.skip("the exact engine prices its target instead: see test_optimal")
    settings = Settings.model_validate(
        {
            "water_heating": {"power_kw": 0},
            "arbitrage": {"enable_export": False},
            "battery": {"max_charge_kw": 1},
            "strategic_charging": {"price_threshold_per_kwh": 0.50, "target_soc_percent": 95},
            "charging": {"charge_threshold_percentile": 10},
        }
    )
    prices = [0.48] * 8 + [1.4] * 24 + [0.53] * 24 + [1.4] * 40
    plan = plan_of(slots(START, prices, load_kwh=0.02), settings, soc_percent=15)
    assert kwh(plan, "charge_kw", 0, 8) == pytest.approx(2.0)
    # 0.53 is above the limit of 0.50 but within the 10 % tolerance that carries the target on.
    assert kwh(plan, "charge_kw", 32, 56) == pytest.approx(6.0, abs=0.4)


def test_a_coming_day_priced_for_an_hour_only_waits_for_the_rest_of_its_prices() -> None:
    settings = Settings(timezone="Europe/Helsinki")
    frame = slots(START, [1.0] * 96)  # ends at 01:00 of the next day in Helsinki
    plan = plan_of(frame, settings)
    assert set(plan.frame["water_for_day"].drop_nulls()) == {date(2026, 1, 16)}
    assert not [warning for warning in plan.warnings if "water_short" in warning]
