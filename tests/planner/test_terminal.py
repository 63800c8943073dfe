"""What is left at the end is worth what it replaces afterwards: neither dumped nor hoarded."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from app.core.frames import LOOKAHEAD, SLOT
from app.planner.model import terminal
from app.planner.model.context import Context, HomeState
from app.planner.model.neutral import without_rules
from app.planner.run import make_plan
from app.settings import Settings
from tests.made_plans import slots

START = datetime(2026, 1, 15, 23, tzinfo=UTC)
DRY = without_rules(Settings.model_validate({"water_heating": {"power_kw": 0}}))
CTX = Context(settings=DRY, home=HomeState(soc_percent=50))


def after(*days: list[float], load_kwh: float = 0.25) -> pl.DataFrame:
    """The day after the horizon with the prices of several recent days, hour by hour."""
    rows = [
        {
            "price_day": date(2026, 1, 10) + timedelta(days=number),
            "slot_start": START + timedelta(days=1) + SLOT * index,
            "import_price_per_kwh": hours[index // 4],
            "export_price_per_kwh": 0.0,
            "pv_kwh": 0.0,
            "load_kwh": load_kwh,
            "quality": "estimated",
        }
        for number, hours in enumerate(days)
        for index in range(96)
    ]
    return pl.DataFrame(rows, schema=LOOKAHEAD)


def test_the_first_kwh_left_is_worth_the_dearest_hours_and_the_last_the_cheapest() -> None:
    day = [0.5] * 6 + [1.0] * 12 + [3.0] * 4 + [1.0] * 2
    ctx = terminal.with_end_value(
        slots(START, [1.0] * 96), replace(CTX, lookahead=after(day, load_kwh=0.1))
    )
    values = [value for value, _ in ctx.end_value]
    assert values == sorted(values, reverse=True)
    assert sum(kwh for _, kwh in ctx.end_value) == pytest.approx(8.0)
    # A cheap night comes before the dear evening: nothing is worth more than buying then.
    assert values[0] <= 1.0 * 0.974679 - 0.2 + 1e-9
    assert values[-1] == pytest.approx(0.5 * 0.974679 - 0.2, abs=0.3)


def test_recent_days_are_averaged() -> None:
    cheap, dear = [0.6] * 24, [2.6] * 24
    stairs = [
        terminal.with_end_value(slots(START, [1.0] * 96), replace(CTX, lookahead=after(*days)))
        for days in ((cheap,), (dear,), (cheap, dear))
    ]
    one, other, both = (ctx.end_value[0][0] for ctx in stairs)
    assert both == pytest.approx((one + other) / 2)


def test_the_credit_is_the_area_under_the_stairs() -> None:
    ctx = replace(CTX, end_value=((2.0, 3.0), (1.0, 5.0)))
    assert terminal.credit(1.5, ctx) == 0
    assert terminal.credit(4.5, ctx) == pytest.approx(6.0)
    assert terminal.credit(9.5, ctx) == pytest.approx(11.0)
    assert terminal.credit(0.5, ctx) == pytest.approx(-2.0)
    assert terminal.mean_value_per_kwh(ctx) == pytest.approx(11 / 8)


def test_a_dear_day_to_come_keeps_the_battery_full_and_a_cheap_one_empties_it() -> None:
    frame = slots(START, [1.0] * 48 + [1.6] * 48, load_kwh=0.25, export_prices=[0.0] * 96)
    left = [
        make_plan(frame, replace(CTX, lookahead=after(hours))).schedule["soc_projected"][-1]
        for hours in ([4.0] * 24, [0.2] * 24)
    ]
    assert left == [pytest.approx(95.0), pytest.approx(15.0)]


def test_estimated_prices_are_never_in_the_plan() -> None:
    frame = slots(START, [1.0] * 96)
    plan = make_plan(frame, replace(CTX, lookahead=after([7.0] * 24)))
    assert plan.schedule.height == 96
    assert set(plan.schedule["import_price_per_kwh"]) == {1.0}
