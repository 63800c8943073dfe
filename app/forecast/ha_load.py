"""What the house used, from Home Assistant: its long-term statistics, quarters where it has them.

Statistics reach back months where the state history ends after ten days, but by the hour.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import UTC_TIME
from app.forecast import load_history
from app.forecast.load_history import WATER
from app.ingest.home import ha_statistics
from app.ingest.home.ha_socket import SOURCE
from app.ingest.home.ha_statistics import ENERGY, Period, Statistic
from app.settings import HomeAssistant

# Home Assistant keeps five minutes for ten days; the tenth is being deleted.
_FINE_DAYS: Final = 9


class NoStatisticsError(UpstreamError):
    """Home Assistant keeps no long-term statistics of this entity."""

    code = "no_statistics"


@dataclass(frozen=True, slots=True)
class HouseRows:
    """What the house's meter counted (``ENERGY``), and what is measured of the heater (``WATER``).

    ``fine`` has quarters, ``coarse`` hours; they overlap. ``problem`` says why the heater's meter
    could not be used.
    """

    fine: pl.DataFrame
    coarse: pl.DataFrame
    water: pl.DataFrame
    problem: str = ""

    def history(self, *, heated: pl.DataFrame, most_kwh: float) -> pl.DataFrame:
        """Return ``CONSUMPTION`` without ``heated`` and the heater's own meter, which wins."""
        known = pl.concat([self.water, heated.select(WATER.names())])
        water = known.unique("slot_start", keep="first", maintain_order=True)
        fine, coarse = (
            load_history.slots(load_history.without_water(rows, water), most_kwh=most_kwh)
            for rows in (self.fine, self.coarse)
        )
        return load_history.finest(fine, coarse)


async def read_statistics(
    settings: HomeAssistant,
    entity_id: str,
    *,
    water_entity_id: str | None,
    now: datetime,
    days: int,
) -> HouseRows:
    """Return the last ``days`` days of the house's meter and of the heater's, where it has one."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    ids = [entity_id, *([water_entity_id] if water_entity_id else [])]
    parts: dict[Period, dict[str, Statistic]] = {}
    reaches: tuple[tuple[Period, int], ...] = (("5minute", min(days, _FINE_DAYS)), ("hour", days))
    for period, reach in reaches:
        start = hour - timedelta(days=reach)
        parts[period] = await ha_statistics.read_statistics(
            settings, ids, start=start, end=now, period=period
        )
        if entity_id not in parts[period]:
            raise NoStatisticsError(
                f"{SOURCE} keeps no long-term statistics of {entity_id}; give it a state_class"
            )
    return await asyncio.to_thread(_rows, parts, entity_id, water_entity_id)


def _rows(
    parts: dict[Period, dict[str, Statistic]], entity_id: str, water_entity_id: str | None
) -> HouseRows:
    fine = load_history.quarters(ha_statistics.energy(parts["5minute"][entity_id]))
    coarse = ha_statistics.energy(parts["hour"][entity_id])
    water, problem = [pl.DataFrame(schema=ENERGY)] * 2, ""
    try:
        water = [
            _energy_of(found.get(water_entity_id or ""), is_fine=period == "5minute")
            for period, found in parts.items()
        ]
    except ha_statistics.StatisticUnitError as error:
        # The house's own meter is worth having without it.
        problem = str(error)
    spread = load_history.finest(
        *(load_history.slots(rows, most_kwh=float("inf")) for rows in water)
    )
    return HouseRows(
        fine,
        coarse,
        spread.select(
            pl.col("slot_start").cast(UTC_TIME),
            water_kwh="load_kwh",
            is_measured=pl.lit(True, dtype=pl.Boolean),  # noqa: FBT003 - a literal's value
        ),
        problem,
    )


def _energy_of(statistic: Statistic | None, *, is_fine: bool) -> pl.DataFrame:
    if statistic is None:
        return pl.DataFrame(schema=ENERGY)
    rows = ha_statistics.energy(statistic)
    return load_history.quarters(rows) if is_fine else rows
