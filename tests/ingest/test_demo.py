"""The demo home lives on recorded days of the same weekday and season."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.core.clock import day_slots
from app.core.frames import check
from app.ingest import demo
from app.ingest.demo import SampleCurrencyError, recorded_day, sample_slots, temperature_days

ZONE = ZoneInfo("Europe/Stockholm")
FOLDER = Path(demo.__file__).parent / "sample"


def _sample(day: date, zone: ZoneInfo = ZONE) -> pl.DataFrame:
    return sample_slots(day_slots(day, zone), zone=zone, currency="SEK")


def test_every_day_of_ten_years_maps_to_a_recorded_day_of_its_weekday_and_season() -> None:
    for offset in range(3653):
        day = date(2025, 1, 1) + timedelta(days=offset)
        recorded = recorded_day(day)
        assert recorded.weekday() == day.weekday()
        assert recorded.year in {2023, 2024}
        apart = abs(recorded.timetuple().tm_yday - day.timetuple().tm_yday)
        assert min(apart, 366 - apart) <= 7


def test_the_mapping_is_the_same_at_every_replan() -> None:
    assert recorded_day(date(2026, 11, 23)) == recorded_day(date(2026, 11, 23))
    assert _sample(date(2026, 11, 23)).equals(_sample(date(2026, 11, 23)))


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2026, 3, 29), 92),
        (date(2026, 10, 25), 100),
        (date(2028, 2, 29), 96),
        (date(2027, 1, 1), 96),
        (date(2027, 12, 31), 96),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Europe/Helsinki", "UTC"])
def test_every_slot_of_odd_days_has_every_value(day: date, count: int, zone: str) -> None:
    frame = _sample(day, ZoneInfo(zone))
    assert frame.height == (count if zone != "UTC" else 96)
    check(frame.lazy(), demo.SAMPLE, by="sample")
    assert sum(frame.null_count().row(0)) == 0
    assert frame["slot_start"].to_list() == day_slots(day, ZoneInfo(zone))


def test_days_that_stand_on_recorded_clock_changes_are_whole_too() -> None:
    changes = {date(2023, 3, 26), date(2024, 3, 31), date(2023, 10, 29), date(2024, 10, 27)}
    days = [date(2025, 1, 1) + timedelta(days=i) for i in range(3653)]
    standing = [day for day in days if recorded_day(day) in changes]
    assert standing
    for day in standing:
        assert sum(_sample(day).null_count().row(0)) == 0


def test_the_wall_clock_is_kept() -> None:
    day = date(2026, 6, 15)
    recorded = pl.read_parquet(FOLDER / "se4.parquet").filter(
        pl.col("slot_start").dt.convert_time_zone(ZONE.key).dt.date() == recorded_day(day)
    )
    assert _sample(day)["pv_kwh"].to_list() == pytest.approx((recorded["pv_wh"] / 1000).to_list())


def test_values_are_those_of_a_home_in_scania() -> None:
    summer, winter = _sample(date(2026, 6, 21)), _sample(date(2026, 12, 21))
    assert summer["pv_kwh"].sum() > winter["pv_kwh"].sum()
    for frame in (summer, winter):
        assert frame["pv_kwh"].is_between(0, 8 / 4).all()
        assert 3 < frame["load_kwh"].sum() < 150
        assert 3 < frame["load_forecast_kwh"].sum() < 150
        assert frame["spot_price_per_kwh"].is_between(-1, 10).all()
        assert frame["temperature_c"].is_between(-25, 40).all()


def test_another_currency_is_refused_rather_than_converted() -> None:
    slots = [datetime(2026, 1, 1, tzinfo=UTC)]
    with pytest.raises(SampleCurrencyError, match=r"nordpool\.currency = EUR"):
        sample_slots(slots, zone=ZONE, currency="EUR")


def test_temperatures_are_means_of_the_whole_local_day() -> None:
    days = [date(2026, 10, 24), date(2026, 10, 25)]
    means = temperature_days(days, zone=ZONE)
    assert list(means) == days
    assert means[days[1]] == pytest.approx(_sample(days[1])["temperature_c"].mean())


def test_no_slots_are_no_rows() -> None:
    assert sample_slots([], zone=ZONE, currency="SEK").schema == demo.SAMPLE


def test_the_file_is_small_and_its_sources_are_named() -> None:
    assert (FOLDER / "se4.parquet").stat().st_size < 600_000
    text = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for words in ("www.energidataservice.dk", "Open-Meteo", "Hebrail", "CC BY 4.0", "Changes"):
        assert words in text
