"""The shape of a home's day: a weighted mean per quarter, and how far days stray from it."""

from typing import Final

import polars as pl

from app.forecast.day_class import QUARTERS

# Days of one class worth five count half by themselves, half with all days.
POOLING_DAYS: Final = 5.0
# Weights of a quarter and its two neighbours on each side: 7 % less error after one day of
# history, 1 % after two months.
_KERNEL: Final = (1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9)
_REACH: Final = len(_KERNEL) // 2
# The spread of a quarter is read off this many days and its neighbours' quarters.
_SPREAD_DAYS: Final = 28
LEAST_SPREAD_DAYS: Final = 7
_LOW, _HIGH = 0.1, 0.9
_MOST_LEVERAGE: Final = 0.9
_CLASSES = pl.DataFrame({"is_free": [False, True]})


def profile(past: pl.DataFrame) -> pl.DataFrame:
    """Return ``profile_kwh`` per ``is_free`` and ``quarter``: 192 rows, none null.

    ``past`` has ``is_free``, ``quarter``, ``load_kwh`` and ``weight``. Few days of a class lean on
    the days of all; ``own_weight``, ``all_weight`` and ``trust`` say how much.
    """
    weight, kwh = pl.col("weight"), pl.col("weight") * pl.col("load_kwh")
    own = past.group_by("is_free", "quarter").agg(
        own_weight=weight.sum(), own_kwh=kwh.sum(), squares=(weight**2).sum()
    )
    every = past.group_by("quarter").agg(all_weight=weight.sum(), all_kwh=kwh.sum())
    grid = _CLASSES.join(_quarters(), how="cross")
    days = pl.col("own_weight") ** 2 / pl.col("squares")
    all_mean = pl.col("all_kwh") / pl.col("all_weight")
    own_mean = pl.col("own_kwh") / pl.col("own_weight")
    blended = (
        grid.join(own, on=("is_free", "quarter"), how="left", maintain_order="left")
        .join(every, on="quarter", how="left", maintain_order="left")
        .with_columns(trust=(days / (days + POOLING_DAYS)).fill_null(0))
        .with_columns(
            profile_kwh=pl.when(pl.col("trust") > 0)
            .then(pl.col("trust") * own_mean + (1 - pl.col("trust")) * all_mean)
            .otherwise(all_mean)
        )
    )
    shapes = [
        _smooth(_filled(blended.filter(pl.col("is_free") == is_free)["profile_kwh"]))
        for is_free in (False, True)
    ]
    return blended.with_columns(profile_kwh=pl.concat(shapes))


def _quarters() -> pl.DataFrame:
    return pl.DataFrame({"quarter": list(range(QUARTERS))}, schema={"quarter": pl.Int32()})


def _filled(values: pl.Series) -> pl.Series:
    """Fill gaps between neighbours; the day is a circle."""
    return pl.concat([values] * 3).interpolate().slice(QUARTERS, QUARTERS)


def _smooth(values: pl.Series) -> pl.Series:
    """Return the mean of each quarter and its neighbours; keeps the day's energy."""
    parts = values.to_list()
    return pl.Series(
        "profile_kwh",
        [
            sum(
                share * parts[(index + step - _REACH) % QUARTERS]
                for step, share in enumerate(_KERNEL)
            )
            for index in range(QUARTERS)
        ],
        dtype=pl.Float64,
    )


def spread(past: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """Return ``low_kwh`` and ``high_kwh`` per ``quarter``, to be added to the profile.

    They are the tenth and the ninetieth percentile of what recent days differed from it, pooled
    with the neighbouring quarters. A day is part of the mean it is compared with, which makes it
    look nearer than a new day would be: each difference is divided by one minus its share in that
    mean. Nulls while fewer than ``LEAST_SPREAD_DAYS`` are known.
    """
    days = past["day"].unique().sort().tail(_SPREAD_DAYS)
    if len(days) < LEAST_SPREAD_DAYS:
        return _quarters().with_columns(
            low_kwh=pl.lit(None, dtype=pl.Float64), high_kwh=pl.lit(None, dtype=pl.Float64)
        )
    share = pl.col("weight") * (
        pl.col("trust") / pl.col("own_weight") + (1 - pl.col("trust")) / pl.col("all_weight")
    )
    leverage = (share * _KERNEL[_REACH]).clip(upper_bound=_MOST_LEVERAGE)
    strayed = (
        past.filter(pl.col("day") >= days[0])
        .join(shape, on=("is_free", "quarter"), how="left")
        .select("quarter", off_kwh=(pl.col("load_kwh") - pl.col("profile_kwh")) / (1 - leverage))
    )
    pooled = pl.concat(
        [
            strayed.with_columns(quarter=(pl.col("quarter") + step) % QUARTERS)
            for step in range(-_REACH, _REACH + 1)
        ]
    )
    return pooled.group_by("quarter").agg(
        low_kwh=pl.col("off_kwh").quantile(_LOW, "linear"),
        high_kwh=pl.col("off_kwh").quantile(_HIGH, "linear"),
    )
