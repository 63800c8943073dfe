"""Home Assistant's long-term statistics: what its meters counted, by the hour or five minutes.

It keeps hours for ever and five minutes for about ten days, also for times when this service was
off. Needs Home Assistant 2022.11 or later, whose rows carry ``change``.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import polars as pl

from app.core.clock import iso_utc
from app.core.errors import UpstreamError
from app.core.frames import UTC_TIME
from app.ingest.home.consumption import ENERGY_UNITS, POWER_UNITS
from app.ingest.home.ha_socket import SOURCE, ask_all
from app.settings import HomeAssistant

Period = Literal["5minute", "hour"]
LENGTH: Final[Mapping[Period, timedelta]] = {
    "5minute": timedelta(minutes=5),
    "hour": timedelta(hours=1),
}
# About 90 bytes a row: a reply stays near 2 MB, far from the limit of a message.
ROWS_PER_COMMAND = 20_000
STATISTICS: Final = pl.Schema(
    {"start": UTC_TIME, "end": UTC_TIME, "change": pl.Float64(), "mean": pl.Float64()}
)
ENERGY: Final = pl.Schema({"start": UTC_TIME, "end": UTC_TIME, "energy_kwh": pl.Float64()})
_VALUES: Final = ("change", "mean")
# Unit classes of Home Assistant, and the unit each is asked for.
_ASKED_UNITS: Final = {"energy": "kWh", "power": "kW", "temperature": "°C"}


class StatisticUnitError(UpstreamError):
    """A statistic is in a unit that does not fit what it is used for."""

    code = "statistic_unit"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic in ``unit``; ``frame`` is ``STATISTICS``, oldest first.

    ``change`` is what a counter counted within the row, ``mean`` the mean of a measured value;
    the one a statistic does not have is null.
    """

    statistic_id: str
    unit: str
    frame: pl.DataFrame


async def read_statistics(
    settings: HomeAssistant,
    statistic_ids: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    period: Period,
) -> dict[str, Statistic]:
    """Return the rows that begin in [start, end) of each statistic that Home Assistant keeps.

    Energy comes in kWh, power in kW, temperature in °C, the rest in the unit it is kept in. An id
    without statistics is left out; without rows in that time its frame is empty.
    """
    metadata, *parts = await ask_all(
        settings,
        [
            {"type": "recorder/get_statistics_metadata", "statistic_ids": list(statistic_ids)},
            *_commands(statistic_ids, start=start, end=end, period=period),
        ],
    )
    return await asyncio.to_thread(_statistics, metadata, parts, start, end)


def _commands(
    statistic_ids: Sequence[str], *, start: datetime, end: datetime, period: Period
) -> Iterator[dict[str, Any]]:
    rows = max(1, ROWS_PER_COMMAND // max(1, len(statistic_ids)))
    while start < end:
        until = min(end, start + rows * LENGTH[period])
        yield {
            "type": "recorder/statistics_during_period",
            "start_time": iso_utc(start),
            "end_time": iso_utc(until),
            "statistic_ids": list(statistic_ids),
            "period": period,
            "types": ["change", "mean"],
            "units": _ASKED_UNITS,
        }
        start = until


def _statistics(
    metadata: Any, parts: Sequence[Any], start: datetime, end: datetime
) -> dict[str, Statistic]:
    try:
        return {
            about["statistic_id"]: _statistic(
                about,
                [row for part in parts for row in part.get(about["statistic_id"], [])],
                start,
                end,
            )
            for about in metadata
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise UpstreamError(f"{SOURCE}: unexpected shape of its statistics") from error


def _statistic(
    about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> Statistic:
    unit, factor = _unit(about)
    values = [
        (_instant(row["start"]), _instant(row["end"]), *(_number(row, k) for k in _VALUES))
        for row in rows
    ]
    frame = (
        pl.DataFrame(values, schema=STATISTICS, orient="row")
        # Home Assistant answers with every row that touches the range.
        .filter(pl.col("start") >= start, pl.col("start") < end, pl.col("end") > pl.col("start"))
        .unique("start", keep="last")
        .sort("start")
        .with_columns(pl.col(_VALUES) * factor)
    )
    return Statistic(str(about["statistic_id"]), unit, frame)


def _unit(about: Mapping[str, Any]) -> tuple[str, float]:
    """Return the unit the caller gets, and what the numbers are to be multiplied by.

    Only a statistic with a unit class was converted for us.
    """
    if asked := _ASKED_UNITS.get(str(about.get("unit_class"))):
        return asked, 1.0
    kept = str(about.get("statistics_unit_of_measurement") or "")
    if kept in ENERGY_UNITS:
        return "kWh", ENERGY_UNITS[kept]
    return ("kW", POWER_UNITS[kept]) if kept in POWER_UNITS else (kept, 1.0)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None else float(value)


def energy(statistic: Statistic) -> pl.DataFrame:
    """Return kWh per row (``ENERGY``): a counter's change, or a mean power times its time.

    Rows that do not say, or run backwards, are left out. Another unit raises
    ``StatisticUnitError``.
    """
    hours = (pl.col("end") - pl.col("start")) / timedelta(hours=1)
    energy_kwh = {"kWh": pl.col("change"), "kW": pl.col("mean") * hours}.get(statistic.unit)
    if energy_kwh is None:
        raise StatisticUnitError(
            f"{SOURCE}: {statistic.statistic_id} has unit {statistic.unit!r}; "
            "an energy (Wh, kWh, MWh) or a power (W, kW, MW) is needed"
        )
    return statistic.frame.select("start", "end", energy_kwh=energy_kwh).filter(
        pl.col("energy_kwh") >= 0
    )
