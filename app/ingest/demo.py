"""The demo home's recorded days, mapped onto today's date: same weekday, same season."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from app.errors import InputError
from app.frames import UTC_TIME

SOURCE = "Recorded sample (SE4 2023-2024; Energinet, Open-Meteo, UCI)"
CURRENCY = "SEK"
RECORDED_ZONE = ZoneInfo("Europe/Stockholm")
_FILE = Path(__file__).parent / "sample" / "se4.parquet"
_FIRST, _LAST = date(2023, 1, 1), date(2024, 12, 31)
SAMPLE = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "spot_price_per_kwh": pl.Float64(),
        "pv_kwh": pl.Float64(),
        "load_kwh": pl.Float64(),
        "load_forecast_kwh": pl.Float64(),
        "temperature_c": pl.Float64(),
    }
)


def recorded_day(day: date) -> date:
    """Return the recorded day of the same weekday nearest to the same day of the year."""
    candidates = []
    for year in (_FIRST.year, _LAST.year):
        leap_safe = min(day.day, 28) if day.month == 2 else day.day  # noqa: PLR2004 - February
        same_date = date(year, day.month, leap_safe)
        back = (same_date.weekday() - day.weekday()) % 7
        for shift in (-back, 7 - back):
            near = same_date + timedelta(days=shift)
            if _FIRST <= near <= _LAST:
                candidates.append((abs(shift), -year, near))
    return min(candidates)[2]


def sample_slots(slots: list[datetime], *, zone: ZoneInfo, currency: str) -> pl.DataFrame:
    """Return the recorded values for each slot (``SAMPLE``), matched by local wall clock.

    A wall-clock time the recorded day does not have (spring gap) takes the one an hour later.
    """
    if currency != CURRENCY:
        raise InputError(
            f"nordpool.currency = {currency}: sample prices exist in {CURRENCY} only; set "
            f"nordpool.currency to {CURRENCY} or demo_home to false"
        )
    recorded = _recorded()
    rows = []
    for slot in slots:
        local = slot.astimezone(zone)
        source = datetime.combine(
            recorded_day(local.date()), local.time(), tzinfo=RECORDED_ZONE
        ).replace(fold=local.fold)
        rows.append((slot, *recorded[source.timestamp()]))
    return pl.DataFrame(rows, schema=SAMPLE, orient="row")


@cache
def _recorded() -> dict[float, tuple[float, ...]]:
    """Return the recorded values by instant; read once, about 70,000 rows."""
    frame = pl.read_parquet(_FILE).select(
        pl.col("slot_start").dt.epoch("s").cast(pl.Float64),
        pl.col("spot_e4") / 10_000,
        pl.col("pv_wh") / 1000,
        pl.col("load_wh") / 1000,
        pl.col("load_forecast_wh") / 1000,
        pl.col("temperature_dc") / 10,
    )
    return {row[0]: row[1:] for row in frame.iter_rows()}


def temperature_days(days: list[date], *, zone: ZoneInfo) -> dict[date, float]:
    """Return the recorded noon temperatures of the days that stand for these."""
    noons = [
        datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(zone) for day in days
    ]
    frame = sample_slots(noons, zone=zone, currency=CURRENCY)
    return dict(zip(days, frame["temperature_c"].to_list(), strict=True))
