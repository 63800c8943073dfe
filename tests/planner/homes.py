"""One generator of homes and horizons for every property test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from app.frames import SLOT, SLOTS
from app.planner.context import Context, HomeState
from app.settings import Settings

STARTS = [
    datetime(2026, 1, 15, 23, tzinfo=UTC),
    datetime(2025, 10, 25, 22, tzinfo=UTC),  # the day of 100 quarters
    datetime(2026, 3, 28, 23, tzinfo=UTC),  # the day of 92 quarters
    datetime(2026, 6, 20, 10, 45, tzinfo=UTC),
]


def series(count: int, low: float, high: float) -> st.SearchStrategy[list[float]]:
    """Random, flat, or hourly steps."""
    number = st.floats(low, high).map(lambda value: round(value, 3))
    hourly = st.lists(number, min_size=count // 4 + 1, max_size=count // 4 + 1).map(
        lambda hours: [hours[index // 4] for index in range(count)]
    )
    return st.one_of(number.map(lambda value: [value] * count), hourly)


@st.composite
def homes(draw: st.DrawFn, *, manual: bool = True) -> tuple[pl.DataFrame, Context]:
    """Draw planner input and context: odd batteries, fuses, prices and start levels included."""
    count = draw(st.sampled_from([1, 2, 7, 48, 92, 96, 100]))
    start = draw(st.sampled_from(STARTS))
    prices = draw(series(count, -1, 8))
    exports = draw(st.one_of(series(count, -1, 6), st.just([p - 0.5 for p in prices])))
    sun = draw(st.one_of(st.just([0.0] * count), series(count, 0, 2.5)))
    actions = st.sampled_from([None, None, None, "charge", "hold", "export", "water"])
    blocks = draw(st.lists(actions, min_size=count // 8 + 1, max_size=count // 8 + 1))
    frame = pl.DataFrame(
        {
            "slot_start": [start + SLOT * index for index in range(count)],
            "import_price_per_kwh": prices,
            "export_price_per_kwh": exports,
            "pv_kwh": sun,
            "load_kwh": draw(series(count, 0, 3)),
            "manual_action": [blocks[i // 8] if manual else None for i in range(count)],
            "manual_target_soc_percent": [None] * count,
        },
        schema=SLOTS,
    )
    low = draw(st.sampled_from([0, 10, 15, 40]))
    settings: dict[str, Any] = {
        "battery": {
            "capacity_kwh": draw(st.sampled_from([0, 1, 5, 10, 34])),
            "min_soc_percent": low,
            "max_soc_percent": draw(st.sampled_from([low + 5, 95, 100])),
            "max_charge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "max_discharge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "roundtrip_efficiency_percent": draw(st.sampled_from([50, 81, 95, 100])),
            "wear_cost_per_kwh": draw(st.sampled_from([0, 0.2, 1])),
        },
        "grid": {
            "max_import_kw": draw(st.sampled_from([3, 11, 25])),
            "max_export_kw": draw(st.sampled_from([0, 4, 25])),
        },
        "inverter": {"max_power_kw": 10, "can_curtail_pv": draw(st.booleans())},
        "water_heating": {"power_kw": draw(st.sampled_from([0, 3])), "min_kwh_per_day": 6},
        "arbitrage": {"enable_peak_only_export": draw(st.booleans())},
    }
    context = Context(
        settings=Settings(**settings),
        home=HomeState(
            soc_percent=draw(st.sampled_from([0, 5, 15, 50, 95, 100])),
            water_used_today_kwh=draw(st.sampled_from([0, 4.5, 9])),
            running_classification=draw(st.sampled_from([None, "charge", "discharge"])),
            running_water_until=draw(st.sampled_from([None, start + timedelta(minutes=30)])),
        ),
        discharge_allowed=draw(st.sampled_from([True, True, True, False])),
    )
    return frame, context
