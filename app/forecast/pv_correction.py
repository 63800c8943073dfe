"""What a home's own production says of its roof: shade, dirt, and losses no model knows.

A factor for each month and hour of the day, measured energy over modelled energy of the same
weather. Hours are UTC: the sun knows no summer time.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

HALF_LIFE_DAYS: Final = 21.0
WINDOW_DAYS: Final = 92
LEAST_DAYS: Final = 7
# Days that count half by themselves, half as what is known without them.
SHRINKAGE_DAYS: Final = 3.0
LEAST_FACTOR, MOST_FACTOR = 0.1, 1.5
# An hour this dim, of the brightest, tells of noise and not of the roof.
LEAST_HOUR_SHARE: Final = 0.01

_FACTORS = pl.Schema({"month": pl.Int32(), "hour": pl.Int32(), "factor": pl.Float64()})


@dataclass(frozen=True, slots=True)
class Correction:
    """Factors by ``month`` and ``hour`` (UTC), by ``hour`` alone, and for any other slot."""

    days: int
    by_month: pl.DataFrame
    by_hour: pl.DataFrame
    overall: float

    def of(self, slots: pl.DataFrame) -> pl.Series:
        """Return the factor of each row of ``slots`` (with ``slot_start``), in their order."""
        start = pl.col("slot_start")
        found = (
            slots.select(month=start.dt.month().cast(pl.Int32), hour=start.dt.hour().cast(pl.Int32))
            .join(self.by_month, on=("month", "hour"), how="left", maintain_order="left")
            .join(self.by_hour, on="hour", how="left", maintain_order="left", suffix="_of_hour")
        )
        factor = pl.coalesce("factor", "factor_of_hour", pl.lit(self.overall))
        return found.select(factor.clip(LEAST_FACTOR, MOST_FACTOR)).to_series()


NEUTRAL: Final = Correction(0, _FACTORS.to_frame(), _FACTORS.to_frame().drop("month"), 1.0)


def learn(past: pl.DataFrame, *, today: date) -> Correction:
    """Return what the past says (``slot_start``, ``modelled_kwh``, ``measured_kwh``).

    Only slots in which nothing but the roof stands between the two: no snow, no inverter's limit,
    no curtailing. ``NEUTRAL`` with fewer than a week of days with sun. Recent days count more; few
    days lean on the hour in all months, that on the whole day, and that on 1.
    """
    hours = _hours(past, today)
    days = hours["day"].n_unique()
    if days < LEAST_DAYS:
        return NEUTRAL
    by_day = hours.group_by("day").agg(
        pl.col("weight").first(), pl.col("modelled_kwh").sum(), pl.col("measured_kwh").sum()
    )
    overall = by_day.select(_pulled(_ratio(), _days(), to=pl.lit(1.0))).item()
    by_hour = hours.group_by("hour").agg(ratio=_ratio(), days=_days())
    by_month = (
        hours.group_by("month", "hour")
        .agg(ratio=_ratio(), days=_days())
        .join(by_hour, on="hour", suffix="_of_hour")
        # One set of days must not testify twice: the month leans on the hour as it was measured,
        # and both together on the whole day.
        .with_columns(ratio=_pulled(pl.col("ratio"), pl.col("days"), to=pl.col("ratio_of_hour")))
    )
    whole = pl.lit(overall)
    return Correction(
        days,
        by_month.select(
            "month", "hour", factor=_pulled(pl.col("ratio"), pl.col("days_of_hour"), to=whole)
        ),
        by_hour.select("hour", factor=_pulled(pl.col("ratio"), pl.col("days"), to=whole)),
        overall,
    )


def _hours(past: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return the energies of each hour with sun, and how much its day counts."""
    start = pl.col("slot_start")
    hours = (
        past.with_columns(day=start.dt.date())
        .with_columns(age_days=(pl.lit(today) - pl.col("day")).dt.total_days())
        .filter(pl.col("age_days").is_between(0, WINDOW_DAYS))
        .group_by("day", "age_days", hour=start.dt.hour().cast(pl.Int32))
        .agg(pl.col("modelled_kwh").sum(), pl.col("measured_kwh").sum())
    )
    return hours.filter(
        pl.col("modelled_kwh") > LEAST_HOUR_SHARE * pl.col("modelled_kwh").max()
    ).with_columns(
        month=pl.col("day").dt.month().cast(pl.Int32),
        weight=0.5 ** (pl.col("age_days") / HALF_LIFE_DAYS),
    )


def _pulled(ratio: pl.Expr, days: pl.Expr, *, to: pl.Expr) -> pl.Expr:
    """Return a ratio as far from ``to`` as its days can carry it."""
    return (days * ratio + SHRINKAGE_DAYS * to) / (days + SHRINKAGE_DAYS)


def _ratio() -> pl.Expr:
    """Return measured over modelled energy of a group, recent days counting more."""
    weight = pl.col("weight")
    return (weight * pl.col("measured_kwh")).sum() / (weight * pl.col("modelled_kwh")).sum()


def _days() -> pl.Expr:
    """Return how many days of equal weight a group's days are worth."""
    return pl.col("weight").sum() ** 2 / (pl.col("weight") ** 2).sum()
