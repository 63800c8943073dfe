"""Which days are alike: weekdays, and the weekend with the public holidays."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from app.core.holiday_days import free_days_of

QUARTERS: Final = 96
_FRIDAY: Final = 5  # Polars counts Monday as 1


@dataclass(frozen=True, slots=True)
class HomeCalendar:
    """The home's time zone and the country (ISO code) whose holidays its people have."""

    zone: ZoneInfo
    country: str

    @classmethod
    def of(cls, zone: ZoneInfo, price_area: str) -> "HomeCalendar":
        """Return the calendar of a price area: its first two letters are the country."""
        return cls(zone, price_area[:2])

    def classed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the local ``day``, its ``quarter`` (0-95, by wall clock) and ``is_free``.

        The hour that an autumn day has twice shares its quarters.
        """
        local = pl.col("slot_start").dt.convert_time_zone(self.zone.key)
        dated = frame.with_columns(
            day=local.dt.date(),
            quarter=local.dt.hour().cast(pl.Int32) * 4 + local.dt.minute().cast(pl.Int32) // 15,
        )
        free = pl.col("day").is_in(list(free_days_of(self.country)))
        return dated.with_columns(is_free=(pl.col("day").dt.weekday() > _FRIDAY) | free)
