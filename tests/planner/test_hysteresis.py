"""Runs and rests keep to the owner's minimum lengths, in flows as in words."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from app.planner.model.context import Context
from app.planner.model.manual import BATTERY_ACTIONS
from app.planner.passes.consolidation import runs_of
from app.planner.passes.run_lengths import short_gaps, short_runs
from app.planner.run import Plan, make_plan
from app.settings import Settings
from tests.made_plans import plan_of, slots
from tests.planner.homes import homes

START = datetime(2026, 1, 15, 23, tzinfo=UTC)
DRY: dict[str, Any] = {
    "water_heating": {"power_kw": 0},
    "strategic_charging": {"price_threshold_per_kwh": -100},
    "arbitrage": {"enable_export": False},
}


def home(**smoothing: int) -> Settings:
    return Settings.model_validate({**DRY, "smoothing": smoothing})


def rests(plan: Plan, *words: str) -> list[int]:
    on = runs_of([word in words for word in plan.schedule["classification"]])
    return [after[0] - before[1] - 1 for before, after in pairwise(on)]


def test_a_discharge_rest_below_its_minimum_is_used_too() -> None:
    prices = [3.0] * 4 + [2.7] + [3.0] * 4 + [1.0] * 40
    frame = slots(START, prices, load_kwh=[0.25] * 9 + [0.0] * 40)
    free = plan_of(frame, home(min_off_slots_discharge=1), soc_percent=35)
    assert rests(free, "discharge") == [1]
    smooth = plan_of(frame, home(min_off_slots_discharge=3), soc_percent=35)
    assert rests(smooth, "discharge") == []
    assert smooth.schedule["discharge_kw"][4] > 0
    assert smooth.schedule["reason"][4] == "discharge_run_on"


def test_a_charge_rest_below_its_minimum_is_bought_through() -> None:
    prices = [0.5, 0.5, 0.5, 0.6, 0.5, 0.5, 0.5] + [3.0] * 41
    frame = slots(START, prices, load_kwh=[0.0] * 7 + [0.16] * 41)
    rough = {"charging": {"block_consolidation_tolerance_per_kwh": 0}}
    free, smooth = (
        plan_of(
            frame,
            Settings.model_validate({**DRY, **rough, "smoothing": {"min_off_slots_charge": least}}),
            soc_percent=15,
        )
        for least in (1, 3)
    )
    assert rests(free, "charge") == [1]
    assert rests(smooth, "charge") == []
    assert smooth.schedule["import_kw"].sum() == pytest.approx(free.schedule["import_kw"].sum())
    assert smooth.schedule["reason"][3] == "charge_run_on"


def test_serving_the_house_between_two_sales_is_not_a_run_of_its_own() -> None:
    prices = [2.0] * 8 + [0.3] * 40
    sales = [1.9] * 3 + [0.0] + [1.85] * 2 + [0.1] * 42
    plan = plan_of(
        slots(START, prices, load_kwh=0.25, export_prices=sales),
        Settings.model_validate(
            {
                **DRY,
                "arbitrage": {
                    "enable_peak_only_export": False,
                    "protective_soc_strategy": "fixed",
                },
            }
        ),
        soc_percent=90,
    )
    assert plan.schedule["classification"][:5].to_list() == [
        *["export"] * 3,
        "discharge",
        "export",
    ]


def test_smoothing_never_takes_the_battery_away_from_an_overloaded_fuse() -> None:
    settings = Settings.model_validate(
        {**DRY, "grid": {"max_import_kw": 4}, "smoothing": {"min_on_slots_discharge": 4}}
    )
    prices, loads = [1.0] * 16 + [4.0] * 8, [0.5] * 6 + [1.5] + [0.5] * 17
    plan = plan_of(slots(START, prices, load_kwh=loads), settings)
    assert plan.schedule["import_kw"].max() <= 4 + 1e-6
    assert plan.schedule["reason"][6] == "discharge_for_fuse"


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(homes())
def test_only_the_fuse_and_the_owner_may_break_a_minimum(
    drawn: tuple[pl.DataFrame, Context],
) -> None:
    frame, ctx = drawn
    plan = make_plan(frame, ctx)
    words = plan.schedule["classification"].to_list()
    fixed = [action in BATTERY_ACTIONS for action in frame["manual_action"]]
    fuse = ctx.limits.import_kwh
    hard = [
        by_hand or imported >= fuse - 1e-6
        for by_hand, imported in zip(fixed, plan.frame["import_kwh"], strict=True)
    ]
    if any(hard):
        return
    smoothing, running = ctx.settings.smoothing, ctx.home.running_classification
    assert short_runs(words, fixed, smoothing, running=running) == []
    assert short_gaps(words, fixed, smoothing) == []
