"""What a sensor recorded, slot by slot, each value with how it is known.

A reading and the next one make a piece of energy over a stretch of time; pieces are cut at slot
borders, so that the slots of a day add up to what the meter counted. Where nothing is known the
value is null and the slot a gap: silence is never read as zero.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import polars as pl

from app.core.frames import SLOT, SLOT_HOURS, UTC_TIME
from app.core.slot_quality import BOUNDED, ESTIMATED, GAP, MEASURED, RESET
from app.ingest.home.consumption import (
    ENERGY_UNITS,
    ENOUGH_OF_A_SLOT,
    LONGEST_STEP,
    POWER_UNITS,
    RESET_BELOW_RATIO,
    USUAL_STEPS,
    without_dips,
)

FLOW: Final = pl.Schema({"slot_start": UTC_TIME, "value": pl.Float64(), "quality": pl.String()})
# A sensor that speaks every minute and then is silent for longer than this was cut off; one that
# speaks rarely may be silent for as many of its usual intervals.
SILENCE: Final = timedelta(minutes=20)
SILENT_INTERVALS: Final = 20
# A counter that stood still and then rose did so within its last report,
LAST_RISE: Final = timedelta(minutes=1)
# with no more than a house can use between two reports.
AT_ONCE: Final = timedelta(minutes=10)
FEW_RISES: Final = 3
MOST_DECIMALS: Final = 5
# Below it a power is nothing: a roof at night, a battery at rest. Nothing may last for a night.
NOTHING_KW: Final = 0.01
# Less of a slot is missing than two meters differ by in time.
WHOLE_SLOT: Final = 0.99
# Power the wrong way round: an inverter's own few watts at night are no fault of the sign.
WRONG_WAY_KWH: Final = 0.01
SOC_HELD_FOR: Final = timedelta(hours=1)
SOC_MOVED_PERCENT: Final = 1.0
SOC_SLACK_PERCENT: Final = 0.5


class Part(StrEnum):
    """Which part of a sensor's value a quantity is: a signed power stands for two."""

    WHOLE = "whole"
    POSITIVE = "positive"
    NEGATIVE = "negative"


def counted(points: pl.DataFrame, *, unit: str, most_kwh: float) -> pl.DataFrame:
    """Return kWh per slot (``FLOW``) of a rising counter; ``points`` is ``POINTS``.

    A counter that was there but silent stood still until just before it spoke again. A rise over a
    time in which it was away is spread evenly and estimated; one of more than ``most_kwh`` a slot
    is a broken meter and leaves a gap. After a reset only what was counted since is known.
    """
    before, after = pl.col("value").shift(), pl.col("value")
    is_reset = after < before * RESET_BELOW_RATIO
    rise = pl.when(is_reset).then(after).otherwise((after - before).clip(lower_bound=0))
    # A state that is no number in between says that the sensor, or Home Assistant, was away.
    seen = _in_order(points).with_columns(gone=pl.col("value").is_null().cum_sum())
    pieces = (
        without_dips(seen.drop_nulls("value"))
        .select(
            begin=pl.col("at").shift(),
            end=pl.col("at"),
            amount=rise * ENERGY_UNITS[unit],
            is_reset=is_reset,
            was_gone=pl.col("gone") > pl.col("gone").shift(),
            wrong_way=pl.lit(0.0),
        )
        .drop_nulls("begin")
    )
    usual_kwh = pl.col("amount").filter(pl.col("amount") > 0).median().fill_null(0)
    is_step = (pl.col("amount") <= usual_kwh * USUAL_STEPS) & (_length() <= LONGEST_STEP)
    digit_kwh = _digit(seen["value"].drop_nulls()) * ENERGY_UNITS[unit]
    # With few rises nobody can say how often it usually speaks.
    is_still = _is_silence() | ((_length() > SILENCE) & ((pl.col("amount") > 0).sum() <= FEW_RISES))
    # Silent, it had not reached its next digit: all but a digit of the rise came at the end.
    has_stood = is_still & ~pl.col("was_gone")
    has_stood &= pl.col("amount").is_between(digit_kwh * USUAL_STEPS, most_kwh * AT_ONCE / SLOT)
    slots = pl.max_horizontal(_length() / SLOT, pl.lit(1.0))
    judged = pieces.with_columns(
        interval=pl.min_horizontal(_length().median(), pl.lit(LAST_RISE)),
        has_stood=has_stood,
        is_estimate=_is_silence() & ~has_stood & ~is_step,
    ).filter(pl.col("amount").is_between(0, most_kwh * slots))
    return _per_slot(_stood_still(judged))


def _digit(values: pl.Series) -> float:
    """Return what the last decimal of a counter stands for."""
    for decimals in range(MOST_DECIMALS):
        scaled = values * 10**decimals
        if ((scaled - scaled.round()).abs() < 10.0**-MOST_DECIMALS).all():
            return float(10.0**-decimals)
    return float(10.0**-MOST_DECIMALS)


def _stood_still(pieces: pl.DataFrame) -> pl.DataFrame:
    """Put the rise after a standstill where it was, and nothing before it."""
    rose_at = pl.col("end") - pl.col("interval")
    still = pieces.filter("has_stood").with_columns(
        end=rose_at, amount=pl.lit(0.0), is_reset=pl.lit(value=False)
    )
    rises = pieces.with_columns(begin=pl.when("has_stood").then(rose_at).otherwise(pl.col("begin")))
    return pl.concat([still, rises])


def powered(
    points: pl.DataFrame, *, unit: str, part: Part, until: datetime, most_kwh: float
) -> pl.DataFrame:
    """Return kWh per slot (``FLOW``) of a power that holds until the next reading.

    The last one holds to ``until``. A state that is no number, or a silence of a sensor that speaks
    often, is a gap. A part that is ``WHOLE`` has no negative side: what there is counts as zero.
    """
    kw = pl.col("value") * POWER_UNITS[unit]
    taken = (-kw if part is Part.NEGATIVE else kw).clip(lower_bound=0)
    wrong_kw = (-kw).clip(lower_bound=0) if part is Part.WHOLE else pl.lit(0.0)
    pieces = _held(points, until).with_columns(amount=taken, wrong_way=wrong_kw)
    return _per_slot(
        pieces.filter(
            ~_is_silence() | (kw.abs() <= NOTHING_KW),
            _length() <= LONGEST_STEP,
            pl.col("amount") <= most_kwh / SLOT_HOURS,
        ).with_columns(
            amount=pl.col("amount") * (_length() / timedelta(hours=1)),
            wrong_way=pl.col("wrong_way") * (_length() / timedelta(hours=1)),
        )
    )


def averaged(points: pl.DataFrame, *, until: datetime) -> pl.DataFrame:
    """Return the mean of a value that holds until the next reading (``FLOW``), in its own unit."""
    pieces = _held(points, until).with_columns(
        amount=pl.col("value") * (_length() / SLOT), wrong_way=pl.lit(0.0)
    )
    return _per_slot(pieces.filter(_length() <= LONGEST_STEP, pl.col("amount").is_not_null()))


def soc_at_ends(points: pl.DataFrame, slots: pl.Series) -> pl.DataFrame:
    """Return the state of charge in percent at the end of each slot (``FLOW``).

    A level that was silent for over an hour counts only if it had not moved when it spoke again.
    """
    states = _in_order(points).with_columns(seen_at=pl.col("at"), next=pl.col("value").shift(-1))
    ends = pl.DataFrame({"slot_start": slots.cast(UTC_TIME)}).with_columns(
        slot_end=(pl.col("slot_start") + SLOT).cast(UTC_TIME)
    )
    found = ends.sort("slot_end").join_asof(states, left_on="slot_end", right_on="at")
    value = pl.col("value")
    has_stood = (pl.col("next") - value).abs() <= SOC_MOVED_PERCENT
    is_held = (pl.col("slot_end") - pl.col("seen_at") <= SOC_HELD_FOR) | has_stood
    is_sound = value.is_between(-SOC_SLACK_PERCENT, 100 + SOC_SLACK_PERCENT) & is_held
    is_known = is_sound.fill_null(value=False)
    return found.select(
        "slot_start",
        value=pl.when(is_known).then(value.clip(0, 100)),
        quality=pl.when(~is_known)
        .then(pl.lit(GAP))
        .when(value.is_between(0, 100))
        .then(pl.lit(MEASURED))
        .otherwise(pl.lit(BOUNDED)),
    )


def _in_order(points: pl.DataFrame) -> pl.DataFrame:
    return points.unique("at", keep="last").sort("at")


def _held(points: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Return pieces (begin, end, value) of readings that hold until the next one."""
    end = pl.col("at").shift(-1).fill_null(pl.lit(until, dtype=UTC_TIME))
    return (
        _in_order(points)
        .select(begin="at", end=end, value="value")
        .filter(pl.col("end") > pl.col("begin"))
        .with_columns(is_reset=pl.lit(value=False), is_estimate=pl.lit(value=False))
    )


def _length() -> pl.Expr:
    return pl.col("end") - pl.col("begin")


def _is_silence() -> pl.Expr:
    """Whether a piece is longer than this sensor is ever silent."""
    return _length() > pl.max_horizontal(pl.lit(SILENCE), _length().median() * SILENT_INTERVALS)


def _per_slot(pieces: pl.DataFrame) -> pl.DataFrame:
    """Spread each piece evenly over the slots it touches and say how each slot is known."""
    lasting = pieces.filter(_length() > timedelta(0), pl.col("amount").is_not_null())
    if lasting.is_empty():
        return pl.DataFrame(schema=FLOW)
    slot_end = pl.col("slot_start") + SLOT
    inside = pl.min_horizontal("end", slot_end) - pl.max_horizontal("begin", "slot_start")
    slots = (
        lasting.with_columns(
            slot_start=pl.datetime_ranges(
                pl.col("begin").dt.truncate("15m"), "end", interval="15m", closed="left"
            )
        )
        .explode("slot_start")
        .with_columns(inside=inside / SLOT, share=inside / _length())
        .group_by("slot_start")
        .agg(
            amount=(pl.col("amount") * pl.col("share")).sum(),
            wrong_way=(pl.col("wrong_way") * pl.col("share")).sum(),
            covered=pl.col("inside").sum(),
            estimated=pl.col("inside").filter("is_estimate").sum(),
            # The slot in which the counter was found to have been reset.
            is_reset=(pl.col("is_reset") & (pl.col("end") <= slot_end)).any(),
        )
    )
    is_known = pl.col("covered") >= ENOUGH_OF_A_SLOT
    is_guess = (pl.col("covered") < WHOLE_SLOT) | (pl.col("estimated") > 1 - WHOLE_SLOT)
    return slots.select(
        pl.col("slot_start").cast(UTC_TIME),
        value=pl.when(is_known).then(pl.col("amount") / pl.col("covered")),
        quality=pl.when(~is_known)
        .then(pl.lit(GAP))
        .when("is_reset")
        .then(pl.lit(RESET))
        .when(is_guess)
        .then(pl.lit(ESTIMATED))
        .when(pl.col("wrong_way") > WRONG_WAY_KWH)
        .then(pl.lit(BOUNDED))
        .otherwise(pl.lit(MEASURED)),
    ).sort("slot_start")
