"""One delivery day of spot prices: taken whole for that very date, or refused with the reason."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import day_slots
from app.core.errors import NotPublishedYetError, UpstreamError
from app.core.frames import SLOT, UTC_TIME

# Delivery days are Central European calendar days, also for Finland and the Baltics.
DELIVERY_ZONE = ZoneInfo("Europe/Oslo")
# Harmonised limits are -0.5 and 4 EUR/kWh; beyond these it is a unit mix-up, not a price.
LOWEST_EUR_PER_KWH, HIGHEST_EUR_PER_KWH = -0.6, 6.0
# Rough rates, good enough to tell a price from a unit mix-up; nothing is converted with them.
PER_EUR = {"EUR": 1.0, "SEK": 11.5, "NOK": 12.0, "DKK": 7.5}
_CONVERTED = ", EUR at "
SPOT = pl.Schema({"slot_start": UTC_TIME, "spot_price_per_kwh": pl.Float64()})


class Refusal(StrEnum):
    """Why a provider's day is not taken."""

    SHAPE = "unexpected_shape"
    WRONG_DAY = "wrong_day"
    WRONG_AREA = "wrong_area"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_UNIT = "wrong_unit"
    NO_PRICE = "price_missing"
    INTERVAL = "odd_interval"
    CONFLICT = "conflicting_duplicate"
    INCOMPLETE = "incomplete_day"
    IMPLAUSIBLE = "implausible_price"
    ALL_ZERO = "all_zero"
    DOUBTED = "doubted"
    LICENCE = "licence_not_free"
    NO_RATE = "no_exchange_rate"
    QUESTION = "question_refused"


class DayRefusedError(UpstreamError):
    """A provider answered, but not with the whole, plausible day that was asked for."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        """Keep the reason; the code tells it to machines."""
        super().__init__(message)
        self.refusal = refusal
        self.code = f"price_day_{refusal.value}"


class PreliminaryError(NotPublishedYetError):
    """The day is out, but may still change: waited for, as if it were not out."""

    code = "price_day_preliminary"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a delivery day of a bidding zone, at an instant, for a source's name."""

    day: date
    area: str
    currency: str
    source: str
    # A source that does not say when it published is taken to have done so when it was asked.
    asked_at: datetime

    def refused(self, refusal: Refusal, why: str) -> DayRefusedError:
        """Return the error that names the source, the reason and what was wrong."""
        return DayRefusedError(refusal, f"{self.source}: {why}")

    @property
    def slots(self) -> list[datetime]:
        """The 92, 96 or 100 quarters of the delivery day (UTC)."""
        return day_slots(self.day, DELIVERY_ZONE)


@dataclass(frozen=True, slots=True)
class Interval:
    """A price per kWh excluding VAT, None where the source has none, over [start, end)."""

    start: datetime
    end: datetime
    price_per_kwh: float | None


@dataclass(frozen=True, slots=True)
class PriceDay:
    """One whole delivery day: ``slot_start`` and ``spot_price_per_kwh`` (excluding VAT).

    ``exchange_rate_per_eur`` is what the source itself says, None where it does not.
    """

    day: date
    area: str
    currency: str
    frame: pl.DataFrame
    published_at: datetime
    source: str
    exchange_rate_per_eur: float | None = None


def whole_day(
    intervals: Iterable[Interval],
    wanted: Wanted,
    *,
    published_at: datetime | None = None,
    exchange_rate_per_eur: float | None = None,
) -> PriceDay:
    """Return the day, or raise ``DayRefusedError`` unless it is whole, finite and plausible."""
    prices = _quarters(intervals, wanted)
    _check_day(prices, wanted)
    return PriceDay(
        wanted.day,
        wanted.area,
        wanted.currency,
        pl.DataFrame(sorted(prices.items()), schema=SPOT, orient="row"),
        published_at or wanted.asked_at,
        wanted.source,
        exchange_rate_per_eur or None,
    )


def converted(day: PriceDay, *, currency: str, rate_per_eur: float, rate_day: date) -> PriceDay:
    """Return a day quoted in EUR in another currency; its source says at which rate."""
    return replace(
        day,
        currency=currency,
        frame=day.frame.with_columns(pl.col("spot_price_per_kwh") * rate_per_eur),
        source=f"{day.source}{_CONVERTED}{rate_per_eur:.4f} of {rate_day}",
        # Not the source's own rate: it must not look a day younger every day.
        exchange_rate_per_eur=None,
    )


def quoted_by(source: str) -> tuple[str, bool]:
    """Return who a stored day's source is, and whether it was converted from EUR."""
    name, is_converted, _rate = source.partition(_CONVERTED)
    return name, bool(is_converted)


def _quarters(intervals: Iterable[Interval], wanted: Wanted) -> dict[datetime, float]:
    """Return price per kWh by quarter; longer intervals are repeated, conflicts refused."""
    prices: dict[datetime, float] = {}
    for each in intervals:
        price = each.price_per_kwh
        if price is None or not math.isfinite(price):
            raise wanted.refused(
                Refusal.NO_PRICE, f"no price for {wanted.area} at {each.start:%Y-%m-%d %H:%M %Z}"
            )
        parts = (each.end - each.start) / SLOT
        if parts not in {1, 2, 4}:
            raise wanted.refused(Refusal.INTERVAL, f"interval at {each.start} is not 15-60 min")
        for part in range(int(parts)):
            start = each.start.astimezone(UTC) + SLOT * part
            if prices.setdefault(start, price) != price:
                raise wanted.refused(Refusal.CONFLICT, f"two prices for {start}")
    return prices


def _check_day(prices: dict[datetime, float], wanted: Wanted) -> None:
    """Refuse a day that is not whole, all zero or beyond any market limit."""
    day, currency, slots = wanted.day, wanted.currency, wanted.slots
    if sorted(prices) != slots:
        right = len(prices.keys() & set(slots))
        beside = f", and {len(prices) - right} of other days" if len(prices) > right else ""
        raise wanted.refused(
            Refusal.INCOMPLETE, f"{day} has {right} of {len(slots)} quarters{beside}"
        )
    low, high = LOWEST_EUR_PER_KWH * PER_EUR[currency], HIGHEST_EUR_PER_KWH * PER_EUR[currency]
    for start, price in prices.items():
        if not low <= price <= high:
            raise wanted.refused(
                Refusal.IMPLAUSIBLE,
                f"{price:g} {currency}/kWh at {start} is implausible, outside {low:g} to {high:g}",
            )
    if not any(prices.values()):
        raise wanted.refused(
            Refusal.ALL_ZERO, f"every price of {day} is zero; waiting for real ones"
        )


def delivery_day(instant: datetime) -> date:
    """Return the delivery day an instant belongs to."""
    return instant.astimezone(DELIVERY_ZONE).date()


def next_day(day: date) -> date:
    """Return the delivery day after ``day``."""
    return day + timedelta(days=1)
