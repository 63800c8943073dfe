"""The average day of a load: what each quarter of the local day uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.core.frames import SLOT_HOURS

QUARTERS: Final = 96
_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class DayProfile:
    """Mean power of each quarter from local midnight, kW; None where nothing is known of it."""

    quarters_kw: tuple[float | None, ...]

    @property
    def average_kw(self) -> float | None:
        """The mean of the quarters known."""
        known = [value for value in self.quarters_kw if value is not None]
        return sum(known) / len(known) if known else None

    @property
    def hours_kw(self) -> tuple[float | None, ...]:
        """The mean of each clock hour, of the quarters known in it."""
        return tuple(_mean(self.quarters_kw[first : first + 4]) for first in range(0, QUARTERS, 4))

    @property
    def known(self) -> int:
        """How many of the 96 quarters are known."""
        return sum(value is not None for value in self.quarters_kw)


def day_profile(slots: Sequence[tuple[datetime, float]], zone: ZoneInfo) -> DayProfile:
    """Return the mean day of (slot start, kWh) pairs, by wall clock."""
    found: list[list[float]] = [[] for _ in range(QUARTERS)]
    for start, kwh in slots:
        local = start.astimezone(zone)
        found[local.hour * 4 + local.minute // _MINUTES].append(kwh / SLOT_HOURS)
    return DayProfile(tuple(_mean(each) for each in found))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
