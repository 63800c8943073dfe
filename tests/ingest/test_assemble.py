"""Planner input is joined by slot start, and covers what prices cover."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.core.errors import FrameError, InputError
from app.core.frames import FORECAST, PRICES, SLOT, SLOTS, UTC_TIME
from app.gather.assemble import assemble, require_now
from app.gather.manual_slots import manual_frame

START = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)


def _slots(indices: range | list[int]) -> list[datetime]:
    return [START + SLOT * i for i in indices]


def _prices(indices: range | list[int]) -> pl.LazyFrame:
    rows = [(START + SLOT * i, 0.1 * i, 0.2 * i, 0.1 * i) for i in indices]
    return pl.LazyFrame(rows, schema=PRICES, orient="row")


def _forecast(indices: range | list[int]) -> pl.LazyFrame:
    rows = [(START + SLOT * i, 0.01 * i, 0.02 * i) for i in indices]
    return pl.LazyFrame(rows, schema=FORECAST, orient="row")


def test_values_meet_by_slot_start_whatever_their_order() -> None:
    out = assemble(
        _prices([3, 1, 0, 2]),
        _forecast([2, 0, 3, 1]),
        manual_frame([]).lazy(),
        start=START,
        hours=48,
    ).collect()
    assert out.schema == SLOTS
    assert out["slot_start"].to_list() == _slots(range(4))
    assert out["import_price_per_kwh"].to_list() == pytest.approx([0.0, 0.2, 0.4, 0.6])
    assert out["pv_kwh"].to_list() == pytest.approx([0.0, 0.01, 0.02, 0.03])
    assert out["manual_action"].null_count() == 4


def test_the_horizon_ends_where_prices_have_a_gap() -> None:
    out = assemble(
        _prices([*range(10), *range(12, 30)]),
        _forecast(range(30)),
        manual_frame([]).lazy(),
        start=START,
        hours=48,
    )
    assert out.collect().height == 10


def test_the_horizon_ends_after_the_configured_hours() -> None:
    out = assemble(
        _prices(range(100)), _forecast(range(100)), manual_frame([]).lazy(), start=START, hours=2
    )
    assert out.collect()["slot_start"].to_list() == _slots(range(8))


def test_prices_of_the_past_are_left_out() -> None:
    out = assemble(
        _prices(range(-8, 8)), _forecast(range(8)), manual_frame([]).lazy(), start=START, hours=48
    )
    assert out.collect()["slot_start"][0] == START


def test_the_night_with_25_hours_keeps_every_slot() -> None:
    out = assemble(
        _prices(range(200)), _forecast(range(200)), manual_frame([]).lazy(), start=START, hours=48
    ).collect()
    assert out.height == 192
    assert out["slot_start"].is_unique().all()


def test_a_missing_forecast_is_never_filled_with_zero() -> None:
    out = assemble(
        _prices(range(4)), _forecast([0, 1, 3]), manual_frame([]).lazy(), start=START, hours=48
    ).collect()
    assert out["pv_kwh"].to_list() == pytest.approx([0.0, 0.01, None, 0.03])
    assert out["load_kwh"][2] is None


def test_manual_slots_land_in_their_own_slot() -> None:
    manual = pl.LazyFrame(
        {
            "slot_start": [START + SLOT * 2],
            "manual_action": ["charge"],
            "manual_target_soc_percent": [80.0],
            "manual_power_kw": [2.5],
        },
        schema={
            "slot_start": UTC_TIME,
            "manual_action": pl.String(),
            "manual_target_soc_percent": pl.Float64(),
            "manual_power_kw": pl.Float64(),
        },
    )
    out = assemble(_prices(range(4)), _forecast(range(4)), manual, start=START, hours=48).collect()
    assert out["manual_action"].to_list() == [None, None, "charge", None]
    assert out["manual_target_soc_percent"].to_list() == [None, None, 80.0, None]


def test_without_a_price_for_the_slot_in_progress_there_is_no_plan() -> None:
    out = assemble(
        _prices(range(1, 8)), _forecast(range(8)), manual_frame([]).lazy(), start=START, hours=48
    ).collect()
    with pytest.raises(InputError, match="2026-10-24 21:30"):
        require_now(out, start=START)
    later = START + timedelta(minutes=15)
    assert require_now(_as_slots(later), start=later).height == 1


def _as_slots(start: datetime) -> pl.DataFrame:
    return pl.DataFrame({"slot_start": [start]}, schema={"slot_start": UTC_TIME})


def test_a_frame_of_another_shape_is_refused_before_a_row_is_read() -> None:
    with pytest.raises(FrameError, match="forecast"):
        assemble(
            _prices(range(2)),
            _forecast(range(2)).drop("load_kwh"),
            manual_frame([]).lazy(),
            start=START,
            hours=1,
        )
