"""The house's past, made fit to learn from: hours cut to quarters, the heater taken out.

A meter that counts the whole house counts the water heater too, which the planner plans by itself:
what stays in the history would be planned twice.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from app.core.frames import SLOT, UTC_TIME
from app.ingest.home.consumption import CONSUMPTION, ENOUGH_OF_A_SLOT

# `is_measured` tells a heater's meter from the slots in which the plan had it on.
WATER: Final = pl.Schema(
    {"slot_start": UTC_TIME, "water_kwh": pl.Float64(), "is_measured": pl.Boolean()}
)
# Two meters read at slightly different instants; more than this below zero is another fault.
_BELOW_ZERO_KWH = 0.05


def without_water(rows: pl.DataFrame, water: pl.DataFrame) -> pl.DataFrame:
    """Return ``ENERGY`` rows without the heater's energy of the slots they hold (``WATER``).

    A measured heater that took more than the whole house makes the row unknown; one that was only
    planned may have found its tank hot, so the house keeps what there is. A slot ``water`` does not
    know is left as it is.
    """
    shares = _per_slot(rows).join(water, on="slot_start", how="left")
    heated = shares.group_by("start").agg(
        water_kwh=pl.col("water_kwh").sum(),
        is_measured=pl.col("is_measured").all(ignore_nulls=True),
    )
    rest = pl.col("energy_kwh") - pl.col("water_kwh")
    return (
        rows.join(heated, on="start", how="left", maintain_order="left")
        .filter(~pl.col("is_measured") | (rest >= -_BELOW_ZERO_KWH))
        .select("start", "end", energy_kwh=rest.clip(lower_bound=0))
    )


def _per_slot(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each slot that begins within a row of an hour or a quarter."""
    return rows.with_columns(
        slot_start=pl.datetime_ranges("start", "end", interval="15m", closed="left")
    ).explode("slot_start")


def quarters(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``ENERGY`` by the quarter from rows of five minutes; a quarter needs all three."""
    return (
        rows.group_by(start=pl.col("start").dt.truncate("15m"))
        .agg(pl.col("energy_kwh").sum(), covered=(pl.col("end") - pl.col("start")).sum())
        .filter(pl.col("covered") >= SLOT * ENOUGH_OF_A_SLOT)
        .select(
            pl.col("start").cast(UTC_TIME),
            end=(pl.col("start") + SLOT).cast(UTC_TIME),
            energy_kwh="energy_kwh",
        )
        .sort("start")
    )


def slots(rows: pl.DataFrame, *, most_kwh: float) -> pl.DataFrame:
    """Return ``CONSUMPTION``: rows spread evenly over their slots.

    A row with more than ``most_kwh`` a slot is a broken meter, not a load, and is left out.
    """
    share = pl.lit(SLOT) / (pl.col("end") - pl.col("start"))
    return (
        _per_slot(rows.with_columns(load_kwh=pl.col("energy_kwh") * share))
        .filter(pl.col("load_kwh").is_between(0, most_kwh))
        .select(pl.col("slot_start").cast(UTC_TIME), "load_kwh")
        .sort("slot_start")
    )


def rows_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``ENERGY`` rows of a quarter each from ``CONSUMPTION``."""
    return frame.select(
        start="slot_start",
        end=(pl.col("slot_start") + SLOT).cast(UTC_TIME),
        energy_kwh="load_kwh",
    )


def finest(fine: pl.DataFrame, coarse: pl.DataFrame) -> pl.DataFrame:
    """Return ``CONSUMPTION``: the fine slots, and the coarse ones where there is none."""
    both = pl.concat([fine.select(CONSUMPTION.names()), coarse.select(CONSUMPTION.names())])
    return both.unique("slot_start", keep="first", maintain_order=True).sort("slot_start")


def days_held(frame: pl.DataFrame) -> float:
    """Return how many days the slots of a frame add up to."""
    return frame.height * (SLOT / timedelta(days=1))
