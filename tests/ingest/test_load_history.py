"""The heater is taken out of the house's meter, to the watt-hour, whatever the meter's pace."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.core.frames import SLOT, UTC_TIME
from app.forecast import load_history
from app.forecast.ha_load import HouseRows
from app.forecast.load_history import WATER
from app.ingest.home.ha_statistics import ENERGY

START = datetime(2026, 3, 28, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def _house_kwh(start: datetime) -> float:
    return 0.1 + 0.02 * start.hour


def _water_kwh(start: datetime) -> float:
    """Three kilowatts for six quarters from 01:15 and three from 13:30."""
    minutes = start.hour * 60 + start.minute
    return 0.75 if 75 <= minutes < 165 or 810 <= minutes < 855 else 0.0


def _slots(hours: int) -> list[datetime]:
    return [START + SLOT * index for index in range(4 * hours)]


def _rows(hours: int, step: timedelta, *, with_water: bool = True) -> pl.DataFrame:
    """What a meter of the whole house counts in steps of five minutes or an hour."""

    def energy(begin: datetime) -> float:
        slots = [s for s in _slots(hours) if s < begin + step and begin < s + SLOT]
        share = min(1.0, step / SLOT)
        return share * sum(_house_kwh(s) + with_water * _water_kwh(s) for s in slots)

    begins = [START + step * index for index in range(int(timedelta(hours=hours) / step))]
    rows = [(begin, begin + step, energy(begin)) for begin in begins]
    return pl.DataFrame(rows, schema=ENERGY, orient="row")


def _water(hours: int, *, is_measured: bool = True) -> pl.DataFrame:
    rows = [(slot, _water_kwh(slot), is_measured) for slot in _slots(hours)]
    return pl.DataFrame(rows, schema=WATER, orient="row")


@pytest.mark.parametrize("is_measured", [True, False])
def test_the_heater_is_removed_to_a_thousandth(is_measured: bool) -> None:  # noqa: FBT001
    """Two days of quarters and two of hours before them give the house alone."""
    rows = HouseRows(
        load_history.quarters(_rows(96, FIVE).filter(pl.col("start") >= START + 48 * SLOT * 4)),
        _rows(96, timedelta(hours=1)),
        _water(96, is_measured=is_measured) if is_measured else pl.DataFrame(schema=WATER),
    )
    heated = pl.DataFrame(schema=WATER) if is_measured else _water(96, is_measured=False)
    out = rows.history(heated=heated, most_kwh=9.6)
    assert out["slot_start"].to_list() == _slots(96)
    house = sum(_house_kwh(slot) for slot in _slots(96))
    assert out["load_kwh"].sum() == pytest.approx(house, rel=1e-3)
    fine = out.filter(pl.col("slot_start") >= START + 48 * SLOT * 4)
    assert fine["load_kwh"].to_list() == pytest.approx(
        [_house_kwh(slot) for slot in fine["slot_start"]]
    )


def test_a_heater_planned_but_hot_already_takes_no_more_than_there_is() -> None:
    """Where only the plan says it ran, the house does not go below nothing."""
    rows = _rows(24, SLOT, with_water=False)
    out = load_history.without_water(rows, _water(24, is_measured=False))
    assert out.height == rows.height
    assert (out["energy_kwh"] >= 0).all()


def test_a_heater_that_takes_more_than_the_house_makes_the_time_unknown() -> None:
    """Two meters that contradict each other tell nothing."""
    rows = _rows(24, SLOT, with_water=False)
    out = load_history.without_water(rows, _water(24))
    assert out.height == rows.height - 9


def test_time_without_word_of_the_heater_stays_as_it_is() -> None:
    """No knowledge is not a zero to subtract, nor a reason to forget."""
    rows = _rows(24, SLOT)
    assert load_history.without_water(rows, pl.DataFrame(schema=WATER)).equals(rows)


def test_a_quarter_needs_its_three_rows_and_a_leap_is_no_load() -> None:
    """Two of three rows are a gap; more than fuse and inverter carry is a broken meter."""
    fives = _rows(1, FIVE).with_row_index().filter(pl.col("index") != 4).drop("index")
    assert load_history.quarters(fives).height == 3
    leap = pl.DataFrame([(START, START + SLOT, 12.0)], schema=ENERGY, orient="row")
    assert load_history.slots(leap, most_kwh=9.6).is_empty()
    assert load_history.slots(leap, most_kwh=12.5).schema["slot_start"] == UTC_TIME
