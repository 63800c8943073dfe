"""The day after the published prices, as recent days would have it: always an estimate.

Each recent day lends its prices, matched by the clock on the wall; where they are spot prices, the
tariff is that of the day they stand for: no Saturday is priced with a Friday's grid fee. PV and
load come from their forecasts, and where those end from the same time a day before. The planner
averages over the days, so that one odd day neither empties nor hoards the battery at the edge of
the horizon.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import day_slots
from app.core.frames import FORECAST, LOOKAHEAD, SLOT, check
from app.core.provenance import Quality

RECENT_DAYS = 7
AHEAD = timedelta(days=1)


def slots_after(end: datetime) -> list[datetime]:
    """Return the slots of the day that follows ``end``."""
    return [end + SLOT * index for index in range(round(AHEAD / SLOT))]


def lookahead(
    recent: pl.DataFrame,
    forecast: pl.DataFrame,
    *,
    end: datetime,
    zone: ZoneInfo,
    price: Callable[[pl.DataFrame], pl.DataFrame] = lambda lent: lent,
) -> pl.DataFrame | None:
    """Return ``frames.LOOKAHEAD`` for the day after ``end``, None where no whole day is known.

    ``recent`` has ``slot_start`` and what every published slot lends; ``price`` makes import and
    export prices of that for the slots it is lent to, in their order. ``forecast`` is
    ``frames.FORECAST`` for the horizon and as far beyond as is known.
    """
    days = _whole_days(recent["slot_start"].to_list(), zone)[-RECENT_DAYS:]
    if not days:
        return None
    slots = slots_after(end)
    targets = pl.DataFrame({"slot_start": slots}, schema={"slot_start": FORECAST["slot_start"]})
    wall = pl.col("slot_start").dt.convert_time_zone(zone.key)
    lending = [name for name in recent.columns if name != "slot_start"]
    by_day = recent.select(
        wall.dt.date().alias("price_day"), wall.dt.time().alias("wall"), *lending
    ).unique(["price_day", "wall"], keep="first", maintain_order=True)
    lent = (
        pl.DataFrame({"price_day": days}, schema={"price_day": pl.Date()})
        .join(targets.with_columns(wall=wall.dt.time()), how="cross")
        .join(by_day, on=["price_day", "wall"], how="left")
        .sort("price_day", "slot_start")
        # The hour that a spring day lacks takes the price before it.
        .with_columns(pl.col(lending).forward_fill().backward_fill().over("price_day"))
    )
    prices = price(lent).select("import_price_per_kwh", "export_price_per_kwh")
    frame = (
        lent.select("price_day", "slot_start")
        .hstack(prices)
        .join(_energies(targets, forecast), on="slot_start", how="left", maintain_order="left")
        .with_columns(quality=pl.lit(Quality.ESTIMATED.value))
        .select(LOOKAHEAD.names())
    )
    check(frame.lazy(), LOOKAHEAD, by="look-ahead")
    return frame


def _whole_days(starts: Sequence[datetime], zone: ZoneInfo) -> list[date]:
    """Return the local days of which every slot is there, oldest first."""
    known = set(starts)
    days = sorted({start.astimezone(zone).date() for start in starts})
    return [day for day in days if known.issuperset(day_slots(day, zone))]


def _energies(targets: pl.DataFrame, forecast: pl.DataFrame) -> pl.DataFrame:
    """Return PV and load per slot; where a forecast ends, the newest day at that time stands in."""
    day_before = forecast.with_columns(pl.col("slot_start") + AHEAD).rename(
        {"pv_kwh": "pv_before", "load_kwh": "load_before"}
    )
    return (
        targets.join(forecast, on="slot_start", how="left")
        .join(day_before, on="slot_start", how="left")
        .select(
            "slot_start",
            # A horizon of less than a day leaves slots that nothing is known of.
            pv_kwh=pl.coalesce("pv_kwh", "pv_before", pl.lit(0.0)),
            load_kwh=pl.coalesce("load_kwh", "load_before", pl.col("load_kwh").mean(), 0.0),
        )
    )
