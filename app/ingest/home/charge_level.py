"""What a battery's charge level cannot be: faster than the battery, or still while it moves.

Pure: readings in, judgement out. A sensor that shows 63.5, 0, 100 and 63.5 % within three seconds
was never right in between; one that shows 63.5 % for five hours is right when nothing moved the
battery, and frozen when something did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import polars as pl

from app.ingest.home.consumption import POINTS
from app.settings import Battery

Point = tuple[datetime, float | None]
# Whole percents, a battery that counts itself anew at its ends, and two clocks.
SLACK_PERCENT: Final = 5.0
# The settings bound what a plan asks for; the battery itself may do a little more.
SLACK_RATIO: Final = 1.5
# What was held back counts once it has lasted: a glitch of a bus is over within seconds.
PERSISTS_AFTER: Final = timedelta(minutes=10)
# A level confirmed this lately needs no other witness.
LIVE_FOR: Final = timedelta(minutes=15)
# While other sensors of its device move, a level that does not is one that stays.
DEVICE_HEARD_WITHIN: Final = timedelta(minutes=60)
# A device whose powers and voltages all stay on one value is gone: a living home changes them.
DEVICE_SILENT_AFTER: Final = timedelta(hours=2)
# A plan or meters that moved the battery by more than a sensor in whole percents can hide.
MOVED_PERCENT: Final = 10.0
# Every battery loses a percent within a day.
UNCHANGED_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reach:
    """How fast a battery's level can rise and fall, in percent points per hour, with slack."""

    up: float
    down: float

    @classmethod
    def of(cls, battery: Battery) -> Self:
        """Return what the settings' powers and capacity allow; powers are at the AC side."""
        one_way = (battery.roundtrip_efficiency_percent / 100) ** 0.5
        percent_per_kwh = SLACK_RATIO * 100 / battery.capacity_kwh
        return cls(
            up=battery.max_charge_kw * one_way * percent_per_kwh,
            down=battery.max_discharge_kw / one_way * percent_per_kwh,
        )

    def allows(self, before: float, after: float, *, within: timedelta) -> bool:
        """Tell whether the level can have gone from ``before`` to ``after`` in that time."""
        hours = max(0.0, within / timedelta(hours=1))
        return (
            -self.down * hours - SLACK_PERCENT
            <= after - before
            <= self.up * hours + (SLACK_PERCENT)
        )


def believed(points: Sequence[Point], reach: Reach, *, until: datetime) -> list[Point]:
    """Return the readings without those that the battery cannot have reached.

    ``points`` are in order; a null (nothing known) stays. A value that is out of reach counts all
    the same, from its beginning, once it and what follows from it has lasted: ``until`` is when
    the last reading was still in force.
    """
    kept: list[Point] = []
    last: tuple[datetime, float] | None = None
    doubted: list[tuple[datetime, float]] = []
    ends = (*(at for at, _ in points), until)[1:]
    for (at, value), end in zip(points, ends, strict=True):
        if value is None:
            kept.append((at, None))
        elif last is None or reach.allows(last[1], value, within=at - last[0]):
            kept.append((at, value))
            last, doubted = (at, value), []
        else:
            before = doubted[-1] if doubted else None
            if before and not reach.allows(before[1], value, within=at - before[0]):
                doubted = []
            doubted.append((at, value))
            if end - doubted[0][0] >= PERSISTS_AFTER:
                kept += doubted
                last, doubted = doubted[-1], []
    return sorted(kept, key=lambda point: point[0])


def without_jumps(points: pl.DataFrame, reach: Reach, *, until: datetime) -> pl.DataFrame:
    """Return ``POINTS`` in order without what the battery cannot have reached."""
    ordered = points.unique("at", keep="last").sort("at")
    rows = believed(list(ordered.iter_rows()), reach, until=until)
    return pl.DataFrame(rows, schema=POINTS, orient="row")


@dataclass(frozen=True, slots=True)
class Move:
    """What the battery did, or was to do, in [start, end); kW at the AC side, never negative."""

    start: datetime
    end: datetime
    charge_kw: float
    discharge_kw: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A level followed along moves: where it would be now, and over how wide a range it went."""

    percent: float
    moved_percent: float


def followed(
    percent: float, at: datetime, moves: Iterable[Move], battery: Battery, *, now: datetime
) -> Followed:
    """Follow a level read at ``at`` along what moved the battery until ``now``; within 0..100."""
    one_way = (battery.roundtrip_efficiency_percent / 100) ** 0.5
    here = lowest = highest = percent
    for move in sorted(moves, key=lambda each: each.start):
        hours = (min(move.end, now) - max(move.start, at)) / timedelta(hours=1)
        stored_kw = move.charge_kw * one_way - move.discharge_kw / one_way
        change = 100 * stored_kw * max(0.0, hours) / battery.capacity_kwh
        here = min(100.0, max(0.0, here + change))
        lowest, highest = min(lowest, here), max(highest, here)
    return Followed(here, highest - lowest)


@dataclass(frozen=True, slots=True)
class Company:
    """The other sensors of a level's device: when one last changed, and whether one should move.

    ``is_lively``: one of them is a power, voltage or current other than zero.
    """

    heard_at: datetime | None = None
    is_lively: bool = False


def doubt(percent: float, at: datetime, company: Company, moved: Followed, *, now: datetime) -> str:
    """Return why a level last confirmed at ``at`` is no longer believed; empty where it is.

    Silence proves nothing by itself: many integrations report changes only.
    """
    if now - at <= LIVE_FOR:
        return ""
    shown = f"it has said {percent:g} % for {_length(now - at)}"
    if moved.moved_percent > MOVED_PERCENT:
        return (
            f"{shown} while the battery was to move by {moved.moved_percent:.0f} %; "
            "the sensor is frozen, or the battery does not follow the plan"
        )
    if company.heard_at is not None:
        silent_for = now - max(at, company.heard_at)
        if silent_for <= DEVICE_HEARD_WITHIN:
            return ""
        if company.is_lively and silent_for > DEVICE_SILENT_AFTER:
            return (
                f"{shown} without a change of any other sensor of its device for "
                f"{_length(silent_for)}; the device or its bridge is gone"
            )
    if now - at > UNCHANGED_FOR:
        return f"{shown}; no battery keeps its level for so long"
    return ""


def constancy(at: datetime, company: Company, *, now: datetime) -> str:
    """Say why a level that has not changed for long is believed; empty for one just confirmed."""
    if now - at <= LIVE_FOR:
        return ""
    heard = company.heard_at
    if heard is not None and now - heard <= DEVICE_HEARD_WITHIN:
        return f"unchanged for {_length(now - at)}; its device goes on reporting"
    return f"unchanged for {_length(now - at)}; nothing was to move the battery"


def _length(length: timedelta) -> str:
    minutes = length / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"  # noqa: PLR2004
