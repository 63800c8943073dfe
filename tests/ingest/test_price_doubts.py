"""Which price days are doubted: few real ones, and every slip of unit."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from app.ingest import demo
from app.ingest.prices.day import DELIVERY_ZONE, SPOT, PriceDay
from app.ingest.prices.doubts import NEIGHBOURS, agree, doubts, same_prices
from tests.fakes.price_replies import rows_of

DAY = date(2026, 11, 24)
NOTHING = pl.DataFrame(schema=SPOT)


def day_of(prices: list[float], day: date = DAY, source: str = "Nord Pool") -> PriceDay:
    starts = [row.start for row in rows_of(day)]
    frame = pl.DataFrame({"slot_start": starts, "spot_price_per_kwh": prices}, schema=SPOT)
    return PriceDay(day, "SE4", "SEK", frame, datetime(2026, 11, 23, tzinfo=UTC), source)


def ordinary(day: date = DAY) -> list[float]:
    return [(row.per_kwh("SEK") or 0) + 0.0001 * at for at, row in enumerate(rows_of(day))]


def test_of_two_real_years_few_days_are_doubted_and_of_a_slip_of_unit_every_one() -> None:
    """A thirtieth at most: each doubt costs a question to a second provider."""
    zone = str(DELIVERY_ZONE)
    file = Path(demo.__file__).parent / "sample" / "se4.parquet"
    sample = pl.read_parquet(file).select(
        "slot_start", spot_price_per_kwh=pl.col("spot_e4").cast(pl.Float64) / 10_000
    )
    local = pl.col("slot_start").dt.convert_time_zone(zone).dt.date()
    days = sample.with_columns(day=local).partition_by("day", maintain_order=True, as_dict=True)
    real, slipped, known = 0, 0, 0
    made: list[pl.DataFrame] = []
    for (day,), frame in days.items():
        spot = frame.select(SPOT.names())
        before = pl.concat(made[-NEIGHBOURS:]) if made else NOTHING
        made.append(spot)
        found = PriceDay(day, "SE4", "SEK", spot, datetime(2024, 1, 1, tzinfo=UTC), "Nord Pool")
        real += bool(doubts(found, before))
        small = spot.with_columns(pl.col("spot_price_per_kwh") / 1000)
        slipped += bool(
            doubts(PriceDay(day, "SE4", "SEK", small, found.published_at, "Nord Pool"), before)
        )
        known += 1
    assert known > 700
    assert real <= known / 30
    assert slipped == known


@pytest.mark.parametrize(
    ("at", "length", "price", "said"),
    [
        (10, 8, 0.0, "8 quarters in a row cost exactly 0.00"),
        (10, 7, 0.0, None),
        (40, 16, 0.5, "16 quarters in a row cost the same 0.5000"),
        (40, 15, 0.5, None),
    ],
)
def test_long_runs_of_one_price_are_doubted(
    at: int, length: int, price: float, said: str | None
) -> None:
    prices = ordinary()
    prices[at : at + length] = [price] * length
    assert doubts(day_of(prices), NOTHING) == ((said,) if said else ())
    assert doubts(day_of(prices, source="your file"), NOTHING) == (), "its owner knows"


@pytest.mark.parametrize("first", [8, 12])
def test_either_of_the_two_hours_of_an_autumn_night_is_doubted_when_it_is_free(first: int) -> None:
    autumn = date(2026, 10, 25)
    prices = ordinary(autumn)
    prices[first : first + 4] = [0.0] * 4
    assert doubts(day_of(prices, autumn), NOTHING) == (
        "the repeated autumn hour costs exactly 0.00",
    )
    prices = ordinary(autumn)
    prices[first + 1 : first + 5] = [0.0] * 4
    assert doubts(day_of(prices, autumn), NOTHING) == (), "an hour like any other"


def test_days_agree_but_for_rounding_and_exchange_rate() -> None:
    one = day_of(ordinary())
    assert agree(one, day_of([price * 1.02 for price in ordinary()]))
    assert not agree(one, day_of([price / 1000 for price in ordinary()]))
    other = ordinary()
    other[50] += 0.5
    assert not agree(one, day_of(other))


def test_another_exchange_rate_alone_is_no_correction() -> None:
    old = day_of(ordinary()).frame
    rate = old.with_columns(pl.col("spot_price_per_kwh") * 1.013)
    assert same_prices(old, rate, is_converted=True)
    assert not same_prices(old, rate, is_converted=False)
    slip = old.with_columns(pl.col("spot_price_per_kwh") * 1000)
    assert not same_prices(old, slip, is_converted=True)
    rounded = old.with_columns(pl.col("spot_price_per_kwh").round(5))
    assert same_prices(old, rounded, is_converted=False)
