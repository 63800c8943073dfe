"""What must hold of every plan, whatever the home (numbers as in RELIABILITY section 3.1)."""

import math
import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from app.errors import InputError, PlanInvalidError
from app.frames import SCHEDULE
from app.planner import checker
from app.planner.context import Context, HomeState
from app.planner.run import make_plan
from app.settings import Settings
from tests.planner.homes import homes
from tests.plans import plan_of, slots

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
EXAMPLES = int(os.environ.get("DARKSTAR_FUZZ_EXAMPLES", "600"))
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
    """Invariants 1-9, 12-15, 22, 23 and 25, recomputed from the published columns."""
    frame, ctx = home
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.schedule.height == frame.height
    battery = ctx.settings.battery
    level = pl.col("soc_projected") / 100 * battery.capacity_kwh
    low = battery.capacity_kwh * battery.min_soc_percent / 100
    high = battery.capacity_kwh * battery.max_soc_percent / 100
    start = battery.capacity_kwh * ctx.home.soc_percent / 100
    outside = pl.max_horizontal(pl.lit(low) - level, level - pl.lit(high), pl.lit(0.0))
    distance = plan.schedule.select(outside).to_series().to_list()
    before = [max(low - start, start - high, 0.0), *distance[:-1]]
    assert all(now <= then + 1e-6 for now, then in zip(distance, before, strict=True))
    held = plan.schedule.filter(frame["manual_action"] == "hold")
    assert held["discharge_kw"].sum() == 0
    sold_at_a_loss = plan.frame.filter(
        (pl.col("battery_export_kwh") > 1e-6)
        & ~pl.col("may_export_battery")
        & (pl.col("manual_action").fill_null("") != "export")
    )
    assert sold_at_a_loss.is_empty()
    heated_in_cheap = plan.frame.filter(
        pl.col("is_cheap")
        & pl.col("manual_action").is_null()
        & (pl.col("import_kwh") > 1e-6)
        & (pl.col("discharge_kwh") > pl.col("cautious_load_kwh") + 1e-6)
    )
    assert heated_in_cheap.is_empty()


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
