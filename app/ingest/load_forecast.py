"""What the house will use: the mean of its own recent days, quarter by quarter of the local day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from app.errors import UpstreamError
from app.frames import SLOT_HOURS, UTC_TIME

LOAD = pl.Schema({"slot_start": UTC_TIME, "load_kwh": pl.Float64()})
_QUARTERS = 96
# A weekday or weekend mean needs this many slots of its own: one whole day.
_OWN_CLASS_SLOTS = 96


def from_history(history: pl.DataFrame, *, slots: list[datetime], zone: ZoneInfo) -> pl.DataFrame:
    """Return ``LOAD`` for the slots, from the history's profile by wall clock and day class.

    Where weekday or weekend has less than one day of data the mean over all days is used; a
    quarter without data takes the mean of its neighbours. Less than one whole day is an error.
    """
    if history.height < _QUARTERS:
        raise UpstreamError(f"load history has {history.height} quarters; one whole day is needed")
    past = _classed(history, zone)
    overall = _profile(past)
    profiles = {
        weekend: _profile(own)
        if (own := past.filter(weekend=weekend)).height >= _OWN_CLASS_SLOTS
        else overall
        for weekend in (False, True)
    }
    wanted = _classed(pl.DataFrame({"slot_start": slots}, schema={"slot_start": UTC_TIME}), zone)
    loads = [
        profiles[weekend][quarter]
        for weekend, quarter in wanted.select("weekend", "quarter").iter_rows()
    ]
    return pl.DataFrame({"slot_start": slots, "load_kwh": loads}, schema=LOAD)


def _classed(frame: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    local = pl.col("slot_start").dt.convert_time_zone(zone.key)
    return frame.with_columns(
        quarter=local.dt.hour().cast(pl.Int32) * 4 + local.dt.minute().cast(pl.Int32) // 15,
        weekend=local.dt.weekday() >= 6,  # noqa: PLR2004 - Saturday
    )


def _profile(past: pl.DataFrame) -> list[float]:
    """Return the mean load of each of the 96 quarters of a day."""
    means = past.group_by("quarter").agg(pl.col("load_kwh").mean())
    whole = pl.DataFrame({"quarter": list(range(_QUARTERS))}, schema={"quarter": pl.Int32()}).join(
        means, on="quarter", how="left", maintain_order="left"
    )
    filled = whole["load_kwh"].interpolate().fill_null(strategy="forward")
    result: list[float] = filled.fill_null(strategy="backward").to_list()
    return result


def flat(daily_kwh: float, *, slots: list[datetime]) -> pl.DataFrame:
    """Return ``LOAD`` of a home about which only its daily energy is known: spread evenly."""
    per_slot = daily_kwh * SLOT_HOURS / 24
    return pl.DataFrame({"slot_start": slots, "load_kwh": [per_slot] * len(slots)}, schema=LOAD)
