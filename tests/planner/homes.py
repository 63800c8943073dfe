"""One generator of homes and horizons for every property test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from app.core.frames import SLOT, SLOTS
from app.planner.model.context import Context, HomeState, SafetyFactor
from app.settings import Settings

STARTS = [
    datetime(2026, 1, 15, 23, tzinfo=UTC),
    datetime(2025, 10, 25, 22, tzinfo=UTC),  # the day of 100 quarters
    datetime(2026, 3, 28, 23, tzinfo=UTC),  # the day of 92 quarters
    datetime(2026, 6, 20, 10, 45, tzinfo=UTC),
]
RUNNING = [None, "charge", "discharge", "export", "pv_charge", "hold"]


def series(count: int, low: float, high: float) -> st.SearchStrategy[list[float]]:
    """Flat, hourly steps, quarters, or flat with a few spikes."""
    number = st.floats(low, high).map(lambda value: round(value, 3))

    def stretched(slots: int) -> st.SearchStrategy[list[float]]:
        size = -(-count // slots)
        return st.lists(number, min_size=size, max_size=size).map(
            lambda values: [values[index // slots] for index in range(count)]
        )

    spikes = st.dictionaries(st.integers(0, count - 1), number, max_size=4)
    spiky = st.tuples(number, spikes).map(
        lambda drawn: [drawn[1].get(index, drawn[0]) for index in range(count)]
    )
    return st.one_of(number.map(lambda value: [value] * count), stretched(4), stretched(2), spiky)


def odd_or_shipped(draw: st.DrawFn) -> dict[str, Any]:
    """Draw every switch of the planner, or leave all at their defaults."""
    if draw(st.booleans()):
        return {}
    slots, ratio = st.integers(0, 6), st.sampled_from([0.0, 0.05, 0.3])
    percent, switch = st.sampled_from([0, 5, 15, 50, 100]), st.booleans()
    return {
        "charging": {
            "charge_threshold_percentile": draw(percent),
            "cheap_price_tolerance_per_kwh": draw(ratio),
            "price_smoothing_per_kwh": draw(ratio),
            "block_consolidation_tolerance_per_kwh": draw(ratio),
            "consolidation_max_gap_slots": draw(slots),
        },
        "strategic_charging": {
            "price_threshold_per_kwh": draw(st.sampled_from([-1, 0.9, 9])),
            "target_soc_percent": draw(percent),
        },
        "decision_thresholds": {
            "battery_use_margin_per_kwh": draw(ratio),
            "battery_water_margin_per_kwh": draw(ratio),
        },
        "smoothing": {
            "min_on_slots_charge": draw(slots),
            "min_off_slots_charge": draw(slots),
            "min_on_slots_discharge": draw(slots),
            "min_off_slots_discharge": draw(slots),
            "min_on_slots_export": draw(slots),
        },
        "arbitrage": {
            "enable_export": draw(switch),
            "export_profit_margin_per_kwh": draw(ratio),
            "protective_soc_strategy": draw(st.sampled_from(["gap_based", "fixed"])),
            "fixed_protective_soc_percent": draw(percent),
            "enable_peak_only_export": draw(switch),
            "export_percentile_threshold": draw(percent),
            "export_future_price_guard": draw(switch),
            "future_price_guard_buffer_per_kwh": draw(ratio),
        },
        "manual_planning": {
            "charge_target_percent": draw(percent),
            "export_target_percent": draw(percent),
            "override_hold_in_cheap": draw(switch),
            "force_discharge_on_deficit": draw(switch),
            "ignore_protective_guard": draw(switch),
        },
        "forecasting": {
            "pv_confidence_percent": draw(st.sampled_from([0, 90, 100])),
            "load_safety_margin_percent": draw(st.sampled_from([100, 110])),
        },
    }


def equipment(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a battery, a fuse, an inverter and a heater; each may be tiny or absent."""
    low = draw(st.sampled_from([0, 10, 15, 40]))
    return {
        "battery": {
            "capacity_kwh": draw(st.sampled_from([0, 1, 5, 10, 34, 40])),
            "min_soc_percent": low,
            "max_soc_percent": draw(st.sampled_from([low + 5, 95, 100])),
            "max_charge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "max_discharge_kw": draw(st.sampled_from([0.5, 5, 12])),
            "roundtrip_efficiency_percent": draw(st.sampled_from([25, 50, 81, 95, 100])),
            "wear_cost_per_kwh": draw(st.sampled_from([0, 0.2, 1])),
        },
        "grid": {
            "max_import_kw": draw(st.sampled_from([0.5, 3, 11, 25])),
            "max_export_kw": draw(st.sampled_from([0, 4, 25])),
        },
        "planner": {"engine": draw(st.sampled_from(["optimal", "cascade"]))},
        "inverter": {
            "max_power_kw": draw(st.sampled_from([3, 10])),
            "can_curtail_pv": draw(st.booleans()),
        },
        "water_heating": {
            "power_kw": draw(st.sampled_from([0, 1.5, 3])),
            "min_kwh_per_day": draw(st.sampled_from([0, 5.5, 6])),
            "max_blocks_per_day": draw(st.sampled_from([1, 2, 4])),
            "defer_up_to_hours": draw(st.sampled_from([0, 3, 12])),
            "plan_days_ahead": draw(st.sampled_from([0, 1, 2])),
        },
    }


@st.composite
def homes(draw: st.DrawFn, *, manual: bool = True) -> tuple[pl.DataFrame, Context]:
    """Draw planner input and context: odd batteries, fuses, prices and start levels included."""
    count = draw(st.one_of(st.sampled_from([1, 2, 92, 96, 100, 200]), st.integers(1, 200)))
    start = draw(st.sampled_from(STARTS))
    prices = draw(series(count, -1, 8))
    exports = draw(st.one_of(series(count, -1, 6), st.just([p - 0.5 for p in prices])))
    sun = draw(st.one_of(st.just([0.0] * count), series(count, 0, 2.5)))
    actions = st.sampled_from([None, None, None, "charge", "hold", "export", "water"])
    blocks = draw(st.lists(actions, min_size=count // 8 + 1, max_size=count // 8 + 1))
    target = draw(st.sampled_from([None, None, 20.0, 80.0]))
    power = draw(st.sampled_from([None, None, 0.4, 2.5]))
    frame = pl.DataFrame(
        {
            "slot_start": [start + SLOT * index for index in range(count)],
            "import_price_per_kwh": prices,
            "export_price_per_kwh": exports,
            "pv_kwh": sun,
            "load_kwh": draw(series(count, 0, 3)),
            "manual_action": [blocks[i // 8] if manual else None for i in range(count)],
            "manual_target_soc_percent": [target] * count,
            "manual_power_kw": [power] * count,
        },
        schema=SLOTS,
    )
    context = Context(
        settings=Settings(**equipment(draw), **odd_or_shipped(draw)),
        home=HomeState(
            soc_percent=draw(st.sampled_from([0, 5, 15, 50, 95, 100])),
            water_used_today_kwh=draw(st.sampled_from([0, 4.5, 9])),
            water_owed_kwh=draw(st.sampled_from([0, 0, 1.5])),
            running_classification=draw(st.sampled_from(RUNNING)),
            running_water_until=draw(st.sampled_from([None, start + timedelta(minutes=30)])),
        ),
        safety=SafetyFactor(draw(st.sampled_from([0.0, 1.0, 1.05, 1.5]))),
        discharge_allowed=draw(st.sampled_from([True, True, True, False])),
    )
    return frame, context
