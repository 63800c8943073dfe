"""The house's own days become its next days, by wall clock."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.core.clock import day_slots
from app.core.frames import check
from app.forecast.day_class import HomeCalendar
from app.forecast.load import (
    LOAD,
    LoadForecast,
    NotEnoughHistoryError,
    flat,
    from_history,
    whole_days,
)
from app.ingest import demo
from app.ingest.home.consumption import CONSUMPTION
from benchmarks import load_forecast as bench

ZONE = ZoneInfo("Europe/Stockholm")
SWEDEN = HomeCalendar(ZONE, "SE")
MONDAY = date(2026, 3, 16)


def _history(days: list[date], load: Callable[[datetime], float]) -> pl.DataFrame:
    slots = [slot for day in days for slot in day_slots(day, ZONE)]
    loads = [load(slot.astimezone(ZONE)) for slot in slots]
    return pl.DataFrame({"slot_start": slots, "load_kwh": loads}, schema=CONSUMPTION)


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=i) for i in range(count)]


def _forecast(
    history: pl.DataFrame, day: date, temperature_c: Mapping[date, float] | None = None
) -> LoadForecast:
    slots = day_slots(day, ZONE)
    out = from_history(history, slots=slots, calendar=SWEDEN, temperature_c=temperature_c)
    check(out.frame.lazy(), LOAD, by="load")
    assert out.frame["slot_start"].to_list() == slots
    assert out.frame["load_kwh"].is_not_null().all()
    return out


def _mean_kwh(history: pl.DataFrame, day: date) -> float:
    mean = _forecast(history, day).frame["load_kwh"].mean()
    assert isinstance(mean, float)
    return mean


def _by_hour(local: datetime) -> float:
    """A ramp up to noon and down again, without a step that smoothing would round off."""
    minutes = local.hour * 60 + local.minute
    return 0.2 + min(minutes, 1440 - minutes) / 1440


def _weekend_is_ten(local: datetime) -> float:
    return 10.0 if local.weekday() >= 5 else 1.0


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 92), (date(2025, 10, 26), 100)])
def test_the_profile_follows_the_wall_clock_on_days_of_23_and_25_hours(
    day: date, count: int
) -> None:
    """A planted profile comes back by wall clock, whatever the day's length."""
    out = _forecast(_history(_days(day - timedelta(days=14), 14), _by_hour), day).frame
    assert out.height == count
    planted = [_by_hour(slot.astimezone(ZONE)) for slot in day_slots(day, ZONE)]
    assert out["load_kwh"].to_list() == pytest.approx(planted, abs=0.01)


def test_a_history_with_both_odd_days_keeps_its_profile() -> None:
    """The missing and the doubled hour of past days disturb no other hour."""
    for odd in (date(2026, 3, 29), date(2025, 10, 26)):
        out = _forecast(_history(_days(odd - timedelta(days=3), 7), _by_hour), odd).frame
        planted = [_by_hour(slot.astimezone(ZONE)) for slot in day_slots(odd, ZONE)]
        assert out["load_kwh"].to_list() == pytest.approx(planted, abs=0.01)


def test_weekdays_and_weekend_grow_apart_with_the_days_known() -> None:
    """One weekend leans on all days; after two months each class stands nearly by itself."""
    saturday, friday = date(2026, 3, 28), date(2026, 3, 27)
    for count, weekend_at_least, weekday_at_most in ((14, 5.0, 3.0), (56, 6.8, 2.2)):
        history = _history(_days(friday - timedelta(days=count), count), _weekend_is_ten)
        assert _mean_kwh(history, saturday) > weekend_at_least
        assert _mean_kwh(history, friday) < weekday_at_most


def test_a_public_holiday_is_a_day_off() -> None:
    """Epiphany, a Tuesday, and Christmas Eve, a Thursday, are forecast like Sundays."""
    for holiday in (date(2026, 1, 6), date(2026, 12, 24)):
        history = _history(_days(holiday - timedelta(days=21), 21), _weekend_is_ten)
        workday = holiday - timedelta(days=14)
        assert _mean_kwh(history, holiday) > 2 * _mean_kwh(history, workday)


def test_a_country_nobody_knows_has_no_holidays() -> None:
    """The forecast then tells weekdays and weekend apart, nothing more."""
    frame = pl.DataFrame({"slot_start": [datetime(2026, 1, 6, 12, tzinfo=UTC)]})
    assert HomeCalendar(ZONE, "XX").classed(frame)["is_free"].to_list() == [False]
    assert HomeCalendar.of(ZONE, "SE4").classed(frame)["is_free"].to_list() == [True]


def test_recent_days_count_more() -> None:
    """A home that doubled its use two weeks ago is near the new level, not the mean of both."""
    new = MONDAY + timedelta(days=28)
    history = _history(_days(MONDAY, 42), lambda local: 2.0 if local.date() >= new else 1.0)
    assert 1.7 < _mean_kwh(history, MONDAY + timedelta(days=42)) < 2.0


def test_a_single_day_is_enough() -> None:
    """The day's energy is kept; of a spread nothing is claimed."""
    out = _forecast(_history([MONDAY], _by_hour), date(2026, 3, 21)).frame
    planted = sum(_by_hour(slot.astimezone(ZONE)) for slot in day_slots(MONDAY, ZONE))
    assert out["load_kwh"].sum() == pytest.approx(planted)
    assert out["p10_kwh"].is_null().all()
    assert out["p90_kwh"].is_null().all()


def test_missing_quarters_are_filled_from_their_neighbours_also_around_midnight() -> None:
    """A constant home stays constant over gaps, at noon as at midnight."""
    history = _history([MONDAY], lambda _: 2.0).with_row_index()
    history = history.filter(~pl.col("index").is_in([0, 1, 47, 48, 95])).drop("index")
    out = _forecast(history, date(2026, 3, 17)).frame
    assert out["load_kwh"].to_list() == pytest.approx([2.0] * 96)


def test_less_than_one_whole_day_is_refused_by_name() -> None:
    """Half days are not enough, nor is nothing."""
    half_days = _history(_days(MONDAY, 4), _by_hour).filter(
        pl.col("slot_start").dt.convert_time_zone(ZONE.key).dt.hour() < 12
    )
    with pytest.raises(NotEnoughHistoryError, match="192 quarters"):
        _forecast(half_days, MONDAY)
    with pytest.raises(NotEnoughHistoryError):
        _forecast(pl.DataFrame(schema=CONSUMPTION), MONDAY)


def test_an_outlier_is_cut_and_a_habit_is_not() -> None:
    """One leap of 8 kWh is masked; a sauna of 2.5 kWh every Saturday stays in the mean."""
    plain = _history(_days(MONDAY, 28), lambda _: 0.2)
    leap = datetime(2026, 4, 8, 12, 0, tzinfo=UTC)
    broken = plain.with_columns(
        load_kwh=pl.when(pl.col("slot_start") == leap).then(8.0).otherwise("load_kwh")
    )
    out = _forecast(broken, date(2026, 4, 13))
    assert out.slots_cut == 1
    assert out.frame["load_kwh"].max() < 0.35  # type: ignore[operator]
    sauna = _history(
        _days(MONDAY, 28),
        lambda local: 2.5 if local.weekday() == 5 and local.hour == 18 else 0.2,
    )
    kept = _forecast(sauna, date(2026, 4, 18))
    assert kept.slots_cut == 0
    assert kept.frame["load_kwh"].max() > 0.7  # type: ignore[operator]


def _noisy(days: list[date], celsius: Mapping[date, float], kwh_per_degree: float) -> pl.DataFrame:
    """A home with a daily mood, and heating below 17 degrees where ``kwh_per_degree`` is not 0."""
    chance = random.Random(4)  # noqa: S311 - a repeatable home, not a secret
    mood = {day: chance.uniform(0.9, 1.1) for day in days}
    return _history(
        days,
        lambda local: (
            _by_hour(local) * mood[local.date()]
            + kwh_per_degree * max(0.0, 17 - celsius[local.date()])
        ),
    )


def test_temperature_counts_only_where_it_is_planted() -> None:
    """A heated home meets a sudden frost; one without heating is not made to."""
    chance = random.Random(7)  # noqa: S311 - a repeatable home, not a secret
    days = _days(date(2026, 1, 7), 50)
    frost = days[-1] + timedelta(days=1)
    celsius = {day: chance.uniform(-5, 10) for day in days} | {frost: -15.0}
    heated = _noisy(days, celsius, 0.02)
    out = _forecast(heated, frost, celsius)
    assert out.kwh_per_degree_day == pytest.approx(0.02 * 96, rel=0.1)
    planted = sum(_by_hour(s.astimezone(ZONE)) + 0.02 * 32 for s in day_slots(frost, ZONE))
    assert out.frame["load_kwh"].sum() == pytest.approx(planted, rel=0.05)
    assert _forecast(heated, frost).kwh_per_degree_day == 0, "nobody knows how cold it is"
    plain = _forecast(_noisy(days, celsius, 0.0), frost, celsius)
    assert plain.kwh_per_degree_day == 0


def test_temperatures_of_too_few_days_decide_nothing() -> None:
    """A month of history with one week of temperatures is forecast without them."""
    days = _days(date(2026, 1, 7), 40)
    celsius = {day: float(index % 9) for index, day in enumerate(days)}
    known = {day: celsius[day] for day in days[-7:]}
    out = _forecast(_noisy(days, celsius, 0.05), days[-1] + timedelta(days=1), known)
    assert out.kwh_per_degree_day == 0


def test_eight_of_ten_outcomes_lie_inside_the_spread() -> None:
    """Drawn from the same distribution, the next days fall inside as often as promised."""
    chance = random.Random(1)  # noqa: S311 - a repeatable home, not a secret
    days = _days(MONDAY, 70)
    history = _history(days, lambda local: _by_hour(local) * chance.lognormvariate(0, 0.4))
    inside = []
    for day in days[-14:]:
        past = history.filter(pl.col("slot_start") < day_slots(day, ZONE)[0])
        out = _forecast(past, day).frame.join(history, on="slot_start", suffix="_real")
        assert (out["p10_kwh"] <= out["load_kwh"]).all()
        assert (out["p90_kwh"] >= out["load_kwh"]).all()
        real = out["load_kwh_real"].is_between(out["p10_kwh"], out["p90_kwh"])
        inside += real.to_list()
    assert sum(inside) / len(inside) == pytest.approx(0.8, abs=0.04)


def test_a_day_of_23_hours_counts_as_whole() -> None:
    """The spring day has all the quarters it can have."""
    assert whole_days(_history([date(2026, 3, 29)], _by_hour), ZONE) == [date(2026, 3, 29)]


def test_only_the_daily_energy_known_is_spread_evenly() -> None:
    """A configured daily energy claims no shape and no spread."""
    out = flat(19.2, slots=day_slots(MONDAY, ZONE))
    check(out.lazy(), LOAD, by="load")
    assert out["load_kwh"].to_list() == pytest.approx([0.2] * 96)
    assert out["p10_kwh"].is_null().all()


def test_on_a_real_home_the_forecast_beats_the_plain_mean_and_persistence() -> None:
    """A recorded household with a heat pump, causal over February: a tenth better than the mean."""
    slots = [slot for day in _days(date(2024, 1, 1), 60) for slot in day_slots(day, ZONE)]
    recorded = demo.sample_slots(slots, zone=ZONE, currency=demo.CURRENCY)
    result = bench.measure(recorded.select("slot_start", "load_kwh", "temperature_c"))
    errors = result.mean_absolute_error_kwh
    assert result.days == 30
    assert errors["new"] < 0.9 * errors["plain"] < 0.9 * errors["persistence_1"]
    assert abs(result.bias_kwh["new"]) < 0.04 * result.mean_kwh
    assert 0.7 < result.inside_ratio < 0.88
