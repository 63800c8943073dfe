"""Recorded states become energy per slot, and gaps stay gaps."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.core.errors import UpstreamError
from app.core.frames import check
from app.ingest.home.consumption import (
    CONSUMPTION,
    POINTS,
    consumption,
    most_kwh_per_slot,
    points_of,
)
from app.settings import Grid, Inverter

START = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
NOW = START + timedelta(hours=12)


def _points(rows: list[tuple[float, float | None]]) -> pl.DataFrame:
    """Points at minutes after START."""
    return pl.DataFrame(
        [(START + timedelta(minutes=minute), value) for minute, value in rows],
        schema=POINTS,
        orient="row",
    )


def _loads(rows: list[tuple[float, float | None]], unit: str) -> dict[float, float]:
    """kWh by minutes after START."""
    frame = consumption(_points(rows), unit=unit, entity_id="sensor.x", now=NOW, most_kwh=9.625)
    check(frame.lazy(), CONSUMPTION, by="consumption")
    return {(start - START).total_seconds() / 60: kwh for start, kwh in frame.iter_rows()}


@pytest.mark.parametrize(("unit", "scale"), [("kWh", 1.0), ("Wh", 1000.0), ("MWh", 0.001)])
def test_a_counter_in_any_unit_is_differenced(unit: str, scale: float) -> None:
    rows = [(0.0, 100 * scale), (15.0, 100.25 * scale), (30.0, 101 * scale)]
    assert _loads(list(rows), unit) == pytest.approx({0: 0.25, 15: 0.75})


def test_a_rise_across_slots_is_spread_by_time_and_loses_nothing() -> None:
    loads = _loads([(0, 5.0), (10, 5.1), (40, 6.0), (60, 6.2)], "kWh")
    assert loads == pytest.approx({0: 0.25, 15: 0.45, 30: 0.35, 45: 0.15})
    assert sum(loads.values()) == pytest.approx(1.2)


def test_a_reset_counter_starts_again_from_zero() -> None:
    assert _loads([(0, 99.0), (15, 99.5), (30, 0.25), (45, 0.5)], "kWh") == pytest.approx(
        {0: 0.5, 15: 0.25, 30: 0.25}
    )


@pytest.mark.parametrize("dip", [0.0, 3.0, 9.9, None])
def test_a_reading_the_counter_takes_back_is_no_reset_and_adds_nothing(dip: float | None) -> None:
    # Taken for a reset, the zero would be ten kWh in five minutes.
    loads = _loads([(0, 9.75), (15, 10.0), (25, dip), (30, 10.25), (45, 10.5)], "kWh")
    assert loads == pytest.approx({0: 0.25, 15: 0.25, 30: 0.25})


def test_a_counter_that_jitters_back_a_little_has_not_been_reset() -> None:
    loads = _loads([(0, 20.0), (15, 19.9), (30, 19.95), (45, 20.4)], "kWh")
    assert loads == pytest.approx({0: 0, 15: 0.05, 30: 0.45})


def test_a_reset_soon_after_another_is_still_one() -> None:
    # The meter of an hour: an hour later it shows as much as before.
    loads = _loads([(0, 0.5), (30, 1.0), (45, 0.0), (90, 1.0)], "kWh")
    assert sum(loads.values()) == pytest.approx(0.5 + 1.0)


def test_a_leap_no_fuse_would_carry_is_dropped_with_its_time() -> None:
    loads = _loads([(0, 1000.0), (15, 1000.2), (30, 1500.0), (45, 1500.2)], "kWh")
    assert loads == pytest.approx({0: 0.2, 30: 0.2})


def test_a_silence_of_hours_leaves_a_gap() -> None:
    loads = _loads([(0, 1.0), (15, 1.1), (210, 9.0), (225, 9.1)], "kWh")
    assert loads == pytest.approx({0: 0.1, 210: 0.1})


def test_a_counter_of_whole_kwh_is_not_silent_at_night() -> None:
    """Ten hours from one digit to the next are ten hours of base load, not an outage."""
    loads = _loads([(0, 100), (60, 101), (660, 102), (720, 103)], "kWh")
    assert sum(loads.values()) == pytest.approx(3)
    assert loads[60] == pytest.approx(1 / 40)


def test_an_outage_of_a_coarse_counter_is_still_a_gap() -> None:
    """Six steps at once say that readings are missing."""
    loads = _loads([(0, 100), (60, 101), (120, 102), (480, 108), (540, 109)], "kWh")
    assert 120 not in loads
    assert sum(loads.values()) == pytest.approx(3)


@pytest.mark.parametrize(("fuse_kw", "seen"), [(11.0, 1), (60.0, 2)])
def test_what_fuse_and_inverter_cannot_carry_is_no_load(fuse_kw: float, seen: int) -> None:
    """Eight kWh in a quarter are 32 kW: through a fuse of 16 A they are a broken meter."""
    most_kwh = most_kwh_per_slot(Grid(max_import_kw=fuse_kw), Inverter(max_power_kw=10))
    points = _points([(0, 10), (15, 18), (30, 18.5)])
    frame = consumption(points, unit="kWh", entity_id="sensor.x", now=NOW, most_kwh=most_kwh)
    assert frame.height == seen


def test_an_hour_without_the_counter_is_bridged_by_its_total() -> None:
    loads = _loads([(0, 1.0), (15, None), (60, 1.8)], "kWh")
    assert loads == pytest.approx({0: 0.2, 15: 0.2, 30: 0.2, 45: 0.2})


@pytest.mark.parametrize(("unit", "value"), [("W", 800.0), ("kW", 0.8)])
def test_a_power_holds_until_the_next_state(unit: str, value: float) -> None:
    loads = _loads([(0, value), (22.5, value * 2), (45, 0)], unit)
    assert loads[0] == pytest.approx(0.2)
    assert loads[15] == pytest.approx(0.3)
    assert loads[30] == pytest.approx(0.4)


def test_an_unavailable_power_meter_leaves_a_gap_not_a_zero() -> None:
    loads = _loads([(0, 400), (15, None), (45, 400), (60, 400), (75, None)], "W")
    assert loads == pytest.approx({0: 0.1, 45: 0.1, 60: 0.1})


def test_a_negative_power_is_no_load() -> None:
    assert _loads([(0, 400), (15, -2000), (30, 400), (45, None)], "W") == pytest.approx(
        {0: 0.1, 30: 0.1}
    )


def test_the_last_power_holds_until_now_and_not_longer() -> None:
    frame = consumption(
        _points([(0, 400), (15, 800)]),
        unit="W",
        entity_id="sensor.x",
        now=START + timedelta(minutes=35),
        most_kwh=9.625,
    )
    assert frame["load_kwh"].to_list() == pytest.approx([0.1, 0.2])


def test_a_state_sent_twice_counts_once() -> None:
    assert _loads([(0, 1.0), (15, 2.0), (15, 2.0), (30, 3.0)], "kWh") == {0: 1.0, 15: 1.0}


@pytest.mark.parametrize("unit", ["", "%", "J", "kwh"])
def test_an_unknown_unit_is_refused_by_name(unit: str) -> None:
    with pytest.raises(UpstreamError, match=r"sensor\.x has unit .*Wh, kWh, MWh, W, kW"):
        _loads([(0, 1.0), (15, 2.0)], unit)


@pytest.mark.parametrize("rows", [[], [(0.0, 1.0)], [(0.0, None), (15.0, None)]])
def test_nothing_usable_is_an_error(rows: list[tuple[float, float | None]]) -> None:
    with pytest.raises(UpstreamError, match="no usable history"):
        _loads(rows, "kWh")


def test_a_history_reply_becomes_points_with_nulls_for_words() -> None:
    rows = [
        {"entity_id": "sensor.x", "state": "1.5", "last_changed": "2026-03-29T01:30:00+00:00"},
        {"state": "unavailable", "last_changed": "2026-03-29T03:45:00+02:00"},
        {"state": "nan", "last_updated": "2026-03-29T02:00:00Z"},
    ]
    points = points_of([rows], "sensor.x", unit="kWh")
    assert points["value"].to_list() == [1.5, None, None]
    assert points["at"].to_list() == [START + timedelta(minutes=m) for m in (90, 105, 120)]
    assert points_of([], "sensor.x", unit="kWh").is_empty()
    assert points_of([[]], "sensor.x", unit="kWh").is_empty()


@pytest.mark.parametrize(
    "reply",
    [
        [[{"state": "1"}]],
        [[{"state": "1", "last_changed": "yesterday"}]],
        [[{"state": "1", "last_changed": "2026-03-29T02:00:00"}]],
        [["x"]],
        [{"a": 1}],
    ],
)
def test_a_history_of_another_shape_is_refused(reply: object) -> None:
    with pytest.raises(UpstreamError, match=r"unexpected history of sensor\.x"):
        points_of(reply, "sensor.x", unit="kWh")
