"""Every price is the sum of its parts, whatever the tariff and the clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.frames import PRICE_PARTS, SLOT, UTC_TIME
from app.settings import Settings
from app.tariff.prices import quarters_before, tariffed, with_parts

IMPORT = ("spot_price", "spot_markup", "grid_transfer", "energy_tax", "vat")
EXPORT = ("spot_price", "export_vat", "export_fees", "export_credit")


def spot_frame(start: datetime, spot: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {"slot_start": [start + SLOT * i for i in range(len(spot))], "spot_price_per_kwh": spot},
        schema={"slot_start": UTC_TIME, "spot_price_per_kwh": pl.Float64()},
    )


def home(tariff: dict[str, Any] | None = None, **pricing: Any) -> Settings:
    free = {"vat_percent": 0, "grid_transfer_fee_per_kwh": 0, "energy_tax_per_kwh": 0}
    return Settings.model_validate({"pricing": {**free, **pricing}, "tariff": tariff or {}})


money = st.floats(-5, 5).map(lambda value: round(value, 4))
dates = st.dates(date(2025, 1, 1), date(2027, 12, 31))
conditions = st.fixed_dictionaries(
    {},
    optional={
        "months": st.lists(st.integers(1, 12), min_size=1, max_size=6),
        "days": st.lists(
            st.sampled_from(["mon", "sat", "sun", "workday", "weekend", "holiday"]), min_size=1
        ),
        "hours": st.sampled_from(["06-22", "22-06", "0-24", "17-18"]),
    },
)
amounts = st.fixed_dictionaries(
    {"per_kwh": money}, optional={"percent_of_spot": st.floats(-50, 50)}
)


@st.composite
def charges(draw: st.DrawFn, *, taxed: bool) -> list[dict[str, Any]]:
    """Rules that end in one without conditions; sometimes a change of price at a midnight."""
    extra = {"includes_vat": st.booleans()} if taxed else {}
    rules = [
        {**draw(amounts), **draw(conditions), **{name: draw(each) for name, each in extra.items()}}
        for _ in range(draw(st.integers(0, 2)))
    ]
    rules.append(draw(amounts))
    change = draw(st.none() | dates)
    if change is None:
        return rules
    before = [{**rule, "valid_to": change} for rule in rules]
    return [*before, {**draw(amounts), "valid_from": change + timedelta(days=1)}]


@st.composite
def tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """Any of the components, each left out now and then."""
    import_parts = ("spot_markup", "grid_transfer", "energy_tax")
    found: dict[str, Any] = {name: draw(charges(taxed=True)) for name in import_parts}
    found |= {name: draw(charges(taxed=False)) for name in ("export_fees", "export_credit")}
    found |= {"vat": draw(st.floats(0, 30)), "export_vat": draw(st.floats(0, 30))}
    left_out = draw(st.sets(st.sampled_from(sorted(found))))
    return {name: rules for name, rules in found.items() if name not in left_out}


@settings(deadline=None)
@given(
    tariffs(),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 30)),  # noqa: DTZ001 - made aware below
    st.lists(st.floats(-5, 20), min_size=1, max_size=110),
    st.sampled_from(["quarter", "hour"]),
)
def test_the_parts_always_add_up_to_the_price(
    tariff: dict[str, Any], begin: datetime, spot: list[float], billed_by: str
) -> None:
    start = begin.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    frame = with_parts(spot_frame(start, spot), home(tariff, billed_by=billed_by))
    assert frame.schema == PRICE_PARTS
    assert frame.height == len(spot)
    assert not any(frame[name].null_count() for name in frame.columns)
    for parts, price in ((IMPORT, "import_price_per_kwh"), (EXPORT, "export_price_per_kwh")):
        summed = sum((frame[f"{name}_per_kwh"] for name in parts), pl.Series([0.0] * len(spot)))
        # Relative to the parts: a sum of two tens that cancel keeps the rounding of a ten.
        size = max(1.0, *(float(frame[f"{name}_per_kwh"].abs().max()) for name in parts))  # type: ignore[arg-type]
        assert float((summed - frame[price]).abs().max()) <= 1e-12 * size  # type: ignore[arg-type]


def test_an_hour_that_is_billed_whole_has_the_mean_of_its_quarters() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame = with_parts(
        spot_frame(start, [1.0, 2.0, 3.0, 4.0, -1.0, -1.0, 1.0, 1.0]), home(billed_by="hour")
    )
    assert frame["import_price_per_kwh"].to_list() == [2.5] * 4 + [0.0] * 4
    assert frame["export_price_per_kwh"].to_list() == [2.5] * 4 + [0.0] * 4
    assert not frame["estimated"].any()


def test_the_two_hours_of_an_autumn_night_are_billed_apart() -> None:
    # 02:00 summer time and 02:00 winter time, then 03:00, in Stockholm.
    start = datetime(2026, 10, 25, 0, tzinfo=UTC)
    frame = with_parts(
        spot_frame(start, [1.0] * 4 + [2.0, 2.0, 4.0, 4.0] + [7.0] * 4), home(billed_by="hour")
    )
    assert frame["import_price_per_kwh"].to_list() == [1.0] * 4 + [3.0] * 4 + [7.0] * 4


def test_the_hour_after_a_spring_gap_is_billed_as_one_hour() -> None:
    # 01:00 winter time, then 03:00 summer time.
    start = datetime(2026, 3, 29, 0, tzinfo=UTC)
    frame = with_parts(spot_frame(start, [1.0, 1.0, 3.0, 3.0] + [8.0] * 4), home(billed_by="hour"))
    assert frame["import_price_per_kwh"].to_list() == [2.0] * 4 + [8.0] * 4


def test_an_hour_with_unknown_quarters_takes_the_known_ones_and_says_estimated() -> None:
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    frame = with_parts(spot_frame(start, [1.0, 2.0, 5.0]), home(billed_by="hour"))
    assert frame["import_price_per_kwh"].to_list() == [1.5, 1.5, 5.0]
    assert frame["estimated"].to_list() == [True, True, True]


def test_a_clock_hour_is_the_homes_own_where_zones_differ_by_half_an_hour() -> None:
    india = home(billed_by="hour").model_copy(update={"timezone": "Asia/Kolkata"})
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)  # 06:00 there
    frame = with_parts(spot_frame(start, [1.0, 2.0, 3.0, 4.0]), india)
    assert frame["import_price_per_kwh"].to_list() == [2.5] * 4


@pytest.mark.parametrize(("minute", "count"), [(0, 0), (15, 1), (45, 3)])
def test_the_quarters_of_the_hour_in_progress_are_asked_for(minute: int, count: int) -> None:
    slot = datetime(2026, 1, 1, 10, minute, tzinfo=UTC)
    asked = quarters_before(slot, home(billed_by="hour"))
    assert asked == [slot - SLOT * back for back in range(count, 0, -1)]
    assert quarters_before(slot, home()) == []


def test_the_tariff_does_not_read_what_it_is_not_given() -> None:
    """Already billed spot prices are not averaged again."""
    frame = spot_frame(datetime(2026, 1, 1, tzinfo=UTC), [1.0, 3.0]).with_columns(
        is_partial_hour=pl.lit(value=False)
    )
    assert tariffed(frame, home(billed_by="hour"))["import_price_per_kwh"].to_list() == [1.0, 3.0]
