"""The demo home's recorded days, mapped onto today's date: same weekday, same season."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import day_slots
from app.core.errors import InputError
from app.core.frames import UTC_TIME
from app.ingest.weather.open_meteo import daily_mean_temperature

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


class SampleCurrencyError(InputError):
    """The recorded prices are in another currency; none are invented."""

    code = "sample_currency"


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
        raise SampleCurrencyError(
            f"nordpool.currency = {currency}: sample prices exist in {CURRENCY} only; set "
            f"nordpool.currency to {CURRENCY} or demo_home to false"
        )
    wanted = pl.DataFrame(
        {"slot_start": slots, "recorded_start": [_recorded_instant(slot, zone) for slot in slots]},
        schema={"slot_start": UTC_TIME, "recorded_start": UTC_TIME},
    )
    return wanted.join(
        _recorded(), on="recorded_start", how="left", maintain_order="left", validate="m:1"
    ).select(SAMPLE.names())


def _recorded_instant(slot: datetime, zone: ZoneInfo) -> datetime:
    """Return the recorded instant with the wall-clock time of ``slot`` in the home's zone."""
    local = slot.astimezone(zone)
    day = recorded_day(local.date())
    wall = datetime.combine(day, local.time(), tzinfo=RECORDED_ZONE)
    return wall.replace(fold=local.fold).astimezone(UTC)


@cache
def _recorded() -> pl.DataFrame:
    """Return the whole recording, about 70,000 rows in 3 MB; read once."""
    return pl.read_parquet(_FILE).select(
        pl.col("slot_start").cast(UTC_TIME).alias("recorded_start"),
        spot_price_per_kwh=pl.col("spot_e4") / 10_000,
        pv_kwh=pl.col("pv_wh") / 1000,
        load_kwh=pl.col("load_wh") / 1000,
        load_forecast_kwh=pl.col("load_forecast_wh") / 1000,
        temperature_c=pl.col("temperature_dc") / 10,
    )


def temperature_days(days: list[date], *, zone: ZoneInfo) -> dict[date, float]:
    """Return the mean temperatures (degrees Celsius) of the recorded days standing for these."""
    slots = [slot for day in days for slot in day_slots(day, zone)]
    frame = sample_slots(slots, zone=zone, currency=CURRENCY)
    return daily_mean_temperature(frame, zone)
