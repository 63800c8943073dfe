"""What the house will use: its own recent days, quarter by quarter of the local day.

The choices below were measured causally, day by day over two years of a home with and without a
heat pump; the figures are in docs/forecasts.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import SLOT_HOURS, UTC_TIME
from app.forecast import load_temperature
from app.forecast.day_class import QUARTERS, HomeCalendar
from app.forecast.load_profile import POOLING_DAYS, profile, spread
from app.forecast.load_temperature import Day, heating_degrees

# `load_kwh` is the mean that a plan needs; one in ten outcomes lies below `p10_kwh`, one in ten
# above `p90_kwh`; both are null while there are too few days to tell.
LOAD: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "load_kwh": pl.Float64(),
        "p10_kwh": pl.Float64(),
        "p90_kwh": pl.Float64(),
    }
)
# 7 days beat 3 and 14: habits drift, and a week holds every weekday.
HALF_LIFE_DAYS: Final = 7.0
# After eight half-lives a day counts 1/256.
WINDOW_DAYS: Final = 56
# A day with this many of its quarters is whole enough to show a home's rhythm.
WHOLE_DAY_QUARTERS: Final = 88
# What lies further above its quarter's median than ten times the usual distance, and is not a
# habit, is cut: it takes 0.2 % off the mean, while three times would take 11 %.
CAP_DISTANCES: Final = 10.0
CAP_FLOOR_RATIO: Final = 2.0
# Sauna, oven and hob at once, 6 kW, are life and no outlier.
CAP_LEAST_KWH: Final = 1.5
HABIT_RATIO: Final = 0.1
_NORMAL_MAD: Final = 1.4826  # scales a median distance to a standard deviation
_MOST_UNKNOWN_RATIO: Final = 0.2


class NotEnoughHistoryError(UpstreamError):
    """The home's own history does not hold one whole day yet."""

    code = "not_enough_history"


@dataclass(frozen=True, slots=True)
class LoadForecast:
    """A forecast (``LOAD``), the whole days behind it, what it knows of cold, and what was cut.

    ``kwh_per_degree_day`` is what a day one degree colder adds, 0 where the temperature is left
    out.
    """

    frame: pl.DataFrame
    days: int
    kwh_per_degree_day: float
    slots_cut: int


def from_history(
    history: pl.DataFrame,
    *,
    slots: list[datetime],
    calendar: HomeCalendar,
    temperature_c: Mapping[date, float] | None = None,
) -> LoadForecast:
    """Return the forecast for the slots from what the house used (``CONSUMPTION``).

    A recency-weighted profile by wall clock, of free days and others as far as each is known; a
    quarter without data takes the mean of its neighbours. ``temperature_c`` holds daily means of
    past and coming days; they count only where they make held-out days better. Less than one whole
    day raises ``NotEnoughHistoryError``.
    """
    whole = whole_days(history, calendar.zone)
    if not whole:
        raise NotEnoughHistoryError(
            f"load history has {history.height} quarters, none of its days is whole; "
            "a forecast needs one"
        )
    since = whole[-1] - timedelta(days=WINDOW_DAYS - 1)
    whole = [day for day in whole if day >= since]
    past, cut = _capped(calendar.classed(history).filter(pl.col("day") >= since))
    wanted = calendar.classed(pl.DataFrame({"slot_start": slots}, schema={"slot_start": UTC_TIME}))
    degrees = _degrees(temperature_c or {}, past, wanted)
    per_degree = load_temperature.slope(
        _days(past, whole, degrees), half_life_days=HALF_LIFE_DAYS, pooling_days=POOLING_DAYS
    )
    heating_kwh = per_degree * pl.col("day").replace_strict(
        degrees, default=0.0, return_dtype=pl.Float64()
    )
    age_days = (pl.lit(past["day"].max()) - pl.col("day")).dt.total_days()
    level = past.with_columns(
        load_kwh=pl.col("load_kwh") - heating_kwh, weight=0.5 ** (age_days / HALF_LIFE_DAYS)
    )
    shape = profile(level)
    load_kwh, low_kwh, high_kwh = pl.col("load_kwh"), pl.col("low_kwh"), pl.col("high_kwh")
    frame = (
        wanted.join(shape, on=("is_free", "quarter"), how="left", maintain_order="left")
        .join(spread(level, shape), on="quarter", how="left", maintain_order="left")
        .with_columns(load_kwh=(pl.col("profile_kwh") + heating_kwh).clip(lower_bound=0))
        .select(
            "slot_start",
            "load_kwh",
            p10_kwh=(load_kwh + low_kwh.clip(upper_bound=0)).clip(lower_bound=0),
            p90_kwh=load_kwh + high_kwh.clip(lower_bound=0),
        )
        .cast(LOAD)
    )
    return LoadForecast(frame, len(whole), per_degree * QUARTERS, cut)


def whole_days(history: pl.DataFrame, zone: ZoneInfo) -> list[date]:
    """Return the local days of which nearly every quarter is known, oldest first."""
    local_day = pl.col("slot_start").dt.convert_time_zone(zone.key).dt.date().alias("day")
    counted = history.group_by(local_day).len().filter(pl.col("len") >= WHOLE_DAY_QUARTERS)
    return counted["day"].sort().to_list()


def _capped(past: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Cut what sticks out of its quarter and is no habit; return the past and the slots cut.

    Only upwards: a house that uses nothing for a day is away, a meter that leaps is broken.
    """
    load, group = pl.col("load_kwh"), ("is_free", "quarter")
    distance = (load - pl.col("median_kwh")).abs() * _NORMAL_MAD
    measured = past.with_columns(median_kwh=load.median().over(group))
    usual_kwh = pl.max_horizontal(
        distance.median().over(group), distance.median() * CAP_FLOOR_RATIO
    )
    most_kwh = pl.col("median_kwh") + (usual_kwh * CAP_DISTANCES).clip(lower_bound=CAP_LEAST_KWH)
    marked = measured.with_columns(most_kwh=most_kwh).with_columns(
        is_above=load > pl.col("most_kwh")
    )
    above = pl.col("is_above").sum().over(group)
    is_rare = (above == 1) | (above <= pl.len().over(group) * HABIT_RATIO)
    cut = marked.with_columns(is_cut=pl.col("is_above") & is_rare)
    return (
        cut.with_columns(load_kwh=pl.when("is_cut").then("most_kwh").otherwise("load_kwh")).select(
            past.columns
        ),
        int(cut["is_cut"].sum()),
    )


def _degrees(
    temperature_c: Mapping[date, float], past: pl.DataFrame, wanted: pl.DataFrame
) -> dict[date, float]:
    """Return the heating degrees of every day, empty where too many temperatures are missing.

    A day without one takes its neighbours'.
    """
    days = pl.concat([past["day"], wanted["day"]]).unique().sort()
    known = pl.DataFrame({"day": days}).with_columns(
        celsius=pl.col("day").replace_strict(
            dict(temperature_c), default=None, return_dtype=pl.Float64()
        )
    )
    if known["celsius"].null_count() > known.height * _MOST_UNKNOWN_RATIO:
        return {}
    filled = known.with_columns(pl.col("celsius").interpolate().forward_fill().backward_fill())
    return {day: heating_degrees(celsius) for day, celsius in filled.iter_rows()}


def _days(past: pl.DataFrame, whole: list[date], degrees: Mapping[date, float]) -> list[Day]:
    """Return the whole days with what they used, none without temperatures."""
    if not degrees:
        return []
    used = (
        past.filter(pl.col("day").is_in(whole))
        .group_by("day", "is_free")
        .agg(pl.col("load_kwh").mean())
    )
    return [Day(day, is_free, degrees[day], kwh) for day, is_free, kwh in used.iter_rows()]


def flat(daily_kwh: float, *, slots: list[datetime]) -> pl.DataFrame:
    """Return ``LOAD`` of a home about which only its daily energy is known: spread evenly."""
    per_slot = daily_kwh * SLOT_HOURS / 24
    return pl.DataFrame(
        {"slot_start": slots, "load_kwh": [per_slot] * len(slots)},
        schema={name: LOAD[name] for name in ("slot_start", "load_kwh")},
    ).with_columns(p10_kwh=pl.lit(None, dtype=pl.Float64), p90_kwh=pl.lit(None, dtype=pl.Float64))
