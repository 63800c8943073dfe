"""The exact engine against an independent mixed-integer programme, and on homes at the edge."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.bench import scenario
from app.core.frames import SLOT
from app.planner import checker
from app.planner.engine import heater_search, water_days
from app.planner.engine import optimal as engine_optimal
from app.planner.model.context import Context, HomeState, SafetyFactor
from app.planner.model.energy_value import TERMINAL, Curve, SlotTerms, cost_to_go
from app.planner.model.neutral import without_rules
from app.planner.run import make_plan
from app.settings import Settings
from tests.made_plans import slots
from tests.planner import oracle

BENCH = Path(__file__).resolve().parent.parent.parent / "benchmarks"
CASES = sorted((BENCH / "scenarios").glob("*.json"))
REFERENCE = json.loads((BENCH / "reference.json").read_text(encoding="utf-8"))
START = datetime(2026, 1, 15, 23, tzinfo=UTC)
ENGINES = ("optimal", "cascade")


def needed_slots(frame: pl.DataFrame, ctx: Context) -> dict[object, int]:
    heat_kwh = water_days.slot_energy_kwh(ctx)
    needs = water_days.needs_kwh(frame["slot_start"].to_list(), ctx)
    return {day: math.ceil(kwh / heat_kwh - 1e-9) for day, kwh in needs.items()}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plan_of_a_recorded_case_costs_what_the_solver_finds(path: Path) -> None:
    """The reference of the benchmark is the solver's too, so a wrong reference is seen."""
    case = scenario.read(path)
    ctx = scenario.context_of(case, shipped=False, engine="optimal")
    frame = scenario.slots_of(case)
    days = [ctx.local_day_of(start) for start in frame["slot_start"]]
    assert ctx.terminal_value_per_kwh is not None
    least = oracle.optimum(
        frame,
        ctx,
        water_days=oracle.water_days(days, needed_slots(frame, ctx)),
        end_value_per_kwh=ctx.terminal_value_per_kwh,
    )
    known = REFERENCE[path.stem]
    assert least == pytest.approx(known["optimum"], abs=1e-3)
    plan = make_plan(frame, ctx)
    achievable = known["self_consumption"] - least
    # The battery is exact; the heater's local search may leave a hundredth of the saving.
    assert plan.totals.cost <= least + max(0.01, 0.01 * achievable)
    assert plan.totals.cost >= least - 1e-3
    assert plan.optimality().cost_best == pytest.approx(least, abs=max(0.01, 0.01 * achievable))


@st.composite
def bare_homes(draw: st.DrawFn) -> tuple[pl.DataFrame, Context]:
    """A day of any prices for any battery, without a heater and without rules."""
    hours = draw(st.integers(1, 10))
    number = st.floats(-0.5, 4).map(lambda value: round(value, 2))
    prices = draw(st.lists(number, min_size=hours, max_size=hours))
    energy = st.floats(0, 3).map(lambda value: round(value, 2))
    spread = draw(st.sampled_from([0, 0.1, 0.5, 1]))
    curtails = draw(st.booleans())
    frame = slots(
        START,
        [price for price in prices for _ in range(4)],
        export_prices=[price - spread for price in prices for _ in range(4)],
        load_kwh=[
            kwh for kwh in draw(st.lists(energy, min_size=hours, max_size=hours)) for _ in range(4)
        ],
        pv_kwh=[
            kwh for kwh in draw(st.lists(energy, min_size=hours, max_size=hours)) for _ in range(4)
        ],
    )
    home = {
        "battery": {
            "capacity_kwh": draw(st.sampled_from([1, 5, 10, 34])),
            "min_soc_percent": 10,
            "max_soc_percent": draw(st.sampled_from([60, 100])),
            "max_charge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "max_discharge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "roundtrip_efficiency_percent": draw(st.sampled_from([70, 90, 100])),
            # At negative prices and no wear burning energy pays, which no convex value can say.
            "wear_cost_per_kwh": draw(st.sampled_from([0.3, 1])),
        },
        "grid": {"max_import_kw": 25, "max_export_kw": draw(st.sampled_from([0, 3, 25]))},
        "inverter": {"can_curtail_pv": curtails},
        "water_heating": {"power_kw": 0},
    }
    ctx = Context(
        settings=without_rules(Settings.model_validate(home)),
        home=HomeState(soc_percent=draw(st.sampled_from([10, 35, 60]))),
        terminal_value_per_kwh=draw(st.sampled_from([0, 0.5, 1.5])),
    )
    return frame, ctx


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    # Shrinking a failure through the solver would take minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@pytest.mark.timeout(600)
@given(bare_homes())
def test_the_battery_alone_is_planned_exactly(home: tuple[pl.DataFrame, Context]) -> None:
    """Negative prices, curtailment and feed-in limits included: equal to the solver's optimum."""
    frame, ctx = home
    assert ctx.terminal_value_per_kwh is not None
    least = oracle.optimum(frame, ctx, end_value_per_kwh=ctx.terminal_value_per_kwh)
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.warnings == ()
    # Where a negative price meets sun that may be thrown away or not fed in, the spread is
    # inverted: the value is not convex there, and the plan is good but not exact.
    inverted = min(frame["import_price_per_kwh"]) < 0
    assert plan.totals.cost == pytest.approx(least, abs=0.3 if inverted else 2e-3)


EDGES: dict[str, tuple[dict[str, object], dict[str, object], dict[str, object]]] = {
    "negative prices": ({}, {"prices": [-0.6, 0.4, 2.0, -0.2]}, {}),
    "flat prices": ({}, {"prices": [1.2] * 4}, {}),
    "a full battery": ({}, {}, {"soc_percent": 95.0}),
    "an empty battery": ({}, {}, {"soc_percent": 15.0}),
    "no sun": ({"solar_arrays": []}, {"pv_kwh": 0.0}, {}),
    "a tiny fuse": ({"grid": {"max_import_kw": 4, "max_export_kw": 4}}, {}, {}),
    "no battery": ({"battery": {"capacity_kwh": 0}}, {}, {}),
    "the long autumn day": ({}, {"start": datetime(2026, 10, 24, 22, tzinfo=UTC)}, {}),
    "the short spring day": ({}, {"start": datetime(2026, 3, 28, 23, tzinfo=UTC)}, {}),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("edge", EDGES)
def test_homes_at_the_edge_are_planned_without_a_false_warning(edge: str, engine: str) -> None:
    home, day, state = EDGES[edge]
    made = Settings.model_validate({**home, "planner": {"engine": engine}})
    hourly = day.get("prices", [1.0, 0.4, 2.5, 1.4])
    assert isinstance(hourly, list)
    frame = slots(
        day.get("start", START),  # type: ignore[arg-type]
        [price for price in hourly for _ in range(4)] * 6,
        pv_kwh=day.get("pv_kwh", 0.2),  # type: ignore[arg-type]
    )
    ctx = Context(settings=made, home=HomeState(**{"soc_percent": 50.0, **state}))  # type: ignore[arg-type]
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.warnings == ()
    assert plan.engine == engine
    assert plan.schedule.height == 96


def test_a_load_beyond_the_fuse_is_met_from_the_battery_that_saved_for_it() -> None:
    """The exact engine keeps energy for the hour the fuse cannot carry, though it is cheap."""
    frame = slots(START, [2.0] * 16 + [0.5] * 4, load_kwh=[0.5] * 16 + [1.5] * 4)
    home = {"grid": {"max_import_kw": 4, "max_export_kw": 4}, "water_heating": {"power_kw": 0}}
    plan = make_plan(
        frame,
        Context(settings=Settings.model_validate(home), home=HomeState(soc_percent=37)),
    )
    assert plan.warnings == ()
    assert plan.schedule["import_kw"].max() <= 4 + 1e-6


def test_the_cascade_plans_where_the_exact_engine_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(engine_optimal, "value", broken)
    ctx = Context(settings=Settings(), home=HomeState(soc_percent=50))
    plan = make_plan(slots(START, [1.0, 3.0] * 24), ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.engine == "cascade"
    assert plan.warnings[0].startswith("engine_failed: the optimal engine failed")
    assert "a bug" in plan.warnings[0]


def test_the_cascade_plans_where_the_checker_refuses_the_exact_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = checker.require_valid

    def refuses_once(schedule: pl.DataFrame, ctx: Context) -> None:
        real(schedule.with_columns(import_kw=pl.col("import_kw") + 1), ctx)

    monkeypatch.setattr(checker, "require_valid", refuses_once)
    ctx = Context(settings=Settings(), home=HomeState(soc_percent=50))
    plan = make_plan(slots(START, [1.0, 3.0] * 24), ctx)
    assert plan.engine == "cascade"
    assert "energy in equals energy out" in plan.warnings[0]


def planned(case: str = "open-se4-2024-12-11-volatile-60min-A") -> tuple[pl.DataFrame, Context]:
    made = scenario.read(BENCH / "scenarios" / f"{case}.json")
    return scenario.slots_of(made), scenario.context_of(made, shipped=False, engine="optimal")


def test_the_meter_sees_a_plan_that_could_be_better() -> None:
    """The cascade's plan is measured against the optimum that the exact engine reaches."""
    frame, ctx = planned()
    best = make_plan(frame, ctx)
    settings = ctx.settings.model_copy(
        update={"planner": ctx.settings.planner.model_copy(update={"engine": "cascade"})}
    )
    worse = make_plan(frame, replace(ctx, settings=settings))
    assert best.optimality().percent == pytest.approx(100, abs=0.1)
    measured = worse.optimality()
    assert measured.cost_best == pytest.approx(best.totals.cost, abs=0.01)
    gap = worse.totals.cost_self_consumption - measured.cost_best
    reached = worse.totals.cost_self_consumption - worse.totals.cost
    assert measured.percent == pytest.approx(100 * reached / gap)
    assert measured.percent < 95


def test_the_meter_sees_what_the_owners_rules_cost() -> None:
    frame, ctx = planned()
    forbidden = ctx.settings.model_copy(
        update={"smoothing": ctx.settings.smoothing.model_copy(update={"min_on_slots_charge": 96})}
    )
    ruled = make_plan(frame, replace(ctx, settings=forbidden))
    measured = ruled.optimality()
    assert measured.percent < 99
    assert ruled.totals.smoothing_cost > 1


def test_the_meter_counts_money_and_no_penalty_for_the_fuse() -> None:
    """A house above its main fuse: what relief is worth to the engine is not paid by anybody."""
    case = scenario.read(Path(__file__).parent / "cases" / "load_above_fuse.json")
    ctx = scenario.context_of(case, shipped=True, engine="optimal")
    frame = scenario.slots_of(case)
    plan = make_plan(frame, ctx)
    measured = plan.optimality()
    days = [ctx.local_day_of(start) for start in frame["slot_start"]]
    # Stored energy is worth less the more is left: at its least worth the optimum is a bound.
    bound = oracle.solved(
        frame,
        ctx,
        water_days=oracle.water_days(days, needed_slots(frame, ctx)),
        end_value_per_kwh=min(value for value, _ in plan.ctx.end_value),
    ).bound
    assert bound - 1e-6 <= measured.cost_best <= plan.totals.cost
    assert plan.totals.cost == pytest.approx(94.27, abs=0.01)
    assert measured.percent == pytest.approx(100, abs=2)


def test_the_meter_says_that_there_is_next_to_nothing_to_gain() -> None:
    """On a flat day a cent is many percent: none are shown."""
    frame = slots(START, [1.0 + 0.001 * (index % 3) for index in range(96)])
    manual = frame.with_columns(
        manual_action=pl.when(pl.int_range(pl.len()) < 4).then(pl.lit("charge"))
    )
    ctx = Context(settings=Settings(), home=HomeState(soc_percent=15), terminal_value_per_kwh=0.5)
    for asked in (frame, manual):
        measured = make_plan(asked, ctx).optimality()
        assert measured.percent is None
        assert math.isfinite(measured.cost_best)


def test_heat_that_only_battery_and_fuse_carry_together_is_delivered() -> None:
    """House and heater exceed a 16 A fuse in every slot; the battery gives what is missing."""
    frame = slots(START, [0.5] * 24 + [1.5] * 72, load_kwh=0.5)
    home = {
        "grid": {"max_import_kw": 3.7, "max_export_kw": 3.7},
        "water_heating": {"power_kw": 3, "min_kwh_per_day": 6, "max_blocks_per_day": 2},
    }
    ctx = Context(settings=Settings.model_validate(home), home=HomeState(soc_percent=50))
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.warnings == ()
    assert plan.frame["water_kwh"].sum() == pytest.approx(6.0)
    assert plan.schedule["import_kw"].max() <= 3.7 + 1e-6


def test_heat_that_no_battery_carries_is_missed_out_loud() -> None:
    """A battery that hardly charges: the fuse stays whole, and the plan says what is short."""
    frame = slots(START, [0.5] * 96, load_kwh=0.9)
    home = {
        "grid": {"max_import_kw": 3.7, "max_export_kw": 3.7},
        "battery": {"max_charge_kw": 0.01},
        "water_heating": {"power_kw": 3, "min_kwh_per_day": 6, "max_blocks_per_day": 2},
    }
    ctx = Context(settings=Settings.model_validate(home), home=HomeState(soc_percent=20))
    plan = make_plan(frame, ctx)
    checker.require_valid(plan.schedule, ctx)
    assert plan.engine == "optimal"
    assert plan.schedule["import_kw"].max() <= 3.7 + 1e-6
    assert [text.split(":")[0] for text in plan.warnings] == ["water_short"]


def test_the_safety_factor_keeps_more_energy_for_the_gap() -> None:
    """The S-index is a soft reserve: its price is what the extra load would cost."""
    prices = [0.5] * 8 + [2.0] * 24 + [3.0] * 8 + [0.5] * 8
    frame = slots(START, prices, load_kwh=[0.1] * 8 + [0.2] * 32 + [0.1] * 8)
    home = {
        "water_heating": {"power_kw": 0},
        "battery": {"capacity_kwh": 20, "max_charge_kw": 10},
        "arbitrage": {"enable_export": False},
    }
    dry = without_rules(Settings.model_validate(home))
    ctx = Context(settings=dry, home=HomeState(soc_percent=15), terminal_value_per_kwh=0.1)
    plain = make_plan(frame, ctx).schedule
    careful = make_plan(frame, replace(ctx, safety=SafetyFactor(1.2))).schedule
    bought = [plan["charge_kw"].head(8).sum() / 4 for plan in (plain, careful)]
    assert bought[1] == pytest.approx(1.2 * bought[0], rel=0.02)


def test_the_strategic_target_is_bought_for_only_as_far_as_it_nearly_pays() -> None:
    """Energy for after the horizon may cost a tenth more than its worth, at most the limit."""
    frame = slots(START, [1.0] * 8 + [1.4] * 40, load_kwh=0.0)
    limits: dict[float, float] = {1.1: 8.0, 1.01: 0.0}
    for price_limit, stored in limits.items():
        home = {
            "water_heating": {"power_kw": 0},
            "strategic_charging": {"price_threshold_per_kwh": price_limit},
            "battery": {"roundtrip_efficiency_percent": 100, "max_charge_kw": 10},
        }
        # 0.96 is a little less than the price of 1.0, and 10 % more is a little more.
        ctx = Context(
            settings=Settings.model_validate(home),
            home=HomeState(soc_percent=15),
            terminal_value_per_kwh=0.96 if price_limit > 1.05 else 0.90,
        )
        bought = make_plan(frame.with_columns(load_kwh=pl.lit(0.001)), ctx).schedule["charge_kw"]
        assert bought.sum() / 4 == pytest.approx(stored, abs=0.1)


def test_the_search_prices_every_change_exactly() -> None:
    """What the windowed price says of a change is what building the curves anew says."""
    frame, ctx = planned("open-se4-2024-08-15-typical-60min-A")
    plan = make_plan(frame, ctx)
    placement = water_days.place_by_price(plan.frame, plan.ctx)
    heater = engine_optimal.heater_of(plan.frame, placement, plan.ctx)
    on = [day is not None for day in placement.serves]
    state = heater_search.Schedule.of(heater, on)
    for turned in ((3,), (5, 90), (40, 41, 150)):
        anew = heater_search.Schedule.of(
            heater, [is_on ^ (slot in turned) for slot, is_on in enumerate(on)]
        )
        assert state.price(turned) == pytest.approx(anew.cost, abs=1e-9)
        assert state.turned(turned).cost == pytest.approx(anew.cost, abs=1e-9)


def test_a_day_of_quarters_is_planned_whole() -> None:
    plan = make_plan(*planned())
    assert plan.schedule["slot_end"][-1] - plan.schedule["slot_start"][0] == SLOT * 192


@pytest.mark.parametrize("engine", ENGINES)
def test_the_block_in_progress_serves_one_day_only(engine: str) -> None:
    """Yesterday's owed heat goes on running; today's own heat does not claim the same slots."""
    settings = Settings.model_validate({"planner": {"engine": engine}})
    home = HomeState(
        soc_percent=50,
        water_owed_kwh=1.5,
        running_water_until=START + SLOT * 2,
    )
    prices = [2.0] * 8 + [1.0] * 8 + [2.5] * 80
    frame = make_plan(slots(START, prices), Context(settings=settings, home=home)).frame
    yesterday, today = (START + SLOT * index for index in (-1, 0))
    zone = settings.zone
    served = [
        frame.filter(pl.col("water_for_day") == day.astimezone(zone).date())
        for day in (yesterday, today)
    ]
    assert [part["water_kwh"].sum() for part in served] == [1.5, 6.0]
    assert served[0]["slot_start"].to_list() == [START, START + SLOT]


def test_a_manual_charge_never_makes_heat_look_paid_for() -> None:
    """Not even where no battery could take the energy: a day gets its need and no more."""
    home = {"battery": {"capacity_kwh": 0}, "water_heating": {"min_kwh_per_day": 6}}
    prices = [3.0 + index % 5 for index in range(48)]
    frame = slots(
        START,
        prices,
        pv_kwh=[0.5 + index % 3 for index in range(48)],
        export_prices=[price * 1.1 for price in prices],
        manual=dict.fromkeys(range(8), "export") | dict.fromkeys(range(8, 30), "charge"),
    )
    settings = Settings.model_validate(home)
    plan = make_plan(frame, Context(settings=settings, home=HomeState(soc_percent=15)))
    assert plan.frame["water_kwh"].sum() == pytest.approx(6.0)


def test_what_is_forced_never_leaves_the_band() -> None:
    """A forced charge larger than the battery fills it, at its price, and nothing more."""
    band = Curve(1.0, 0.0, ((-2.0, 0.5, TERMINAL),))
    forced = SlotTerms((), ((0.3, 4.0),), 0.0, forced=True)
    before = cost_to_go([forced], band)[0]
    assert before.low_kwh == 1.0
    assert before.segments == ((-0.3, 0.5, 0),)
    assert before.low_cost == pytest.approx(0.5 * 0.3 - 0.5 * 2.0)
