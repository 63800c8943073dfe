"""How good the load forecast is: causal, day by day, against persistence and the plain mean.

``python -m benchmarks.load_forecast --table year.parquet [--table …]``; a table has ``start``
(slot starts, UTC), the named load columns in kWh per slot, and ``temperature_c``. A forecast is
made at each local midnight from the days before it; the temperatures of the coming day are the
measured ones, as good as a forecast can get.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import day_slots
from app.core.frames import UTC_TIME
from app.forecast.day_class import HomeCalendar
from app.forecast.load import WINDOW_DAYS, LoadForecast, from_history

CALENDAR = HomeCalendar(ZoneInfo("Europe/Stockholm"), "SE")
WARM_UP_DAYS = 30
PLAIN_DAYS = 7
WAYS = ("persistence_1", "persistence_7", "plain", "new")


@dataclass(frozen=True, slots=True)
class Measured:
    """Errors in kWh per slot by way of forecasting, over ``days`` days."""

    days: int
    mean_kwh: float
    mean_absolute_error_kwh: dict[str, float]
    bias_kwh: dict[str, float]
    inside_ratio: float
    days_with_temperature: int
    seconds_each: float


def main() -> None:
    """Print the mean error per slot of every way to forecast."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, action="append", required=True)
    parser.add_argument("--column", action="append")
    given = parser.parse_args()
    for table in given.table:
        for column in given.column or ["load_uci_kwh", "load_kwh"]:
            found = measure(
                pl.read_parquet(table).select(
                    pl.col("start").cast(UTC_TIME).alias("slot_start"),
                    "temperature_c",
                    load_kwh=pl.col(column),
                )
            )
            print(
                f"{table.stem} {column}: mean {found.mean_kwh:.4f} kWh per slot, {found.days} days,"
                f" temperature used on {found.days_with_temperature},"
                f" {found.seconds_each * 1000:.1f} ms a forecast,"
                f" inside p10-p90 {found.inside_ratio:.3f}"
            )
            for name in WAYS:
                error, bias = found.mean_absolute_error_kwh[name], found.bias_kwh[name]
                print(f"  {name:14} MAE {error:.4f}  bias {bias:+.4f}")


def measure(frame: pl.DataFrame) -> Measured:
    """Forecast every day of a frame after its first month and compare.

    It has ``slot_start``, ``load_kwh`` and ``temperature_c`` of whole local days.
    """
    days = CALENDAR.classed(frame)
    means = days.group_by("day").agg(pl.col("temperature_c").mean()).sort("day")
    mean_c = dict(means.iter_rows())
    wanted = list(mean_c)[WARM_UP_DAYS:]
    began = time.perf_counter()
    made = list(_forecasts(days, mean_c, wanted))
    took = (time.perf_counter() - began) / len(made)
    both = pl.concat([each.frame for each in made]).rename({"load_kwh": "new"})
    both = both.join(frame, on="slot_start").join(_plain(days, wanted), on="slot_start", how="left")
    for lag in (1, 7):
        earlier = frame.select(
            (pl.col("slot_start") + timedelta(days=lag)).cast(UTC_TIME),
            pl.col("load_kwh").alias(f"persistence_{lag}"),
        )
        both = both.join(earlier, on="slot_start", how="left")
    errors = both.select(pl.col(name) - pl.col("load_kwh") for name in WAYS)
    inside = both.select(pl.col("load_kwh").is_between("p10_kwh", "p90_kwh").mean()).item()
    return Measured(
        days=len(made),
        mean_kwh=both.select(pl.col("load_kwh").mean()).item(),
        mean_absolute_error_kwh=errors.select(pl.all().abs().mean()).row(0, named=True),
        bias_kwh=errors.select(pl.all().mean()).row(0, named=True),
        inside_ratio=inside,
        days_with_temperature=sum(each.kwh_per_degree_day > 0 for each in made),
        seconds_each=took,
    )


def _forecasts(
    days: pl.DataFrame, mean_c: dict[date, float], wanted: list[date]
) -> Iterator[LoadForecast]:
    for day in wanted:
        known = pl.col("day").is_between(day - timedelta(days=WINDOW_DAYS), day, closed="left")
        yield from_history(
            days.filter(known).select("slot_start", "load_kwh"),
            slots=day_slots(day, CALENDAR.zone),
            calendar=CALENDAR,
            temperature_c={when: c for when, c in mean_c.items() if when <= day},
        )


def _plain(days: pl.DataFrame, wanted: list[date]) -> pl.DataFrame:
    """Return the plain mean of the last seven days, weekdays and weekend apart."""
    parts = []
    week_end = pl.col("day").dt.weekday() > 5  # noqa: PLR2004 - Friday
    for day in wanted:
        known = pl.col("day").is_between(day - timedelta(days=PLAIN_DAYS), day, closed="left")
        means = (
            days.filter(known)
            .with_columns(week_end=week_end)
            .group_by("week_end", "quarter")
            .agg(plain=pl.col("load_kwh").mean())
        )
        own = days.filter(pl.col("day") == day).with_columns(week_end=week_end)
        parts.append(own.join(means, on=("week_end", "quarter"), how="left"))
    return pl.concat(parts).select("slot_start", "plain")


if __name__ == "__main__":
    main()
