"""What must hold of every plan, whatever the home (numbers as in RELIABILITY section 3.1)."""

import math
import os
from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from app.core.errors import InputError, PlanInvalidError
from app.core.frames import SCHEDULE
from app.planner import checker
from app.planner.engine import water_days
from app.planner.model.context import Context, HomeState
from app.planner.passes.consolidation import runs_of
from app.planner.run import Plan, make_plan
from app.settings import Settings
from tests.made_plans import plan_of, slots
from tests.planner.homes import homes

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
EXAMPLES = int(os.environ.get("DARKSTAR_FUZZ_EXAMPLES", "120"))
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.timeout(0 if EXAMPLES > 2000 else 900)
@many
@given(homes())
def test_every_home_gets_a_plan_that_obeys_physics(home: tuple[pl.DataFrame, Context]) -> None:
    """Invariants 1-15, 22, 23 and 25, recomputed from the published columns."""
    frame, ctx = home
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.schedule.height == frame.height
    assert_charge_level_stays_or_returns(plan, ctx)
    assert_battery_keeps_its_rules(plan, ctx)
    assert_fuse_is_relieved(plan, ctx)
    assert_words_say_what_flows(plan)
    assert_water_is_served_or_missed_out_loud(plan, ctx)
    assert_manual_actions_are_honoured(plan)


def assert_charge_level_stays_or_returns(plan: Plan, ctx: Context) -> None:
    """Invariants 3 and 4: the distance to the band never grows."""
    battery = ctx.settings.battery
    level = pl.col("soc_projected") / 100 * battery.capacity_kwh
    low = battery.capacity_kwh * battery.min_soc_percent / 100
    high = battery.capacity_kwh * battery.max_soc_percent / 100
    start = battery.capacity_kwh * ctx.home.soc_percent / 100
    outside = pl.max_horizontal(pl.lit(low) - level, level - pl.lit(high), pl.lit(0.0))
    distance = plan.schedule.select(outside).to_series().to_list()
    before = [max(low - start, start - high, 0.0), *distance[:-1]]
    assert all(now <= then + 1e-6 for now, then in zip(distance, before, strict=True))


def assert_battery_keeps_its_rules(plan: Plan, ctx: Context) -> None:
    """Invariants 9-11: sales where allowed; in cheap windows no use that does not pay, no heat."""
    own = pl.col("manual_action").fill_null("")
    sold_at_a_loss = plan.frame.filter(
        (pl.col("battery_export_kwh") > 1e-6) & ~pl.col("may_export_battery") & (own != "export")
    )
    assert sold_at_a_loss.is_empty()
    if not ctx.settings.arbitrage.enable_export:
        assert plan.frame.filter(own != "export")["battery_export_kwh"].sum() == 0
    in_cheap = pl.col("is_cheap") & pl.col("manual_action").is_null()
    house = (pl.col("cautious_load_kwh") - pl.col("cautious_pv_kwh")).clip(lower_bound=0)
    fuse_kwh = ctx.settings.grid.max_import_kw * 0.25
    heated = plan.frame.filter(
        in_cheap
        & (pl.col("water_kwh") > 0)
        & (pl.col("discharge_kwh") - pl.col("battery_export_kwh") > house + 1e-6)
        & (pl.col("import_kwh") < fuse_kwh - 1e-6)
    )
    assert heated.is_empty()
    spent = plan.frame.filter(in_cheap & (pl.col("classification") == "discharge"))
    # That the sentence is true of its slot is held by test_explain.
    assert set(spent["reason"]) <= {"discharge_in_cheap_pays", "discharge_for_fuse"}


def assert_fuse_is_relieved(plan: Plan, ctx: Context) -> None:
    """Invariant 6: what exceeds the fuse comes from the battery as far as it can."""
    limits = ctx.limits
    over = plan.frame.filter(
        (pl.col("import_kwh") > limits.import_kwh + 1e-6)
        & ~pl.col("manual_action").fill_null("").is_in(["hold", "charge", "export"])
    )
    if over.is_empty() or not ctx.discharge_allowed:
        return
    assert any(warning.startswith("fuse_exceeded_by_load") for warning in plan.warnings)
    left = (pl.col("soc_end_kwh") - limits.floor_kwh) * limits.efficiency
    power = limits.discharge_kwh - pl.col("discharge_kwh")
    assert over.filter(pl.min_horizontal(left, power) > 1e-6).is_empty()


def assert_words_say_what_flows(plan: Plan) -> None:
    """Invariant 15: each word holds exactly where its flows do."""
    frame = plan.frame.with_columns(
        word=pl.when(pl.col("charge_kwh") > 0)
        .then(
            pl.when(pl.col("grid_charge_kwh") > 1e-6)
            .then(pl.lit("charge"))
            .otherwise(pl.lit("pv_charge"))
        )
        .when(pl.col("battery_export_kwh") > 0)
        .then(pl.lit("export"))
        .when(pl.col("discharge_kwh") > 0)
        .then(pl.lit("discharge"))
        .otherwise(pl.lit("hold"))
    )
    assert frame.filter(pl.col("word") != pl.col("classification")).is_empty()


def assert_water_is_served_or_missed_out_loud(plan: Plan, ctx: Context) -> None:
    """Invariant 12: each day its energy in its window and blocks, or a warning with the rest."""
    water = ctx.settings.water_heating
    heated = plan.frame.filter(pl.col("water_kwh") > 0)
    assert heated["water_for_day"].null_count() == 0
    for start, day in heated.select("slot_start", "water_for_day").iter_rows():
        begins = datetime.combine(day, time(), tzinfo=ctx.settings.zone)
        ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=ctx.settings.zone)
        assert begins.timestamp() <= start.timestamp()
        assert start.timestamp() < ends.timestamp() + 3600 * water.defer_up_to_hours
    if water.power_kw == 0:
        assert heated.is_empty()
        return
    manual = plan.frame["manual_action"].fill_null("") == "water"
    for day, need_kwh in water_days.needs_kwh(plan.frame["slot_start"].to_list(), ctx).items():
        serves = (plan.frame["water_for_day"] == day).fill_null(value=False)
        served_kwh = plan.frame.filter(serves)["water_kwh"].sum()
        missed = [text for text in plan.warnings if text.startswith(f"water_short: {day}")]
        assert bool(missed) == (served_kwh < need_kwh - 1e-6)
        if missed:
            assert f"{need_kwh - served_kwh:.2f} kWh" in missed[0]
        if not manual.any():
            slot_kwh = water.power_kw * 0.25
            paid_for = bool((plan.frame["import_price_per_kwh"] < 0).any())
            free_sun = not ctx.settings.inverter.can_curtail_pv
            # More than needed only where using power is paid for, and what a tank can hold.
            used_kwh = water.min_kwh_per_day - need_kwh
            most_kwh = 2 * water.min_kwh_per_day - used_kwh if paid_for or free_sun else need_kwh
            assert served_kwh < max(most_kwh, need_kwh) + slot_kwh
            assert len(runs_of(serves.to_list())) <= water.max_blocks_per_day


def assert_manual_actions_are_honoured(plan: Plan) -> None:
    """Invariant 22: done in every slot, or said to be impossible."""
    held = plan.frame.filter(pl.col("manual_action") == "hold")
    assert held["discharge_kwh"].sum() == 0
    assert held.filter(pl.col("grid_charge_kwh") > 1e-6).is_empty()
    for action in ("charge", "export"):
        asked = plan.frame.filter(pl.col("manual_action") == action)
        other = asked.filter(pl.col("classification") != action)
        # A home without a battery is told just that.
        assert set(other["reason"]) <= {f"manual_{action}_not_possible", "hold_no_battery"}
        assert asked.filter(
            (pl.col("classification") == action) & (pl.col("reason") != f"manual_{action}")
        ).is_empty()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(homes())
def test_the_same_input_gives_the_same_bytes(home: tuple[pl.DataFrame, Context]) -> None:
    """Invariants 16, 17 and 21: repeated, shuffled and duplicated input changes nothing."""
    frame, ctx = home
    first = make_plan(frame, ctx).schedule
    shuffled = pl.concat([frame, frame]).sample(fraction=1, shuffle=True, seed=1)
    assert make_plan(shuffled, ctx).schedule.equals(first)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(homes(manual=False))
def test_costs_add_up_and_the_meter_agrees(home: tuple[pl.DataFrame, Context]) -> None:
    frame, ctx = home
    plan = make_plan(frame, ctx)
    money = plan.schedule.select(
        pl.col("import_kw") * 0.25 * pl.col("import_price_per_kwh")
        - pl.col("export_kw") * 0.25 * pl.col("export_price_per_kwh")
    ).to_series()
    wear = plan.schedule["discharge_kw"].sum() * 0.25 * ctx.settings.battery.wear_cost_per_kwh
    one_way = math.sqrt(ctx.settings.battery.roundtrip_efficiency_percent / 100)
    assert plan.schedule["planned_cost"].sum() == pytest.approx(money.sum() + wear / one_way)


@pytest.mark.parametrize("column", ["import_price_per_kwh", "pv_kwh", "load_kwh"])
@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_a_number_that_is_none_never_becomes_a_plan(column: str, value: float | None) -> None:
    """Invariant 24."""
    frame = slots(START, [1.0] * 8)
    broken = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(value)).otherwise(column).alias(column)
    )
    with pytest.raises(InputError, match=column):
        plan_of(broken)


def test_gaps_and_conflicting_duplicates_are_refused() -> None:
    frame = slots(START, [1.0] * 8)
    with pytest.raises(InputError, match="gap"):
        plan_of(pl.concat([frame.head(3), frame.tail(4)]))
    other = frame.head(1).with_columns(import_price_per_kwh=pl.lit(9.0))
    with pytest.raises(InputError, match="twice"):
        plan_of(pl.concat([other, frame]))


@pytest.mark.parametrize(
    ("column", "change", "rule"),
    [
        ("import_kw", 1.0, "energy in equals energy out"),
        ("soc_projected", 3.0, "charge level follows"),
        ("planned_cost", 0.1, "cost is what the flows cost"),
        ("discharge_kw", -9.0, "no power is negative"),
    ],
)
def test_the_checker_refuses_a_plan_that_was_tampered_with(
    column: str, change: float, rule: str
) -> None:
    plan = plan_of(slots(START, [1.0 + index % 5 for index in range(32)]))
    ctx = Context(settings=Settings(), home=HomeState(soc_percent=50))
    checker.require_valid(plan.schedule, ctx)
    bent = plan.schedule.with_columns(
        pl.when(pl.int_range(pl.len()) == 5)
        .then(pl.col(column) + change)
        .otherwise(column)
        .alias(column)
    )
    with pytest.raises(PlanInvalidError, match=rule):
        checker.require_valid(bent, ctx)
    word = plan.schedule.with_columns(classification=pl.lit("hold"))
    assert set(word.columns) == set(SCHEDULE.names())
    with pytest.raises(PlanInvalidError, match="hold moves nothing"):
        checker.require_valid(word, ctx)


def actions(plan: pl.DataFrame) -> list[tuple[str, float, float]]:
    return [
        (word, round(charge, 6), round(water, 6))
        for word, charge, water in plan.select(
            "classification", "charge_kw", "water_kw"
        ).iter_rows()
    ]


HOURLY = [1.0, 0.8, 0.5, 0.6, 1.1, 2.3, 2.9, 1.7, 1.4, 0.9, 1.2, 1.9, 3.1, 2.2, 1.3, 0.7]
PRICES = [price for price in HOURLY for _ in range(4)]


@pytest.mark.parametrize("factor", [0.1, 10.0, 100.0])
def test_prices_in_another_unit_give_the_same_actions(factor: float) -> None:
    """Invariant 18: prices and every money setting times k change the cost by k, nothing else."""
    plain = Settings()
    money = {
        "battery": {"wear_cost_per_kwh": 0.2 * factor},
        "charging": {
            "cheap_price_tolerance_per_kwh": 0.1 * factor,
            "price_smoothing_per_kwh": 0.05 * factor,
            "block_consolidation_tolerance_per_kwh": 0.05 * factor,
        },
        "strategic_charging": {"price_threshold_per_kwh": 0.9 * factor},
        "decision_thresholds": {
            "battery_use_margin_per_kwh": 0.1 * factor,
            "battery_water_margin_per_kwh": 0.2 * factor,
        },
        "arbitrage": {"export_profit_margin_per_kwh": 0.05 * factor},
    }
    exports = [price * 0.8 - 0.4 for price in PRICES]
    first = plan_of(slots(START, PRICES, export_prices=exports), plain)
    scaled = plan_of(
        slots(
            START,
            [price * factor for price in PRICES],
            export_prices=[price * factor for price in exports],
        ),
        Settings.model_validate(money),
    )
    assert actions(scaled.schedule) == actions(first.schedule)
    assert scaled.totals.cost == pytest.approx(first.totals.cost * factor, rel=1e-6)


def test_a_week_later_gives_the_same_actions() -> None:
    """Invariant 19, within one clock regime."""
    first = plan_of(slots(START, PRICES)).schedule
    later = plan_of(slots(START + timedelta(weeks=1), PRICES)).schedule
    assert actions(first) == actions(later)


def test_another_zone_name_for_the_same_instants_changes_nothing() -> None:
    """Invariant 20, with the day-bound heater off."""
    dry = {"water_heating": {"power_kw": 0}}
    here = plan_of(slots(START, PRICES), Settings.model_validate(dry)).schedule
    there = plan_of(
        slots(START, PRICES), Settings.model_validate({**dry, "timezone": "Pacific/Auckland"})
    ).schedule
    assert actions(here) == actions(there)


def test_replanning_a_slot_later_goes_on_with_the_plan() -> None:
    """Invariant 17: the state the plan foresaw leads to the rest of the plan, without flapping."""
    ripple = [0.0, 0.03, -0.02, 0.01]
    prices = [price + ripple[index % 4] for index, price in enumerate(PRICES * 3)]
    sun = [max(0.0, 0.9 - abs(index % 96 - 48) * 0.03) for index in range(len(prices))]
    frame = slots(START, prices, load_kwh=0.3, pv_kwh=sun)
    settings = Settings.model_validate({"water_heating": {"power_kw": 0}})
    plan = plan_of(frame, settings)
    for step in range(1, 64):
        now = plan.schedule.row(0, named=True)
        then = plan_of(
            frame.slice(step),
            settings,
            soc_percent=now["soc_projected"],
            running_classification=now["classification"],
        )
        before, after = actions(plan.schedule)[1:], actions(then.schedule)
        assert after[0] == before[0], frame["slot_start"][step]
        changed = sum(a != b for a, b in zip(before, after, strict=True))
        # What is left of a window ranks anew as its slots pass; most of the plan does not move.
        assert changed <= len(after) // 6
        plan = then


def test_planning_again_at_the_same_instant_does_not_move_the_heater() -> None:
    """Invariant 17 for water: told that its own block is on, the planner goes on with it."""
    frame = slots(START, [1.0 + 0.1 * (index % 3) for index in range(96)])
    first = plan_of(frame).schedule
    heats = first["water_kw"] > 0
    if not heats[0]:
        frame = frame.slice(int(heats.arg_max() or 0))
        first = plan_of(frame).schedule
    ends = first.filter(pl.col("water_kw") == 0)["slot_start"][0]
    again = plan_of(frame, running_water_until=ends, running_classification="hold").schedule
    assert again["water_kw"].to_list() == first["water_kw"].to_list()
