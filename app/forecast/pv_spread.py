"""How far the sun may stray from its forecast: from an ensemble, or from the home's own errors."""

from typing import Final

import polars as pl

from app.core.frames import UTC_TIME

# `pv_kwh` is what the plan reckons with; one in ten outcomes lies below `p10_kwh`, one in ten
# above `p90_kwh`; both are null where nobody can tell.
PV: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "pv_kwh": pl.Float64(),
        "p10_kwh": pl.Float64(),
        "p90_kwh": pl.Float64(),
    }
)
LEAST_DAYS: Final = 7
SPREAD_DAYS: Final = 28
_LOW, _HIGH = 0.1, 0.9
# A dawn of a few watts forecast can be ten times as bright, and mean nothing.
_LEAST_HOUR_SHARE: Final = 0.02
_MOST_RATIO: Final = 3.0
_DAY_HOURS: Final = 24


def without_spread(forecast: pl.DataFrame) -> pl.DataFrame:
    """Return ``PV`` of a forecast of which nobody knows how far it may be off."""
    unknown = pl.lit(None, dtype=pl.Float64)
    return forecast.select("slot_start", "pv_kwh", p10_kwh=unknown, p90_kwh=unknown).cast(PV)


def from_members(forecast: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return ``PV`` with the percentiles of ``members`` (``slot_start``, ``member``, ``pv_kwh``).

    They enclose the forecast: where it lies outside its ensemble, that doubt is part of the spread.
    """
    value = pl.col("pv_kwh")
    seen = members.group_by("slot_start").agg(
        p10_kwh=value.quantile(_LOW, "linear"), p90_kwh=value.quantile(_HIGH, "linear")
    )
    return _enclosing(
        forecast.select("slot_start", "pv_kwh").join(
            seen, on="slot_start", how="left", maintain_order="left"
        )
    )


def from_past_errors(
    forecast: pl.DataFrame, past: pl.DataFrame, *, most_kwh: float
) -> pl.DataFrame | None:
    """Return ``PV`` by how far earlier forecasts were off, None with fewer than a week of them.

    ``past`` has ``slot_start``, ``forecast_kwh`` (as issued the day before) and ``measured_kwh``.
    Errors are ratios of an hour's energy, pooled with the hours beside it in UTC, which the sun
    keeps to; an hour without any takes those of the whole day. ``most_kwh`` is what all inverters
    can give in a slot.
    """
    ratios = _ratios(past)
    if ratios["day"].n_unique() < LEAST_DAYS:
        return None
    pooled = pl.concat(
        [ratios.with_columns(hour=(pl.col("hour") + step) % _DAY_HOURS) for step in (-1, 0, 1)]
    )
    by_hour = pooled.group_by("hour").agg(
        low=pl.col("ratio").quantile(_LOW, "linear"), high=pl.col("ratio").quantile(_HIGH, "linear")
    )
    low_of_all = ratios["ratio"].quantile(_LOW, "linear")
    high_of_all = ratios["ratio"].quantile(_HIGH, "linear")
    hour = pl.col("slot_start").dt.hour().cast(pl.Int32).alias("hour")
    strayed = (
        forecast.select("slot_start", "pv_kwh", hour)
        .join(by_hour, on="hour", how="left", maintain_order="left")
        .with_columns(
            p10_kwh=pl.col("pv_kwh") * pl.col("low").fill_null(low_of_all),
            p90_kwh=(pl.col("pv_kwh") * pl.col("high").fill_null(high_of_all)).clip(
                upper_bound=most_kwh
            ),
        )
    )
    return _enclosing(strayed)


def _ratios(past: pl.DataFrame) -> pl.DataFrame:
    """Return ``day``, ``hour`` (UTC) and ``ratio`` of the newest days, of hours with sun."""
    start = pl.col("slot_start")
    hours = (
        past.group_by(day=start.dt.date(), hour=start.dt.hour().cast(pl.Int32))
        .agg(pl.col("forecast_kwh").sum(), pl.col("measured_kwh").sum())
        .filter(pl.col("forecast_kwh") > _LEAST_HOUR_SHARE * pl.col("forecast_kwh").max())
        .sort("day", "hour")
    )
    days = hours["day"].unique().sort().tail(SPREAD_DAYS)
    ratio = (pl.col("measured_kwh") / pl.col("forecast_kwh")).clip(0, _MOST_RATIO)
    return hours.filter(pl.col("day").is_in(days.to_list())).select("day", "hour", ratio=ratio)


def _enclosing(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``PV`` with the forecast inside its spread; unknown stays unknown."""
    value, low, high = pl.col("pv_kwh"), pl.col("p10_kwh"), pl.col("p90_kwh")
    return frame.select(
        "slot_start",
        "pv_kwh",
        p10_kwh=pl.when(low.is_not_null()).then(pl.min_horizontal(low, value)),
        p90_kwh=pl.when(high.is_not_null()).then(pl.max_horizontal(high, value)),
    ).cast(PV)
