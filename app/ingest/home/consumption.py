"""From recorded sensor states to energy per slot: rising counters and power meters alike.

Each pair of neighbouring states is a piece of energy over a stretch of time; pieces are cut at
slot borders. A slot counts only if pieces cover nearly all of it, so a gap is never read as zero.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import SLOT, SLOT_HOURS, UTC_TIME
from app.settings import Grid, Inverter

ENERGY_UNITS: Final = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
POWER_UNITS: Final = {"W": 0.001, "kW": 1.0, "MW": 1000.0}
CELSIUS, FAHRENHEIT = "°C", "°F"
# A fuse carries a little more than its rating for an hour, and meters round.
SLACK_RATIO = 1.1
# A longer silence tells nothing about when the energy was used,
LONGEST_SILENCE = timedelta(hours=3)
# unless a coarse counter merely had not reached its next digit: at 0.1 kW one of whole kWh speaks
# every ten hours. Such a silence ends in a step of the usual size, an outage in many at once.
LONGEST_STEP = timedelta(hours=24)
USUAL_STEPS = 1.5
# A counter that loses less than a tenth has jittered; one that loses more was reset.
RESET_BELOW_RATIO = 0.9
# A counter that is back where it was this soon was never reset: the reading between was wrong.
LONGEST_DIP = timedelta(minutes=30)
ENOUGH_OF_A_SLOT = 0.9
CONSUMPTION: Final = pl.Schema({"slot_start": UTC_TIME, "load_kwh": pl.Float64()})
POINTS: Final = pl.Schema({"at": UTC_TIME, "value": pl.Float64()})


def points_of(reply: Any, entity_id: str, *, unit: str) -> pl.DataFrame:
    """Return one history reply as ``POINTS`` in ``unit``; a state that is no number is a null.

    Each state is read in the unit it had then: people switch kWh to Wh. One that cannot be had in
    ``unit`` is a null, too; a reply without attributes says nothing of units, and is believed.
    """
    states = reply[0] if isinstance(reply, list) and reply else []
    rows, was = [], unit
    try:
        for state in states:
            if (attributes := state.get("attributes")) is not None:
                was = str(attributes.get("unit_of_measurement") or "")
            value = in_unit(_value(state["state"]), was, unit or was)
            rows.append((_instant(state.get("last_changed") or state["last_updated"]), value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UpstreamError(f"Home Assistant: unexpected history of {entity_id}") from error
    return pl.DataFrame(rows, schema=POINTS, orient="row")


def in_unit(value: float | None, was: str, wanted: str) -> float | None:
    """Return a value of one unit in another; None where no factor leads from one to the other."""
    if value is None or was == wanted:
        return value
    for units in (ENERGY_UNITS, POWER_UNITS):
        if was in units and wanted in units:
            # Ten digits: 1234.5 kWh must not become 1234499.9999999998 Wh.
            return float(f"{value * units[was] / units[wanted]:.10g}")
    if (was, wanted) == (FAHRENHEIT, CELSIUS):
        return (value - 32) / 1.8
    return value * 1.8 + 32 if (was, wanted) == (CELSIUS, FAHRENHEIT) else None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(UTC)


def _value(state: str) -> float | None:
    """Return a finite number, None for everything else a sensor may say."""
    try:
        value = float(state)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def most_kwh_per_slot(grid: Grid, inverter: Inverter) -> float:
    """Return what a house can use in a quarter at most: what its fuse and its inverter carry."""
    return (grid.max_import_kw + inverter.max_power_kw) * SLOT_HOURS * SLACK_RATIO


def consumption(
    points: pl.DataFrame, *, unit: str, entity_id: str, now: datetime, most_kwh: float
) -> pl.DataFrame:
    """Turn a rising energy counter or a power meter into kWh per whole slot (``CONSUMPTION``).

    More than ``most_kwh`` a slot is a broken meter, not a load: it is dropped with its time.
    """
    ordered = points.unique("at", keep="last").sort("at")
    if unit in ENERGY_UNITS:
        pieces = _counter_pieces(ordered, ENERGY_UNITS[unit], most_kwh)
    elif unit in POWER_UNITS:
        pieces = _power_pieces(ordered, POWER_UNITS[unit], now, most_kwh)
    else:
        known = ", ".join((*ENERGY_UNITS, *POWER_UNITS))
        raise UpstreamError(f"Home Assistant: {entity_id} has unit {unit!r}; use one of {known}")
    slots = _per_slot(pieces)
    if slots.is_empty():
        raise UpstreamError(f"Home Assistant: no usable history of {entity_id}")
    return slots


def _counter_pieces(points: pl.DataFrame, kwh_per_unit: float, most_kwh: float) -> pl.DataFrame:
    """Return pieces between readings; resets are followed, leaps and jitter dropped.

    A piece has begin, end, kwh, and how long it may be (``longest``).
    """
    before, after = pl.col("value").shift(), pl.col("value")
    rise = (
        pl.when(after >= before)
        .then(after - before)
        .when(after < before * RESET_BELOW_RATIO)
        .then(after)
        .otherwise(0.0)
    )
    pieces = without_dips(points.drop_nulls()).select(
        begin=pl.col("at").shift(), end=pl.col("at"), kwh=rise * kwh_per_unit
    )
    slots = pl.max_horizontal((pl.col("end") - pl.col("begin")) / SLOT, pl.lit(1.0))
    usual_kwh = pl.col("kwh").filter(pl.col("kwh") > 0).median().fill_null(0)
    is_step = pl.col("kwh") <= usual_kwh * USUAL_STEPS
    return pieces.filter(pl.col("kwh").is_between(0, most_kwh * slots)).with_columns(
        longest=pl.when(is_step).then(LONGEST_STEP).otherwise(LONGEST_SILENCE)
    )


def without_dips(points: pl.DataFrame) -> pl.DataFrame:
    """Leave out readings that the next one takes back, such as the zero after a restart."""
    at, value = pl.col("at"), pl.col("value")
    soon = at.shift(-1) - at <= LONGEST_DIP
    dip = (value < value.shift()) & (value.shift(-1) >= value.shift()) & soon
    return points.filter(~dip.fill_null(value=False))


def _power_pieces(
    points: pl.DataFrame, kw_per_unit: float, now: datetime, most_kwh: float
) -> pl.DataFrame:
    """Return pieces: a power holds until the next state; below zero it is no load."""
    begin = pl.col("at")
    end = begin.shift(-1).fill_null(pl.lit(now, dtype=UTC_TIME))
    hours = (end - begin) / timedelta(hours=1)
    pieces = points.select(begin=begin, end=end, kwh=pl.col("value") * kw_per_unit * hours)
    slots = (pl.col("end") - pl.col("begin")) / SLOT
    return pieces.filter(pl.col("kwh").is_between(0, most_kwh * slots)).with_columns(
        longest=pl.lit(LONGEST_SILENCE)
    )


def _per_slot(pieces: pl.DataFrame) -> pl.DataFrame:
    """Spread each piece evenly over the slots it touches; keep slots that are covered."""
    length = pl.col("end") - pl.col("begin")
    lasting = pieces.filter(length > timedelta(0), length <= pl.col("longest"))
    if lasting.is_empty():
        return pl.DataFrame(schema=CONSUMPTION)
    slot_end = pl.col("slot_start") + SLOT
    inside = pl.min_horizontal("end", slot_end) - pl.max_horizontal("begin", "slot_start")
    return (
        lasting.with_columns(
            slot_start=pl.datetime_ranges(
                pl.col("begin").dt.truncate("15m"), "end", interval="15m", closed="left"
            )
        )
        .explode("slot_start")
        .with_columns(inside=inside / SLOT, share=inside / length)
        .group_by("slot_start")
        .agg(load_kwh=(pl.col("kwh") * pl.col("share")).sum(), covered=pl.col("inside").sum())
        .filter(pl.col("covered") >= ENOUGH_OF_A_SLOT)
        .select(pl.col("slot_start").cast(UTC_TIME), pl.col("load_kwh") / pl.col("covered"))
        .sort("slot_start")
    )
