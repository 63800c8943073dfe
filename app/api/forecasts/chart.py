"""A small chart as paths: geometry only, in units of its view box; the style sheet colours it."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.core.clock import day_slots
from app.core.frames import SLOT
from app.wording import i18n, words

WIDTH, HEIGHT = 480, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 474, 24, 182
_TICKS = 4
_LEAST_SPAN = 0.05
_MINOR_HOURS = (6, 18)
_NOON = 12
Values = Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line to draw: its CSS class and its values by slot start; ``filled`` down to zero."""

    css: str
    values: Values
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A path of the chart: CSS class and commands."""

    css: str
    d: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis with its label; ``css`` tells minor ones, which a phone leaves out."""

    at: float
    label: str
    css: str


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded span of time, from ``x`` on."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class ChartView:
    """Everything ``_forecast_chart.html`` may use."""

    name: str
    unit: str
    label: str
    paths: tuple[Path, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    days: tuple[Tick, ...]
    midnights: tuple[float, ...]
    zero: float | None
    past: Band
    now: float
    estimated: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """The slots of whole local days, 92, 96 or 100 each, side by side, and where now is."""

    days: tuple[date, ...]
    slots: tuple[datetime, ...]
    zone: ZoneInfo
    now: datetime

    @classmethod
    def around(cls, now: datetime, zone: ZoneInfo) -> "Axis":
        """Return yesterday, today and tomorrow."""
        today = now.astimezone(zone).date()
        days = tuple(today + timedelta(days=ago) for ago in (-1, 0, 1))
        return cls(days, tuple(slot for day in days for slot in day_slots(day, zone)), zone, now)

    def x(self, instant: datetime) -> float:
        """Return where an instant is: by elapsed time, so that no hour is narrower than another."""
        share = (instant - self.slots[0]) / (self.slots[-1] + SLOT - self.slots[0])
        return round(LEFT + share * (RIGHT - LEFT), 1)


def chart(
    name: str,
    axis: Axis,
    lines: Sequence[Drawn],
    *,
    unit: str,
    label: str,
    estimated: Iterable[datetime] = (),
) -> ChartView | None:
    """Return the chart, None where there is nothing to draw."""
    shown = set(axis.slots)
    values = [value for line in lines for slot, value in line.values.items() if slot in shown]
    if not values:
        return None
    # A temperature far from zero has no use for it; energy and money start there.
    low, high = min(values), max(values)
    if any(line.filled for line in lines):
        low, high = min(0.0, low), max(0.0, high)
    ticks = scale(low, high)
    y = _vertical(ticks[0], ticks[-1])
    return ChartView(
        name=name,
        unit=unit,
        label=label,
        paths=tuple(path for line in lines for path in _paths(line, axis, y)),
        y_ticks=tuple(Tick(y(at), words.number(at, _digits(ticks)), "major") for at in ticks),
        x_ticks=tuple(_hours(axis)),
        days=tuple(_day_names(axis)),
        midnights=tuple(axis.x(day_slots(day, axis.zone)[0]) for day in axis.days[1:]),
        zero=y(0.0) if ticks[0] <= 0 <= ticks[-1] else None,
        past=Band(LEFT, round(axis.x(axis.now) - LEFT, 1)),
        now=axis.x(axis.now),
        estimated=tuple(_bands(axis, set(estimated))),
    )


def scale(low: float, high: float) -> tuple[float, ...]:
    """Return round marks from at most ``low`` to at least ``high``, some four steps apart."""
    # A night without sun or a flat day: marks a thousandth apart would say nothing.
    high = low + 1 if high - low < _LEAST_SPAN else high
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * _TICKS >= span)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(index * step, 9) for index in range(first, last + 1))


def _digits(ticks: Sequence[float]) -> int:
    return next((n for n in (0, 1, 2) if all(abs(t - round(t, n)) < 10**-6 for t in ticks)), 3)


def _vertical(low: float, high: float) -> Callable[[float], float]:
    """Return where a value is, top to bottom."""
    return lambda value: round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)


def _paths(line: Drawn, axis: Axis, y: Callable[[float], float]) -> Iterable[Path]:
    """Return steps for each stretch without a gap, and what is below them where it is filled."""
    steps, areas = [], []
    for stretch in _stretches(axis.slots, line.values):
        points = [(axis.x(slot), y(line.values[slot])) for slot in stretch]
        end = axis.x(stretch[-1] + SLOT)
        d = f"M{points[0][0]} {points[0][1]}"
        for (_, before), (x, height) in pairwise(points):
            if height != before:
                d += f"H{x}V{height}"
        steps.append(f"{d}H{end}")
        areas.append(f"{d}H{end}V{y(0.0) if line.filled else 0}H{points[0][0]}Z")
    if line.filled and areas:
        yield Path(f"area {line.css}", "".join(areas))
    if steps:
        yield Path(f"line {line.css}", "".join(steps))


def _stretches(slots: Sequence[datetime], known: Collection[datetime]) -> list[list[datetime]]:
    """Return the slots that are ``known``, each run of neighbours by itself."""
    found: list[list[datetime]] = []
    open_ = False
    for slot in slots:
        if slot in known:
            if not open_:
                found.append([])
            found[-1].append(slot)
        open_ = slot in known
    return found


def _bands(axis: Axis, estimated: set[datetime]) -> Iterable[Band]:
    for stretch in _stretches(axis.slots, estimated):
        x = axis.x(stretch[0])
        yield Band(x, round(axis.x(stretch[-1] + SLOT) - x, 1))


def _hours(axis: Axis) -> Iterable[Tick]:
    for slot in axis.slots:
        local = slot.astimezone(axis.zone)
        if local.minute == 0 and local.hour in (*_MINOR_HOURS, _NOON):
            css = "minor" if local.hour in _MINOR_HOURS else "major"
            yield Tick(axis.x(slot), f"{local:%H}", css)


def _day_names(axis: Axis) -> Iterable[Tick]:
    for day in axis.days:
        slots = day_slots(day, axis.zone)
        middle = axis.x(slots[0] + (slots[-1] + SLOT - slots[0]) / 2)
        yield Tick(middle, i18n.dated(day, "EEE d MMM"), "major")
