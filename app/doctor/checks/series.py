"""From recorded states to power over time and energy per hour, with nothing smoothed away.

Unlike the load forecast's reading of a history, negative and absurd values stay: finding them is
the point. Frames are small (one day), so they are eager.
"""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.frames import UTC_TIME
from app.ingest.home.consumption import (
    ENERGY_UNITS,
    LONGEST_DIP,
    POINTS,
    POWER_UNITS,
    RESET_BELOW_RATIO,
)

HOUR: Final = timedelta(hours=1)
STEPS: Final = pl.Schema({"begin": UTC_TIME, "end": UTC_TIME, "kw": pl.Float64()})
HOURLY: Final = pl.Schema({"hour": pl.Int64(), "kwh": pl.Float64()})
# An hour counts when nearly all of it is known.
_ENOUGH_OF_AN_HOUR = 0.9


def windowed(points: pl.DataFrame, *, start: datetime, end: datetime) -> pl.DataFrame:
    """Return ``POINTS`` within [start, end); what held before ``start`` holds from ``start``."""
    return (
        points.filter(pl.col("at") < end)
        .with_columns(at=pl.max_horizontal("at", pl.lit(start, dtype=UTC_TIME)))
        .unique("at", keep="last")
        .sort("at")
    )


def spans(points: pl.DataFrame, *, end: datetime) -> pl.DataFrame:
    """Return begin, end and value of each state; the last one lasts until ``end``."""
    return points.select(
        begin=pl.col("at"),
        end=pl.col("at").shift(-1).fill_null(pl.lit(end, dtype=UTC_TIME)),
        value=pl.col("value"),
    )


def stretches(points: pl.DataFrame, *, end: datetime) -> pl.DataFrame:
    """Return begin, end and value of each time over which the value stayed the same."""
    return (
        spans(points, end=end)
        .group_by(pl.col("value").rle_id().alias("run"), maintain_order=True)
        .agg(pl.col("begin").first(), pl.col("end").last(), pl.col("value").first())
        .drop("run")
    )


def is_dip() -> pl.Expr:
    """Tell a reading that the next one takes back soon, such as the zero after a restart."""
    at, value = pl.col("at"), pl.col("value")
    soon = at.shift(-1) - at <= LONGEST_DIP
    dip = (value < value.shift()) & (value.shift(-1) >= value.shift()) & soon
    return dip.fill_null(value=False)


def steps(points: pl.DataFrame, *, unit: str, end: datetime) -> pl.DataFrame:
    """Return the power of each stretch of time (``STEPS``); null where it is not known.

    A unit that is neither energy nor power has no power: the frame is empty.
    """
    if unit in ENERGY_UNITS:
        return _counter_steps(points, ENERGY_UNITS[unit], end)
    if unit in POWER_UNITS:
        kw = pl.col("value") * POWER_UNITS[unit]
        return spans(points, end=end).select("begin", "end", kw=kw).cast(STEPS)
    return pl.DataFrame(schema=STEPS)


def _counter_steps(points: pl.DataFrame, kwh_per_unit: float, end: datetime) -> pl.DataFrame:
    """Spread what was counted between two readings evenly; a counter that is silent counts none."""
    # Until it fell silent it counted nothing more; what it missed, it counted while it was silent.
    filled = points.with_columns(
        silent=pl.col("value").is_null(), value=pl.col("value").forward_fill()
    )
    known = filled.drop_nulls("value").filter(~is_dip())
    before, after = pl.col("value").shift(), pl.col("value")
    rise = (
        pl.when(after >= before)
        .then(after - before)
        .when(after < before * RESET_BELOW_RATIO)
        .then(after)
        .otherwise(0.0)
    )
    hours = (pl.col("at") - pl.col("at").shift()) / HOUR
    # When it was counted within a long silence, nobody knows.
    is_told = ~pl.col("silent").shift() | (hours <= 1)
    pieces = known.select(
        begin=pl.col("at").shift(),
        end=pl.col("at"),
        kw=pl.when(is_told).then(rise * kwh_per_unit / hours),
    ).drop_nulls("begin")
    # Known only when the last word was a number: an unavailable counter may well be counting.
    still_there = points.tail(1).drop_nulls().select(begin="at", end=pl.lit(end), kw=pl.lit(0.0))
    return pl.concat([pieces.cast(STEPS), still_there.cast(STEPS)])


def hourly(steps: pl.DataFrame, *, start: datetime, hours: int) -> pl.DataFrame:
    """Return kWh of each hour counted from ``start`` (``HOURLY``); null where it is not known."""
    begin_hours = (pl.col("begin") - start) / HOUR
    end_hours = (pl.col("end") - start) / HOUR
    inside = pl.min_horizontal("to", pl.col("hour") + 1) - pl.max_horizontal("since", "hour")
    found = (
        steps.drop_nulls("kw")
        .select("kw", since=begin_hours, to=end_hours)
        .filter(pl.col("to") > pl.col("since"))
        .with_columns(
            hour=pl.int_ranges(
                pl.col("since").floor().cast(pl.Int64), pl.col("to").ceil().cast(pl.Int64)
            )
        )
        .explode("hour")
        .with_columns(inside=inside)
        .group_by("hour")
        .agg(kwh=(pl.col("kw") * pl.col("inside")).sum(), covered=pl.col("inside").sum())
        .filter(pl.col("covered") >= _ENOUGH_OF_AN_HOUR)
        .select("hour", kwh=pl.col("kwh") / pl.col("covered"))
    )
    every = pl.DataFrame({"hour": range(hours)}, schema={"hour": pl.Int64()})
    return every.join(found, on="hour", how="left").sort("hour").cast(HOURLY)


def levels(points: pl.DataFrame, *, start: datetime, hours: int) -> pl.DataFrame:
    """Return the value at the start of each hour and its ``rise`` over the hour."""
    edges = pl.DataFrame(
        {"at": [start + HOUR * hour for hour in range(hours + 1)]}, schema={"at": UTC_TIME}
    )
    known = points.drop_nulls().sort("at")
    found = edges.join_asof(known, on="at", strategy="backward")["value"]
    return pl.DataFrame(
        {"hour": range(hours), "level": found[:-1], "rise": found.diff()[1:]},
        schema={"hour": pl.Int64(), "level": pl.Float64(), "rise": pl.Float64()},
    )


def no_points() -> pl.DataFrame:
    """Return an empty history."""
    return pl.DataFrame(schema=POINTS)
