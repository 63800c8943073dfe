"""What a battery's charge level cannot be, and what a level that stays does not prove."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import SLOT
from app.ingest.home import meters
from app.ingest.home.charge_level import (
    Company,
    Followed,
    Move,
    Point,
    Reach,
    believed,
    constancy,
    doubt,
    followed,
)
from app.ingest.home.consumption import POINTS
from app.ingest.home.meters import SOC, Meter, Record
from app.settings import Battery

T0 = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BATTERY = Battery(capacity_kwh=10, max_charge_kw=5, max_discharge_kw=5)
REACH = Reach.of(BATTERY)
STAYED = Followed(63.5, 0)


def at(*said: tuple[float, float | None]) -> list[Point]:
    """Readings by their minute after ``T0``."""
    return [(T0 + minute * MINUTE, value) for minute, value in said]


def kept(*said: tuple[float, float | None], until: float) -> list[float | None]:
    return [value for _, value in believed(at(*said), REACH, until=T0 + until * MINUTE)]


def test_a_jump_and_back_within_seconds_is_left_out() -> None:
    said = ((0, 63.5), (0.02, 0.0), (0.04, 100.0), (0.05, 63.5), (5, 63.4))
    assert kept(*said, until=5) == [63.5, 63.5, 63.4]


def test_what_lasts_is_believed_from_its_beginning() -> None:
    said = ((0, 63.5), (1, 20.0), (6, 19.5), (11, 19.0))
    assert kept(*said, until=10.9) == [63.5, 20.0, 19.5, 19.0]
    assert kept(*said[:3], until=10.9) == [63.5], "nine minutes and 54 seconds"
    assert kept(*said[:2], until=11) == [63.5, 20.0], "said once, and in force for ten minutes"


def test_a_sensor_that_leaps_about_never_counts() -> None:
    leaps = [(float(minute), 100.0 * (minute % 2)) for minute in range(1, 30)]
    assert kept((0, 50), *leaps, until=30) == [50]


def test_what_a_battery_can_do_is_believed_and_an_outage_gives_it_time() -> None:
    assert kept((0, 50), (30, 90), until=30) == [50, 90], "75 % an hour with the slack"
    assert kept((0, 50), (10, 90), until=10) == [50]
    assert kept((0, 50), (1, None), (60, 95), until=60) == [50, None, 95]


@given(
    st.lists(st.tuples(st.floats(0, 600), st.one_of(st.none(), st.floats(0, 100))), max_size=40),
    st.floats(0, 60),
)
def test_nothing_is_invented_and_nothing_is_out_of_order(
    said: list[tuple[float, float | None]], more: float
) -> None:
    points = at(*sorted(said, key=lambda each: each[0]))
    until = (points[-1][0] if points else T0) + more * MINUTE
    found = believed(points, REACH, until=until)
    assert [each[0] for each in found] == sorted(each[0] for each in found)
    left = list(points)
    for each in found:
        left.remove(each)
    assert all(value is not None for _, value in left)


def test_the_recorder_writes_no_jump_at_the_end_of_a_quarter() -> None:
    said = at((0, 63.5), (14.98, 0.0), (15.02, 63.5), (29, 63.0))
    record = Record(pl.DataFrame(said, schema=POINTS, orient="row"), "%", T0 + 2 * SLOT)
    slots = pl.Series([T0, T0 + SLOT])

    def levels(reach: Reach | None) -> list[float | None]:
        meter = Meter(SOC, "sensor.soc", reach=reach)
        return meters.measured(meter, record, slots, most_kwh=9)["value"].to_list()

    assert levels(None) == [0.0, 63.0]
    assert levels(REACH) == [63.5, 63.0]


def test_a_level_is_followed_along_its_moves_and_stays_within_the_battery() -> None:
    charging = [Move(T0 + i * SLOT, T0 + (i + 1) * SLOT, 4.0, 0.0) for i in range(8)]
    one_way = 0.95**0.5
    now = T0 + 2 * HOUR
    assert followed(50, T0 + SLOT / 2, charging[:1], BATTERY, now=now).percent == pytest.approx(
        50 + 5 * one_way
    )
    full = followed(97, T0, charging, BATTERY, now=now)
    assert (full.percent, full.moved_percent) == (100, 3), "planned again and again at its end"
    there_and_back = [charging[0], Move(T0 + SLOT, T0 + 2 * SLOT, 0.0, 4.0)]
    back = followed(50, T0, there_and_back, BATTERY, now=T0 + SLOT + SLOT / 2)
    assert back.moved_percent == pytest.approx(10 * one_way)


@pytest.mark.parametrize(
    ("hours", "company", "moved", "why"),
    [
        (0.2, Company(), Followed(40, 23), ""),
        (5, Company(), STAYED, ""),
        (5, Company(), Followed(55, 8.5), ""),
        (5, Company(), Followed(40, 23.5), "frozen"),
        (5, Company(T0 + 4.9 * HOUR), STAYED, ""),
        (5, Company(T0 + 4.9 * HOUR), Followed(40, 23.5), "frozen"),
        (5, Company(T0 + 1 * HOUR, is_lively=True), STAYED, "its bridge is gone"),
        (5, Company(T0 + 3.5 * HOUR, is_lively=True), STAYED, ""),
        (5, Company(T0 + 1 * HOUR, is_lively=False), STAYED, ""),
        (23, Company(), STAYED, ""),
        (25, Company(), STAYED, "no battery keeps"),
        (72, Company(T0 + 71.5 * HOUR), STAYED, ""),
    ],
)
def test_silence_is_told_from_constancy(
    hours: float, company: Company, moved: Followed, why: str
) -> None:
    found = doubt(63.5, T0, company, moved, now=T0 + hours * HOUR)
    assert (why in found) if why else (found == "")


def test_why_a_level_that_stays_is_believed_is_said() -> None:
    now = T0 + 5 * HOUR
    assert constancy(now - MINUTE, Company(), now=now) == ""
    assert "5 hours; its device" in constancy(T0, Company(now - MINUTE), now=now)
    assert "90 minutes; nothing" in constancy(now - 1.5 * HOUR, Company(), now=now)
