"""Day-ahead prices from the Nord Pool data portal."""

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
from pydantic import AwareDatetime, BaseModel, ValidationError

from app.clock import day_slots
from app.errors import NotPublishedYetError, UpstreamError
from app.frames import SLOT, UTC_TIME
from app.ingest.http import get_json
from app.settings import NordPool

SOURCE = "Nord Pool"
# Delivery days are Central European calendar days, also for Finland and the Baltics.
DELIVERY_ZONE = ZoneInfo("Europe/Oslo")
# Harmonised limits are -0.5 and 4 EUR/kWh; beyond these it is a unit mix-up, not a price.
LOWEST_EUR_PER_KWH, HIGHEST_EUR_PER_KWH = -0.6, 6.0
_PER_EUR = {"EUR": 1.0, "SEK": 11.5, "NOK": 12.0, "DKK": 7.5}
SPOT = pl.Schema({"slot_start": UTC_TIME, "spot_price_per_kwh": pl.Float64()})


@dataclass(frozen=True, slots=True)
class PriceDay:
    """One whole delivery day: ``slot_start`` and ``spot_price_per_kwh`` (excluding VAT)."""

    day: date
    area: str
    currency: str
    frame: pl.DataFrame
    published_at: datetime
    source: str = SOURCE


class _Entry(BaseModel):
    deliveryStart: AwareDatetime  # noqa: N815 - Nord Pool's name
    deliveryEnd: AwareDatetime  # noqa: N815
    entryPerArea: dict[str, float | None]  # noqa: N815


class _AreaState(BaseModel):
    state: str
    areas: list[str]


class _Reply(BaseModel):
    deliveryDateCET: date  # noqa: N815
    updatedAt: AwareDatetime  # noqa: N815
    currency: str
    multiAreaEntries: list[_Entry]  # noqa: N815
    areaStates: list[_AreaState]  # noqa: N815


async def fetch_day(client: httpx.AsyncClient, settings: NordPool, *, day: date) -> PriceDay:
    """Fetch one delivery day; ``NotPublishedYetError`` while it is not out."""
    reply = await get_json(
        client,
        f"{settings.base_url}/api/DayAheadPrices",
        source=SOURCE,
        params={
            "date": day.isoformat(),
            "market": "DayAhead",
            "deliveryArea": settings.price_area,
            "currency": settings.currency,
        },
    )
    return await asyncio.to_thread(
        parse_day, reply, day=day, area=settings.price_area, currency=settings.currency
    )


def parse_day(reply: Any, *, day: date, area: str, currency: str) -> PriceDay:
    """Accept a reply only if it is the whole day asked for, final and plausible."""
    try:
        data = _Reply.model_validate(reply)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UpstreamError(f"{SOURCE}: unexpected reply at {where}") from error
    if (data.deliveryDateCET, data.currency) != (day, currency):
        raise UpstreamError(
            f"{SOURCE}: asked for {day} in {currency}, "
            f"got {data.deliveryDateCET} in {data.currency}"
        )
    if not data.multiAreaEntries:
        raise NotPublishedYetError(f"{SOURCE} has no prices for {day} yet")
    states = {state.state for state in data.areaStates if area in state.areas}
    if not states:
        raise UpstreamError(f"{SOURCE}: asked for {area} on {day}, the reply does not have it")
    if states != {"Final"}:
        raise NotPublishedYetError(f"{SOURCE}: {area} on {day} is {sorted(states)}, not final")
    prices = _quarters(data.multiAreaEntries, area)
    _check_day(prices, day, currency)
    frame = pl.DataFrame(sorted(prices.items()), schema=SPOT, orient="row")
    return PriceDay(day, area, currency, frame, data.updatedAt)


def _quarters(entries: list[_Entry], area: str) -> dict[datetime, float]:
    """Return price per kWh by quarter; longer intervals are repeated, conflicts refused."""
    prices: dict[datetime, float] = {}
    for entry in entries:
        price = entry.entryPerArea.get(area)
        if price is None or not math.isfinite(price):
            raise UpstreamError(f"{SOURCE}: no price for {area} at {entry.deliveryStart}")
        parts = (entry.deliveryEnd - entry.deliveryStart) / SLOT
        if parts not in {1, 2, 4}:
            raise UpstreamError(f"{SOURCE}: interval at {entry.deliveryStart} is not 15-60 min")
        for part in range(int(parts)):
            start = entry.deliveryStart.astimezone(UTC) + SLOT * part
            if prices.setdefault(start, price / 1000) != price / 1000:
                raise UpstreamError(f"{SOURCE}: two prices for {start}")
    return prices


def _check_day(prices: dict[datetime, float], day: date, currency: str) -> None:
    """Refuse a day that is not whole, not finite, all zero or beyond any market limit."""
    wanted = day_slots(day, DELIVERY_ZONE)
    if sorted(prices) != wanted:
        raise UpstreamError(f"{SOURCE}: {day} has {len(prices)} of {len(wanted)} quarters")
    low = LOWEST_EUR_PER_KWH * _PER_EUR[currency]
    high = HIGHEST_EUR_PER_KWH * _PER_EUR[currency]
    for start, price in prices.items():
        if not low <= price <= high:
            raise UpstreamError(
                f"{SOURCE}: {price:g} {currency}/kWh at {start} is implausible, "
                f"outside {low:g} to {high:g}"
            )
    if not any(prices.values()):
        raise UpstreamError(f"{SOURCE}: every price of {day} is zero; waiting for real ones")


def delivery_day(instant: datetime) -> date:
    """Return the delivery day an instant belongs to."""
    return instant.astimezone(DELIVERY_ZONE).date()


def next_day(day: date) -> date:
    """Return the delivery day after ``day``."""
    return day + timedelta(days=1)
