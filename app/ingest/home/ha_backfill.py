"""What a past outage left in Home Assistant's long-term statistics, slot by slot.

Five minutes add up to a quarter as measured; an hour is spread over its quarters and estimated.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.frames import SLOT, SLOT_HOURS, UTC_TIME
from app.core.slot_quality import ESTIMATED, STATISTICS
from app.ingest.home import ha_statistics, meters
from app.ingest.home.charge_level import without_jumps
from app.ingest.home.consumption import ENOUGH_OF_A_SLOT
from app.ingest.home.ha_statistics import Period, Statistic
from app.ingest.home.meters import MEASURED_SLOTS, SOC, TEMPERATURE, Meter
from app.ingest.home.slot_flows import Part
from app.settings import HomeAssistant

# Home Assistant keeps five minutes for ten days; the tenth is being deleted.
FINE_FOR: Final = timedelta(days=9)
_HOUR: Final = timedelta(hours=1)
_UNITS: Final = {SOC: "%", TEMPERATURE: "°C"}


async def read_slots(
    home: HomeAssistant,
    wanted: Sequence[Meter],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    most_kwh: float,
) -> pl.DataFrame:
    """Return the slots of [start, end) that statistics know (``MEASURED_SLOTS``), each once.

    A sensor without statistics, or with them in a unit that does not fit, adds nothing.
    """
    ids = list(dict.fromkeys(meter.key for meter in wanted))
    if not ids or start >= end:
        return meters.nothing()
    hour = start.replace(minute=0, second=0, microsecond=0)
    fine_from = max(hour, now - FINE_FOR)
    parts = []
    reaches: tuple[tuple[Period, datetime], ...] = (("5minute", fine_from), ("hour", hour))
    for period, begin in reaches:
        if begin < end:
            found = await ha_statistics.read_statistics(
                home, ids, start=begin, end=end, period=period
            )
            parts.append(
                await asyncio.to_thread(_slots, wanted, found, period=period, most_kwh=most_kwh)
            )
    inside = pl.col("slot_start").is_between(start, end, closed="left")
    # The fine rows come first and win.
    return (
        meters.stacked(parts)
        .unique(["quantity", "slot_start"], keep="first", maintain_order=True)
        .filter(inside)
    )


def _slots(
    wanted: Sequence[Meter], found: dict[str, Statistic], *, period: Period, most_kwh: float
) -> pl.DataFrame:
    return meters.stacked(
        _quarters(meter, rows, most_kwh=most_kwh)
        if period == "5minute"
        else _spread(meter, rows, most_kwh=most_kwh)
        for meter in wanted
        if (statistic := found.get(meter.key)) is not None
        and (rows := _rows(meter, statistic)) is not None
    )


def _rows(meter: Meter, statistic: Statistic) -> pl.DataFrame | None:
    """Return begin, end and amount of each row: kWh, or the mean of what is no energy."""
    if meter.quantity in _UNITS:
        amount = pl.col("mean") if statistic.unit == _UNITS[meter.quantity] else None
    elif statistic.unit == "kWh" and meter.part is Part.WHOLE:
        amount = pl.col("change")
    elif statistic.unit == "kW":
        mean_kw = -pl.col("mean") if meter.part is Part.NEGATIVE else pl.col("mean")
        amount = mean_kw.clip(lower_bound=0) * ((pl.col("end") - pl.col("start")) / _HOUR)
    else:
        amount = None
    if amount is None:
        return None
    rows = statistic.frame.select("start", "end", amount=amount)
    if meter.reach is None or rows.is_empty():
        return rows
    points = rows.select(at="start", value="amount")
    sound = without_jumps(points, meter.reach, until=rows["end"][-1])
    return rows.join(sound.select(start="at"), on="start", how="semi")


def _quarters(meter: Meter, rows: pl.DataFrame, *, most_kwh: float) -> pl.DataFrame:
    """Return the quarters of which every five minutes are known."""
    amount = {
        SOC: pl.col("amount").sort_by("start").last(),
        TEMPERATURE: pl.col("amount").mean(),
    }.get(meter.quantity, pl.col("amount").sum())
    known = (
        rows.drop_nulls("amount")
        .group_by(slot_start=pl.col("start").dt.truncate("15m"))
        .agg(value=amount, covered=(pl.col("end") - pl.col("start")).sum())
        .filter(pl.col("covered") >= SLOT * ENOUGH_OF_A_SLOT)
    )
    return _known(meter, known, STATISTICS, most_kwh=most_kwh)


def _spread(meter: Meter, rows: pl.DataFrame, *, most_kwh: float) -> pl.DataFrame:
    """Return an hour's energy spread over its quarters; its mean level is that of no instant."""
    if meter.quantity == SOC:
        return meters.nothing()
    share = 1.0 if meter.quantity == TEMPERATURE else SLOT_HOURS
    known = rows.with_columns(
        value=pl.col("amount") * share,
        slot_start=pl.datetime_ranges("start", "end", interval="15m", closed="left"),
    ).explode("slot_start")
    return _known(meter, known, ESTIMATED, most_kwh=most_kwh)


def _known(meter: Meter, known: pl.DataFrame, quality: str, *, most_kwh: float) -> pl.DataFrame:
    """Leave out what no meter of this kind can say, such as the leap after an outage."""
    low, high = {SOC: (0.0, 100.0), TEMPERATURE: (-90.0, 60.0)}.get(meter.quantity, (0.0, most_kwh))
    return (
        known.drop_nulls("value")
        .filter(pl.col("value").is_between(low, high))
        .select(
            pl.lit(meter.quantity).alias("quantity"),
            pl.col("slot_start").cast(UTC_TIME),
            "value",
            pl.lit(quality).alias("quality"),
        )
        .select(MEASURED_SLOTS.names())
        .sort("slot_start")
    )
