"""Homes at the edge of what there can be get a plan like any other, with either engine."""

from pathlib import Path

import pytest

from app import scenario
from app.planner import checker
from app.planner.run import make_plan

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
@pytest.mark.parametrize(
    ("case", "shipped", "cost", "water_kwh"),
    [
        ("no_battery_defaults", False, 69.45, 12.0),
        ("no_battery_defaults", True, 69.53, 12.0),
        ("zero_capacity_above_band", False, 31.87, 0.0),
        ("zero_capacity_above_band", True, 31.87, 0.0),
    ],
)
def test_a_home_without_a_battery_costs_what_self_consumption_costs(
    case: str, engine: str, cost: float, water_kwh: float, *, shipped: bool
) -> None:
    home = scenario.read(CASES / f"{case}.json")
    ctx = scenario.context_of(home, shipped=shipped, engine=engine)
    plan = make_plan(scenario.slots_of(home), ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.engine == engine
    assert plan.warnings == ()
    assert plan.totals.cost == pytest.approx(cost, abs=0.01)
    assert plan.totals.cost_self_consumption == pytest.approx(plan.totals.cost)
    # Nothing can be gained, and a share of nothing is not shown.
    assert plan.optimality().percent is None
    assert plan.schedule["water_kw"].sum() / 4 == pytest.approx(water_kwh)
