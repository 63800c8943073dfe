"""Homes at the edge of what there can be get a plan like any other, with either engine."""

import math
import random
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from app.bench import scenario
from app.core.frames import FORECAST, SLOT
from app.forecast import lookahead
from app.planner import checker
from app.planner.model.context import Context, HomeState
from app.planner.run import make_plan
from app.settings import Settings
from tests.made_plans import plan_of, slots

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


@pytest.mark.parametrize("shipped", [False, True], ids=["bare", "defaults"])
def test_a_day_that_stays_cold_says_which_limit_keeps_it_so(*, shipped: bool) -> None:
    """Every second hour is full: two blocks of an hour are 1 kWh, with 8 kWh of room in all.

    The cascade heats where the fuse alone carries it; what the battery could carry is the exact
    engine's to find.
    """
    home = scenario.read(CASES / "heater_05kw_cycling_load.json")
    ctx = scenario.context_of(home, shipped=shipped, engine="cascade")
    plan = make_plan(scenario.slots_of(home), ctx)
    short = [warning for warning in plan.warnings if warning.startswith("water_short")]
    assert len(short) == 2
    assert all("not in 2 blocks (max_blocks_per_day)" in warning for warning in short)


def test_a_day_without_enough_slots_says_so() -> None:
    start = datetime(2026, 1, 16, 21, tzinfo=UTC)
    plan = plan_of(slots(start, [1.0] * 6))
    assert len(plan.warnings) == 1
    assert plan.warnings[0].endswith("too few usable slots are left")


BATTERIES: dict[str, dict[str, float]] = {
    "none": {"capacity_kwh": 0},
    "empty band": {"min_soc_percent": 50, "max_soc_percent": 50},
    "hair's breadth": {"min_soc_percent": 50, "max_soc_percent": 50.0000001},
    "only discharges": {"max_charge_kw": 0},
    "only charges": {"max_discharge_kw": 0},
    "no power": {"max_charge_kw": 0, "max_discharge_kw": 0},
    "always empty": {"min_soc_percent": 0, "max_soc_percent": 0},
    "ordinary": {},
}
PRICES = {"negative": (-3.0, -0.1, -0.3), "export above import": (0.1, 3.0, 1.0)}
PRICES["negative, export above import"] = (-3.0, -0.1, 1.0)


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
@pytest.mark.parametrize("prices", PRICES.values(), ids=PRICES)
@pytest.mark.parametrize("battery", BATTERIES.values(), ids=BATTERIES)
def test_every_corner_of_equipment_gets_a_plan_of_its_own_engine(
    battery: dict[str, float], prices: tuple[float, float, float], engine: str
) -> None:
    """One slot and 100; a fuse of nothing, below the load, ample; with and without sun, heater."""
    chance = random.Random(3)  # noqa: S311 - no secret
    low, high, above = prices
    start = datetime(2026, 1, 15, 23, tzinfo=UTC)
    for count, fuse_kw, sun_kwh in product((1, 100), (0, 3, 25), (0, 3)):
        settings = Settings.model_validate(
            {
                "battery": battery,
                "planner": {"engine": engine},
                "grid": {"max_import_kw": fuse_kw, "max_export_kw": chance.choice([0, 25])},
                "inverter": {"max_power_kw": chance.choice([0, 10])},
                "water_heating": {"power_kw": chance.choice([0, 0.5, 3])},
            }
        )
        buys = [chance.uniform(low, high) for _ in range(count)]
        sells = [price + above for price in buys]
        frame = slots(start, buys, load_kwh=1.0, pv_kwh=sun_kwh, export_prices=sells)
        ctx = Context(
            settings=settings,
            home=HomeState(soc_percent=chance.choice([0, 50, 100])),
            lookahead=lookahead.lookahead(
                frame.select("slot_start", "import_price_per_kwh", "export_price_per_kwh"),
                frame.select(FORECAST.names()),
                end=frame["slot_start"][-1] + SLOT,
                zone=settings.zone,
            ),
        )
        plan = make_plan(frame, ctx)
        checker.require_valid(plan.schedule, ctx)
        assert plan.engine == engine, plan.warnings
        assert math.isfinite(plan.optimality().cost_best)
