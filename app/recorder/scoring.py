"""How good the forecasts were: the one a day-ahead plan was made with, against what happened."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl

from app.core.clock import day_slots, local_day
from app.core.frames import SLOT, UTC_TIME
from app.db import observed, scores
from app.db.connection.engine import session_scope
from app.db.tables.models import ForecastScore
from app.fetch.sources import Sources
from app.gather.day_ahead import issued_before

KINDS: Final = ("pv_kwh", "load_kwh")
WINDOWS_DAYS: Final = (1, 7, 30)
# Statistics fill an outage of up to ten days: its days are scored when they arrive.
_RECOMPUTED_DAYS: Final = 10
# Fewer measured slots say more about the hours than about the forecast.
_LEAST_RATIO: Final = 0.5
# Persistence is compared on the same slots, or not at all.
_SAME_SLOTS_RATIO: Final = 0.9


@dataclass(frozen=True, slots=True)
class DayScore:
    """Errors of one day in kWh per slot, forecast minus measured, over ``slots`` slots."""

    slots: int
    measured_kwh: float
    mean_absolute_error_kwh: float
    bias_kwh: float
    persistence_mean_absolute_error_kwh: float | None
    persistence_bias_kwh: float | None
    inside_spread_ratio: float | None


@dataclass(frozen=True, slots=True)
class WindowScore:
    """The scores of several days together, each slot counting the same.

    ``skill_ratio`` is one minus the error over persistence's on the same days: 0 is no better, 1 is
    perfect, below 0 is worse.
    """

    kind: str
    window_days: int
    days: int
    slots: int
    measured_kwh: float
    mean_absolute_error_kwh: float
    bias_kwh: float
    persistence_mean_absolute_error_kwh: float | None
    persistence_bias_kwh: float | None
    skill_ratio: float | None
    inside_spread_ratio: float | None


def score_day(
    forecast: pl.DataFrame, measured: pl.DataFrame, slots: Sequence[datetime]
) -> DayScore | None:
    """Score a forecast (``forecasts.VALUES``) of a day's slots; None with less than half of them.

    ``measured`` has ``slot_start`` and ``value`` of this day and the one before: persistence is
    the value 24 hours earlier.
    """
    real = measured.select("slot_start", real="value")
    earlier = real.select((pl.col("slot_start") + 96 * SLOT).cast(UTC_TIME), before="real")
    joined = (
        forecast.filter(pl.col("slot_start").is_in(list(slots)))
        .join(real, on="slot_start")
        .join(earlier, on="slot_start", how="left")
    )
    if joined.height < _LEAST_RATIO * len(slots):
        return None
    error, before = pl.col("value") - pl.col("real"), pl.col("before") - pl.col("real")
    # Where both are the same, as at night, nothing was claimed that could fail.
    claimed = pl.col("p90") > pl.col("p10")
    figures = joined.select(
        measured_kwh=pl.col("real").sum(),
        mean_absolute_error_kwh=error.abs().mean(),
        bias_kwh=error.mean(),
        persistence_mean_absolute_error_kwh=before.abs().mean(),
        persistence_bias_kwh=before.mean(),
        inside_spread_ratio=pl.col("real").is_between("p10", "p90").filter(claimed).mean(),
    ).row(0, named=True)
    if joined["before"].count() < _SAME_SLOTS_RATIO * joined.height:
        figures["persistence_mean_absolute_error_kwh"] = figures["persistence_bias_kwh"] = None
    return DayScore(slots=joined.height, **figures)


async def score_recent_days(sources: Sources, *, now: datetime) -> int:
    """Score the last days that are over, anew where observations came late; return how many.

    What counts is the last forecast of the day before; a day without one has no score.
    """
    zone = sources.settings.zone
    today = local_day(now, zone)
    done = 0
    for ago in range(_RECOMPUTED_DAYS, 0, -1):
        rows = await _rows(sources, today - timedelta(days=ago), now=now)
        async with session_scope(sources.sessions, writes=True) as session:
            await scores.save(session, rows)
        done += len(rows)
    return done


async def _rows(sources: Sources, day: date, *, now: datetime) -> list[dict[str, Any]]:
    """Return the table rows of one day, one for each kind that can be scored."""
    zone, rows = sources.settings.zone, []
    slots = day_slots(day, zone)
    begin, end = slots[0], slots[-1] + SLOT
    for kind in KINDS:
        async with session_scope(sources.sessions) as session:
            issue = await issued_before(session, kind, day, zone)
            measured = await observed.quantity(session, kind, start=begin - 96 * SLOT, end=end)
        if issue is None:
            continue
        found = await asyncio.to_thread(score_day, issue.frame, measured, slots)
        if found is not None:
            named = {"kind": kind, "day": day, "issued_at": issue.issued_at, "computed_at": now}
            rows.append(named | asdict(found))
    return rows


def summarise(days: Sequence[ForecastScore], *, today: date) -> list[WindowScore]:
    """Return the scores of the last 1, 7 and 30 local days that are over, by kind.

    A window without a scored day is left out.
    """
    return [
        _window(kind, window, found)
        for kind in KINDS
        for window in WINDOWS_DAYS
        if (
            found := [
                each
                for each in days
                if each.kind == kind and today - timedelta(days=window) <= each.day < today
            ]
        )
    ]


def _window(kind: str, window: int, days: Sequence[ForecastScore]) -> WindowScore:
    compared = [each for each in days if each.persistence_mean_absolute_error_kwh is not None]
    persistence = _mean(compared, "persistence_mean_absolute_error_kwh")
    own = _mean(compared, "mean_absolute_error_kwh")
    return WindowScore(
        kind=kind,
        window_days=window,
        days=len(days),
        slots=sum(each.slots for each in days),
        measured_kwh=sum(each.measured_kwh for each in days),
        mean_absolute_error_kwh=_mean(days, "mean_absolute_error_kwh") or 0.0,
        bias_kwh=_mean(days, "bias_kwh") or 0.0,
        persistence_mean_absolute_error_kwh=persistence,
        persistence_bias_kwh=_mean(compared, "persistence_bias_kwh"),
        skill_ratio=None if own is None or not persistence else 1 - own / persistence,
        inside_spread_ratio=_mean(
            [each for each in days if each.inside_spread_ratio is not None], "inside_spread_ratio"
        ),
    )


def _mean(days: Sequence[ForecastScore], name: str) -> float | None:
    """Return a figure's mean over slots, None without days."""
    slots = sum(each.slots for each in days)
    return sum(getattr(each, name) * each.slots for each in days) / slots if slots else None
