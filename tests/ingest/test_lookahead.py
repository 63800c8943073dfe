"""The day after the prices is an estimate from recent days, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.core.clock import day_slots, local_midnight
from app.core.frames import FORECAST, LOOKAHEAD, SLOT
from app.forecast.lookahead import RECENT_DAYS, lookahead, slots_after
from app.settings import Settings
from app.tariff import prices as tariff

ZONE = ZoneInfo("Europe/Stockholm")


def prices(days: list[date]) -> pl.DataFrame:
    """Every slot of the days; the import price says which day and local hour it is of."""
    starts = [start for day in days for start in day_slots(day, ZONE)]
    return pl.DataFrame(
        {
            "slot_start": starts,
            "import_price_per_kwh": [
                100.0 * start.astimezone(ZONE).day + start.astimezone(ZONE).hour for start in starts
            ],
            "export_price_per_kwh": [0.5] * len(starts),
        },
        schema={
            "slot_start": FORECAST["slot_start"],
            "import_price_per_kwh": pl.Float64(),
            "export_price_per_kwh": pl.Float64(),
        },
    )


def forecast(start: datetime, count: int) -> pl.DataFrame:
    starts = [start + SLOT * index for index in range(count)]
    rows = {
        "slot_start": starts,
        "pv_kwh": [float(index) for index in range(count)],
        "load_kwh": [0.2] * count,
    }
    return pl.DataFrame(rows, schema=FORECAST)


def days_before(last: date, count: int) -> list[date]:
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]


def test_each_recent_day_lends_its_prices_by_the_clock_on_the_wall() -> None:
    end = local_midnight(date(2026, 11, 24), ZONE)
    days = days_before(date(2026, 11, 23), 3)
    ahead = lookahead(prices(days), forecast(end - timedelta(days=1), 96), end=end, zone=ZONE)
    assert ahead is not None
    assert ahead.schema == LOOKAHEAD
    assert ahead["price_day"].unique(maintain_order=True).to_list() == days
    assert set(ahead["quality"]) == {"estimated"}
    first = ahead.filter(pl.col("price_day") == days[0])
    assert first["slot_start"].to_list() == slots_after(end)
    hours = [start.astimezone(ZONE).hour for start in first["slot_start"]]
    assert first["import_price_per_kwh"].to_list() == [2100.0 + hour for hour in hours]


def test_no_more_than_a_week_and_only_whole_days_are_used() -> None:
    end = local_midnight(date(2026, 11, 24), ZONE)
    known = prices(days_before(date(2026, 11, 23), 9))
    ahead = lookahead(known, forecast(end, 96), end=end, zone=ZONE)
    assert ahead is not None
    assert ahead["price_day"].n_unique() == RECENT_DAYS
    without = known.filter(pl.col("slot_start") != end - SLOT)
    ahead = lookahead(without, forecast(end, 96), end=end, zone=ZONE)
    assert ahead is not None
    assert date(2026, 11, 23) not in set(ahead["price_day"])


def test_nothing_known_is_no_look_ahead() -> None:
    end = datetime(2026, 11, 24, tzinfo=UTC)
    assert lookahead(prices([]), forecast(end, 96), end=end, zone=ZONE) is None


def test_the_hour_a_spring_day_lacks_takes_the_price_before_it() -> None:
    end = local_midnight(date(2026, 3, 30), ZONE)
    ahead = lookahead(prices([date(2026, 3, 29)]), forecast(end, 96), end=end, zone=ZONE)
    assert ahead is not None
    assert ahead.height == 96
    at_two = [start.astimezone(ZONE).hour == 2 for start in ahead["slot_start"]]
    assert set(ahead["import_price_per_kwh"].filter(pl.Series(at_two))) == {2901.0}


def test_the_hour_an_autumn_day_has_twice_counts_once() -> None:
    end = local_midnight(date(2026, 10, 26), ZONE)
    ahead = lookahead(prices([date(2026, 10, 25)]), forecast(end, 96), end=end, zone=ZONE)
    assert ahead is not None
    assert ahead.height == 96
    assert not any(ahead[name].null_count() for name in LOOKAHEAD)


def test_where_the_forecast_ends_the_day_before_stands_in() -> None:
    end = local_midnight(date(2026, 11, 24), ZONE)
    known = forecast(end - timedelta(days=1), 100)
    ahead = lookahead(prices([date(2026, 11, 23)]), known, end=end, zone=ZONE)
    assert ahead is not None
    assert ahead["pv_kwh"].to_list() == [96.0, 97.0, 98.0, 99.0, *map(float, range(4, 96))]
    assert set(ahead["load_kwh"]) == {0.2}


def test_the_tariff_is_that_of_the_day_the_prices_stand_for() -> None:
    """Friday's spot prices on a Saturday: no workday fee; on Monday: the fee from 06 to 22."""
    fee = [{"per_kwh": 0.5, "days": "workday", "hours": "06-22"}, {"per_kwh": 0.1}]
    settings = Settings.model_validate(
        {"tariff": {"grid_transfer": fee, "energy_tax": 0, "vat": 0}}
    )
    friday = day_slots(date(2026, 11, 27), ZONE)
    spot = pl.DataFrame(
        {"slot_start": friday, "spot_price_per_kwh": [float(index) for index in range(96)]},
        schema={"slot_start": FORECAST["slot_start"], "spot_price_per_kwh": pl.Float64()},
    )
    for day, high in ((date(2026, 11, 28), 0.1), (date(2026, 11, 30), 0.5)):
        end = local_midnight(day, ZONE)
        ahead = lookahead(
            tariff.billed_spot(spot, settings),
            forecast(end, 96),
            end=end,
            zone=ZONE,
            price=lambda lent: tariff.tariffed(lent, settings),
        )
        assert ahead is not None
        fees = ahead["import_price_per_kwh"] - spot["spot_price_per_kwh"]
        assert fees.to_list() == pytest.approx([0.1] * 24 + [high] * 64 + [0.1] * 8)
        assert ahead["export_price_per_kwh"].to_list() == spot["spot_price_per_kwh"].to_list()
