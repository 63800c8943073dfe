"""The house's own days become its next days, by wall clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.clock import day_slots
from app.frames import check
from app.ingest.load_forecast import LOAD, NotEnoughHistoryError, flat, from_history, whole_days

ZONE = ZoneInfo("Europe/Stockholm")
MONDAY = date(2026, 3, 16)


def _history(days: list[date], load: Callable[[datetime], float]) -> pl.DataFrame:
    slots = [slot for day in days for slot in day_slots(day, ZONE)]
    loads = [load(slot.astimezone(ZONE)) for slot in slots]
    return pl.DataFrame({"slot_start": slots, "load_kwh": loads}, schema=LOAD)


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=i) for i in range(count)]


def _by_hour(local: datetime) -> float:
    return local.hour / 10


def _weekend_is_ten(local: datetime) -> float:
    return 10.0 if local.weekday() >= 5 else 1.0


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 92), (date(2025, 10, 26), 100)])
def test_the_profile_follows_the_wall_clock_on_days_of_23_and_25_hours(
    day: date, count: int
) -> None:
    slots = day_slots(day, ZONE)
    out = from_history(_history(_days(MONDAY, 7), _by_hour), slots=slots, zone=ZONE)
    check(out.lazy(), LOAD, by="load")
    assert out.height == count
    assert out["load_kwh"].to_list() == pytest.approx(
        [_by_hour(slot.astimezone(ZONE)) for slot in slots]
    )


def test_weekdays_and_weekend_have_their_own_profile_when_there_are_enough_days() -> None:
    history = _history(_days(MONDAY, 7), _weekend_is_ten)
    for day, load in ((date(2026, 3, 28), 10.0), (date(2026, 3, 27), 1.0)):
        out = from_history(history, slots=day_slots(day, ZONE), zone=ZONE)
        assert set(out["load_kwh"]) == {load}


@pytest.mark.parametrize("hour", [3, 11, 20])
@pytest.mark.parametrize("days", [0, 5, 6])
def test_the_weekend_keeps_its_profile_while_it_lasts(days: int, hour: int) -> None:
    # Seven days back from Saturday noon are two half Saturdays and a Sunday.
    end = datetime(2026, 3, 16, hour, tzinfo=UTC) + timedelta(days=days)
    history = _history(_days(MONDAY - timedelta(days=8), 16), _weekend_is_ten).filter(
        pl.col("slot_start").is_between(end - timedelta(days=7), end, closed="left")
    )
    for day, load in ((date(2026, 3, 22), 10.0), (date(2026, 3, 23), 1.0)):
        out = from_history(history, slots=day_slots(day, ZONE), zone=ZONE)
        assert set(out["load_kwh"]) == {load}


def test_one_weekend_day_is_too_few_for_a_profile_of_its_own() -> None:
    history = _history(_days(MONDAY, 6), _weekend_is_ten)
    out = from_history(history, slots=day_slots(date(2026, 3, 28), ZONE), zone=ZONE)
    assert out["load_kwh"].to_list() == pytest.approx([(5 * 1.0 + 10.0) / 6] * 96)


def test_a_single_day_is_enough() -> None:
    out = from_history(
        _history([MONDAY], _by_hour), slots=day_slots(date(2026, 3, 21), ZONE), zone=ZONE
    )
    assert out["load_kwh"].sum() == pytest.approx(sum(range(24)) * 4 / 10)


def test_missing_quarters_are_filled_from_their_neighbours_also_around_midnight() -> None:
    history = _history([MONDAY], lambda local: 2.0 if local.hour < 12 else 4.0)
    gaps = [*range(2), *range(47, 49), 95]
    history = history.with_row_index().filter(~pl.col("index").is_in(gaps)).drop("index")
    out = from_history(history, slots=day_slots(date(2026, 3, 17), ZONE), zone=ZONE)
    loads = out["load_kwh"].to_list()
    assert loads[47:49] == pytest.approx([2 + 2 / 3, 2 + 4 / 3])
    assert [loads[95], loads[0], loads[1]] == pytest.approx([3.5, 3.0, 2.5])


def test_less_than_one_whole_day_is_refused_by_name() -> None:
    half_days = _history(_days(MONDAY, 4), _by_hour).filter(
        pl.col("slot_start").dt.convert_time_zone(ZONE.key).dt.hour() < 12
    )
    with pytest.raises(NotEnoughHistoryError, match="192 quarters"):
        from_history(half_days, slots=day_slots(MONDAY, ZONE), zone=ZONE)
    with pytest.raises(NotEnoughHistoryError):
        from_history(pl.DataFrame(schema=LOAD), slots=day_slots(MONDAY, ZONE), zone=ZONE)


def test_a_day_of_23_hours_counts_as_whole() -> None:
    assert whole_days(_history([date(2026, 3, 29)], _by_hour), ZONE) == [date(2026, 3, 29)]


def test_only_the_daily_energy_known_is_spread_evenly() -> None:
    out = flat(19.2, slots=day_slots(MONDAY, ZONE))
    check(out.lazy(), LOAD, by="load")
    assert out["load_kwh"].to_list() == pytest.approx([0.2] * 96)
