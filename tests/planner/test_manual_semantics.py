"""What a manual action means, on generated homes: kept inside its slots, planned around outside."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.planner.model.context import Context, HomeState
from app.planner.run import Plan, make_plan
from tests.planner import oracle
from tests.planner.test_optimal import bare_homes

Home = tuple[pl.DataFrame, Context]
KWH = 1e-6
many = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def with_block(draw: st.DrawFn, action: str) -> tuple[Home, range]:
    """A home with one manual block somewhere, and where it is; no price below zero."""
    frame, ctx = draw(bare_homes())
    prices = pl.col("import_price_per_kwh", "export_price_per_kwh").clip(0)
    first = draw(st.integers(0, frame.height - 1))
    last = draw(st.integers(first, min(frame.height - 1, first + 11)))
    inside = pl.int_range(pl.len()).is_between(first, last)
    manual = pl.when(inside).then(pl.lit(action)).otherwise(pl.col("manual_action"))
    return (frame.with_columns(prices, manual_action=manual), ctx), range(first, last + 1)


def planned(home: Home) -> Plan:
    return make_plan(*home)


def levels_kwh(plan: Plan) -> list[float]:
    """Stored energy at the end of every slot."""
    capacity_kwh = plan.ctx.settings.battery.capacity_kwh
    return [soc / 100 * capacity_kwh for soc in plan.schedule["soc_projected"]]


@many
@pytest.mark.timeout(600)
@given(with_block("hold"))
def test_around_a_hold_the_plan_is_what_the_solver_would_do(made: tuple[Home, range]) -> None:
    (frame, ctx), _ = made
    assert ctx.terminal_value_per_kwh is not None
    least = oracle.optimum(frame, ctx, end_value_per_kwh=ctx.terminal_value_per_kwh)
    assert planned((frame, ctx)).totals.cost == pytest.approx(least, abs=2e-3)


@many
@pytest.mark.timeout(600)
@given(with_block("hold"))
def test_a_hold_moves_no_energy_out_of_the_battery(made: tuple[Home, range]) -> None:
    home, block = made
    held = planned(home).frame[block.start : block.stop]
    assert held["discharge_kwh"].sum() == 0
    assert held["grid_charge_kwh"].max() <= KWH


@many
@pytest.mark.timeout(600)
@given(with_block("export"))
def test_a_sale_goes_down_to_its_floor_and_no_further(made: tuple[Home, range]) -> None:
    home, block = made
    plan = planned(home)
    ctx = home[1]
    battery, grid = ctx.settings.battery, ctx.settings.grid
    target_percent = ctx.settings.manual_planning.export_target_percent
    floor_kwh = max(target_percent, battery.min_soc_percent) / 100 * battery.capacity_kwh
    levels = levels_kwh(plan)
    begin_kwh = levels[block.start - 1] if block.start else _start_kwh(ctx)
    end_kwh = levels[block.stop - 1]
    sold = plan.frame[block.start : block.stop]
    # Down to the floor: no sold kWh comes from below it. The house may use what lies there.
    at_start = [begin_kwh, *levels[block.start : block.stop - 1]]
    for before_kwh, row in zip(at_start, sold.iter_rows(named=True), strict=True):
        if row["discharge_kwh"] > row["load_kwh"] + KWH:
            after_kwh = before_kwh - row["discharge_kwh"] / _one_way(ctx)
            assert after_kwh >= min(before_kwh, floor_kwh) - KWH
    # To the floor: what is left above it could not leave within the limits.
    room_kwh = grid.max_export_kw / 4
    for row, level_kwh in zip(
        sold.iter_rows(named=True), levels[block.start : block.stop], strict=True
    ):
        at_limit = row["discharge_kwh"] >= battery.max_discharge_kw / 4 - KWH
        full_grid = row["export_kwh"] >= room_kwh - KWH
        inverter_kwh = ctx.settings.inverter.max_power_kw / 4
        full_inverter = row["discharge_kwh"] + row["pv_kwh"] >= inverter_kwh - KWH
        assert (
            at_limit
            or full_grid
            or full_inverter
            or level_kwh <= floor_kwh + KWH
            or (level_kwh <= begin_kwh + KWH and end_kwh <= floor_kwh + KWH)
        )


def _start_kwh(ctx: Context) -> float:
    return ctx.home.soc_percent / 100 * ctx.settings.battery.capacity_kwh


def _one_way(ctx: Context) -> float:
    return float((ctx.settings.battery.roundtrip_efficiency_percent / 100) ** 0.5)


@many
@pytest.mark.timeout(600)
@given(st.sampled_from(["hold", "charge", "export"]).flatmap(with_block))
def test_after_the_block_the_plan_is_that_of_a_home_that_stands_there(
    made: tuple[Home, range],
) -> None:
    """Bellman: what follows a manual block costs what planning from its end costs."""
    (frame, ctx), block = made
    rest = frame[block.stop :]
    if rest.is_empty():
        return
    plan = planned((frame, ctx))
    there = HomeState(soc_percent=plan.schedule["soc_projected"][block.stop - 1])
    again = make_plan(rest, replace(ctx, home=there))
    tail = plan.schedule["planned_cost"][block.stop :].sum() - _credit(plan)
    anew = again.schedule["planned_cost"].sum() - _credit(again)
    assert tail == pytest.approx(anew, abs=2e-3)


def _credit(plan: Plan) -> float:
    """What is left at the end, at the value every plan of the home gives it."""
    assert plan.ctx.terminal_value_per_kwh is not None
    return levels_kwh(plan)[-1] * plan.ctx.terminal_value_per_kwh
