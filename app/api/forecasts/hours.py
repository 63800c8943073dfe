"""Slots by clock hour of the home: what tables list and "the cheapest hour" means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.api.forecasts.chart import Axis
from app.core.clock import slot_floor
from app.wording import i18n, words
from app.wording.i18n import _

Values = Mapping[datetime, float]
UNKNOWN = "\u2013"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour of a table; ``day`` is set on the first hour of each day."""

    day: str
    time: str
    is_now: bool
    is_estimated: bool
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """The table twin of a chart: its caption, the heads of its columns, a row per hour."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[HourRow, ...]


def hour_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the clock hour, in UTC: the hour that comes twice is two hours."""
    slot = slot_floor(instant)
    return slot - timedelta(minutes=slot.astimezone(zone).minute)


def hourly(values: Values, zone: ZoneInfo) -> dict[datetime, float]:
    """Return the mean of each clock hour, of the slots that are known."""
    grouped = groupby(sorted(values), key=lambda slot: hour_start(slot, zone))
    return {start: _mean([values[slot] for slot in slots]) for start, slots in grouped}


def table(
    axis: Axis,
    columns: Sequence[tuple[str, Values]],
    *,
    unit: str,
    digits: int = 2,
    estimated: Iterable[datetime] = (),
) -> TableView:
    """Return the hours in which any column knows something."""
    known = [hourly(values, axis.zone) for _head, values in columns]
    guessed = {hour_start(slot, axis.zone) for slot in estimated}
    hours = sorted(
        {hour_start(slot, axis.zone) for slot in axis.slots}.intersection(
            *[{start for each in known for start in each}]
        )
    )
    rows, day = [], date.min
    for start in hours:
        local = start.astimezone(axis.zone)
        rows.append(
            HourRow(
                day="" if local.date() == day else i18n.dated(local, "EEEE d MMMM"),
                time=words.hhmm(start, axis.zone),
                is_now=start <= axis.now < start + HOUR,
                is_estimated=start in guessed,
                cells=tuple(
                    words.number(each[start], digits) if start in each else UNKNOWN
                    for each in known
                ),
            )
        )
        day = local.date()
    caption = _("Means of the clock hour, {unit}.", unit=unit)
    return TableView(caption, tuple(head for head, _values in columns), tuple(rows))


def of_day(values: Values, day: date, zone: ZoneInfo) -> dict[datetime, float]:
    """Return the values of one local day."""
    return {s: value for s, value in values.items() if s.astimezone(zone).date() == day}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
