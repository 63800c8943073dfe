"""What the panels gave at this time of the year: the guess of a home that cannot see the sky."""

from datetime import datetime
from typing import Final

import polars as pl

from app.core.frames import SLOT, UTC_TIME
from app.forecast.day_class import QUARTERS
from app.forecast.pv_spread import PV

# This month, as the sun sees it: half a month on both sides of the day.
HALF_MONTH_DAYS: Final = 15
YEARS: Final = 3
LEAST_DAYS: Final = 3
LEAST_SPREAD_DAYS: Final = 7
_WHOLE_DAY_QUARTERS: Final = 88


def climatology(
    measured: pl.DataFrame, *, slots: list[datetime]
) -> tuple[pl.DataFrame, int] | None:
    """Return ``PV`` for the slots and the days behind it, None with fewer than three whole ones.

    ``measured`` has ``slot_start`` and ``value`` in kWh. Each quarter of the UTC day, which the sun
    keeps to, takes the mean of its days; one that was never measured is dark.
    """
    start = pl.col("slot_start")
    past = measured.with_columns(day=start.dt.date(), quarter=_quarter()).filter(
        pl.len().over("day") >= _WHOLE_DAY_QUARTERS
    )
    days = past["day"].n_unique()
    if days < LEAST_DAYS:
        return None
    value = pl.col("value")
    known = pl.lit(days >= LEAST_SPREAD_DAYS)
    shape = past.group_by("quarter").agg(
        pv_kwh=value.mean(),
        p10_kwh=pl.when(known).then(value.quantile(0.1, "linear")),
        p90_kwh=pl.when(known).then(value.quantile(0.9, "linear")),
    )
    wanted = pl.DataFrame({"slot_start": slots}, schema={"slot_start": UTC_TIME})
    frame = (
        wanted.with_columns(quarter=_quarter())
        .join(shape, on="quarter", how="left", maintain_order="left")
        .with_columns(
            pv_kwh=pl.col("pv_kwh").fill_null(0.0),
            # The mean of a few bright days may lie above the ninth of ten.
            p10_kwh=pl.min_horizontal("p10_kwh", "pv_kwh"),
            p90_kwh=pl.max_horizontal("p90_kwh", "pv_kwh"),
        )
        .with_columns(
            pl.when(known & (pl.col("quarter").is_in(shape["quarter"].to_list())))
            .then(pl.col(name))
            .alias(name)
            for name in ("p10_kwh", "p90_kwh")
        )
    )
    return frame.select(PV.names()).cast(PV), days


def _quarter() -> pl.Expr:
    start = pl.col("slot_start")
    minutes = start.dt.hour().cast(pl.Int32) * 60 + start.dt.minute()
    return (minutes // (SLOT.seconds // 60) % QUARTERS).alias("quarter")
