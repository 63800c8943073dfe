"""Whole price days that are hardly real: what makes them so, and whether two of them agree.

Nothing here refuses a day. A doubted one is held against another provider's; the market does give
hours of exactly 0.00 and days a twentieth of the last ones (in 731 days of SE4, 2023 and 2024: 15
and 4), and then the other provider says the same.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median

import polars as pl

from app.ingest.prices.day import DELIVERY_ZONE, PER_EUR, PriceDay
from app.ingest.prices.own_file import SOURCE as OWN

# How many days before are compared with, and how many of them must be known.
NEIGHBOURS, FEWEST_NEIGHBOURS = 14, 3
# The day's 90th percentile against the neighbours' median one: 5 of those 731 days lie beyond.
FAR = 20.0
# A day that never comes to a tenth of a cent; a thousandth of an ordinary price is far below.
NEXT_TO_NOTHING_EUR_PER_KWH = 0.001
LONGEST_ZERO_QUARTERS, LONGEST_SAME_QUARTERS = 8, 16
# Two providers' prices differ by their rounding and by the exchange rate they take.
_NEAR_EUR_PER_KWH, _NEAR_RATIO = 0.005, 0.05
_ROUNDING, _CONVERTED_ROUNDING = 2e-5, 2e-4
# How far one exchange rate may be from the one of the day before, and more.
_RATES = (0.9, 1.1)
_HIGH_QUANTILE = 0.9


def doubts(day: PriceDay, before: pl.DataFrame) -> tuple[str, ...]:
    """Return why a day is hardly real, a sentence each; empty for an ordinary one.

    ``before`` holds the stored days before it (``slot_start``, ``spot_price_per_kwh``), in the
    day's currency.
    """
    starts, prices = (day.frame[name].to_list() for name in ("slot_start", "spot_price_per_kwh"))
    # A contract may have one price all day, and its owner knows.
    runs = () if day.source == OWN else _runs(starts, prices)
    return (*runs, *_scale(prices, before, day.currency))


def agree(one: PriceDay, other: PriceDay) -> bool:
    """Tell whether two providers mean the same prices, in every quarter."""
    near = _NEAR_EUR_PER_KWH * PER_EUR[one.currency]
    pairs = zip(*(each.frame["spot_price_per_kwh"] for each in (one, other)), strict=True)
    return all(abs(a - b) <= near + _NEAR_RATIO * max(abs(a), abs(b)) for a, b in pairs)


def same_prices(old: pl.DataFrame, new: pl.DataFrame, *, is_converted: bool) -> bool:
    """Tell whether a day has the prices it had, but for rounding.

    ``is_converted``: it is quoted in another currency, and another exchange rate alone is no
    correction.
    """
    a, b = (frame.sort("slot_start")["spot_price_per_kwh"].to_list() for frame in (old, new))
    if len(a) != len(b):
        return False
    ratio, near = 1.0, _ROUNDING
    if is_converted and (total := sum(map(abs, a))):
        low, high = _RATES
        ratio, near = min(high, max(low, sum(map(abs, b)) / total)), _CONVERTED_ROUNDING
    return all(abs(x * ratio - y) <= near for x, y in zip(a, b, strict=True))


def compared_with(day_start: datetime) -> tuple[datetime, datetime]:
    """Return the span of the days that a delivery day is compared with, [start, end)."""
    return day_start - timedelta(days=NEIGHBOURS), day_start


def _runs(starts: Sequence[datetime], prices: Sequence[float]) -> Iterator[str]:
    runs = [(price, len(list(group))) for price, group in groupby(prices)]
    zero = max((length for price, length in runs if not price), default=0)
    same, price = max(((length, price) for price, length in runs if price), default=(0, 0.0))
    if zero >= LONGEST_ZERO_QUARTERS:
        yield f"{zero} quarters in a row cost exactly 0.00"
    elif any(hour and not any(hour) for hour in _repeated_hour(starts, prices)):
        yield "the repeated autumn hour costs exactly 0.00"
    if same >= LONGEST_SAME_QUARTERS:
        yield f"{same} quarters in a row cost the same {price:.4f}"


def _repeated_hour(starts: Sequence[datetime], prices: Sequence[float]) -> list[Sequence[float]]:
    """Return the prices of the clock hour that comes twice, its first time and its second."""
    offsets = [start.astimezone(DELIVERY_ZONE).utcoffset() or timedelta() for start in starts]
    back = next((at for at in range(1, len(offsets)) if offsets[at] < offsets[at - 1]), None)
    return [] if back is None else [prices[back - 4 : back], prices[back : back + 4]]


def _scale(prices: Sequence[float], before: pl.DataFrame, currency: str) -> Iterator[str]:
    top = _high(prices)
    if top < NEXT_TO_NOTHING_EUR_PER_KWH * PER_EUR[currency]:
        yield f"nearly every price is below {NEXT_TO_NOTHING_EUR_PER_KWH * PER_EUR[currency]:.4f}"
        return
    days = before.group_by(
        pl.col("slot_start").dt.convert_time_zone(str(DELIVERY_ZONE)).dt.date()
    ).agg("spot_price_per_kwh")
    tops = [_high(each) for each in days["spot_price_per_kwh"].to_list()]
    if len(tops) < FEWEST_NEIGHBOURS or not (usual := median(tops)):
        return
    if top * FAR < usual:
        yield f"the prices are {usual / top:.0f} times lower than on the days before"
    elif top > usual * FAR:
        yield f"the prices are {top / usual:.0f} times higher than on the days before"


def _high(prices: Sequence[float]) -> float:
    ordered = sorted(map(abs, prices))
    return ordered[int(len(ordered) * _HIGH_QUANTILE)]
