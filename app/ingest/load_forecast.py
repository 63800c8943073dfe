"""What the house will use: the mean of its own recent days, quarter by quarter of the local day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from app.errors import UpstreamError
from app.frames import SLOT_HOURS, UTC_TIME

LOAD = pl.Schema({"slot_start": UTC_TIME, "load_kwh": pl.Float64()})
_QUARTERS = 96
_SATURDAY = 5  # as date.weekday() counts
# A day with this many of its quarters is whole enough to show a home's rhythm.
_WHOLE_DAY_QUARTERS = 88
# A mean of weekdays or weekend days of their own takes this many days' worth of quarters.
_OWN_CLASS_DAYS = 2
_CLASSES = 2


class NotEnoughHistoryError(UpstreamError):
    """The home's own history does not hold one whole day yet."""

    code = "not_enough_history"


def from_history(history: pl.DataFrame, *, slots: list[datetime], zone: ZoneInfo) -> pl.DataFrame:
    """Return ``LOAD`` for the slots, from the history's profile by wall clock and day class.

    Weekdays and weekend are told apart once each has the quarters of two days; a quarter without
    data takes the mean of its neighbours. Less than one whole day raises ``NotEnoughHistoryError``.
    """
    past = _classed(history, zone)
    if not whole_days(history, zone):
        raise NotEnoughHistoryError(
            f"load history has {history.height} quarters, none of its days is whole; "
            "a forecast needs one"
        )
    overall = _profile(past)
    split = _classes_known(past)
    profiles = {
        weekend: _profile(past.filter(weekend=weekend)) if split else overall
        for weekend in (False, True)
    }
    wanted = _classed(pl.DataFrame({"slot_start": slots}, schema={"slot_start": UTC_TIME}), zone)
    loads = [
        profiles[weekend][quarter]
        for weekend, quarter in wanted.select("weekend", "quarter").iter_rows()
    ]
    return pl.DataFrame({"slot_start": slots, "load_kwh": loads}, schema=LOAD)


def whole_days(history: pl.DataFrame, zone: ZoneInfo) -> list[date]:
    """Return the local days of which nearly every quarter is known, oldest first."""
    local_day = pl.col("slot_start").dt.convert_time_zone(zone.key).dt.date().alias("day")
    counted = history.group_by(local_day).len().filter(pl.col("len") >= _WHOLE_DAY_QUARTERS)
    return counted["day"].sort().to_list()


def _classed(frame: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    local = pl.col("slot_start").dt.convert_time_zone(zone.key)
    return frame.with_columns(
        quarter=local.dt.hour().cast(pl.Int32) * 4 + local.dt.minute().cast(pl.Int32) // 15,
        weekend=local.dt.weekday() > _SATURDAY,  # Polars counts Monday as 1
    )


def _classes_known(past: pl.DataFrame) -> bool:
    """Tell whether weekdays and weekend each have two days' quarters, around the clock.

    Quarters are counted, not whole days: seven days back from a Saturday noon hold two halves.
    """
    known = (
        past.group_by("weekend")
        .agg(slots=pl.len(), quarters=pl.col("quarter").n_unique())
        .filter(
            pl.col("slots") >= _OWN_CLASS_DAYS * _WHOLE_DAY_QUARTERS,
            pl.col("quarters") >= _WHOLE_DAY_QUARTERS,
        )
    )
    return known.height == _CLASSES


def _profile(past: pl.DataFrame) -> list[float]:
    """Return the mean load of each of the 96 quarters of a day, kWh; the day is a circle."""
    means = past.group_by("quarter").agg(pl.col("load_kwh").mean())
    whole = pl.DataFrame({"quarter": list(range(_QUARTERS))}, schema={"quarter": pl.Int32()}).join(
        means, on="quarter", how="left", maintain_order="left"
    )
    circle = pl.concat([whole["load_kwh"]] * 3).interpolate()
    result: list[float] = circle.slice(_QUARTERS, _QUARTERS).to_list()
    return result


def flat(daily_kwh: float, *, slots: list[datetime]) -> pl.DataFrame:
    """Return ``LOAD`` of a home about which only its daily energy is known: spread evenly."""
    per_slot = daily_kwh * SLOT_HOURS / 24
    return pl.DataFrame({"slot_start": slots, "load_kwh": [per_slot] * len(slots)}, schema=LOAD)
