"""Accepted day-ahead prices, stored so that a restart never asks for them again."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import Price
from app.errors import FrameError
from app.frames import UTC_TIME

STORED = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "spot_price_per_kwh": pl.Float64(),
        "provider": pl.String(),
        "published_at": UTC_TIME,
        "fetched_at": UTC_TIME,
    }
)


@dataclass(frozen=True, slots=True)
class DayOrigin:
    """Whose prices these are: bidding zone, currency, delivery day, and where they came from."""

    area: str
    currency: str
    delivery_day: date
    provider: str
    published_at: datetime
    fetched_at: datetime
    exchange_rate_per_eur: float | None = None


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Units of a currency per euro as a price provider published them with a delivery day."""

    per_eur: float
    delivery_day: date


async def save_day(session: AsyncSession, origin: DayOrigin, frame: pl.DataFrame) -> None:
    """Replace one delivery day whole; ``frame`` has ``slot_start`` and ``spot_price_per_kwh``."""
    if frame.is_empty():
        raise FrameError(f"prices of {origin.delivery_day} in {origin.area}: no slots to store")
    same_slots = and_(
        Price.slot_start >= frame["slot_start"].min(), Price.slot_start <= frame["slot_start"].max()
    )
    await session.execute(
        delete(Price).where(
            Price.area == origin.area,
            Price.currency == origin.currency,
            or_(Price.delivery_day == origin.delivery_day, same_slots),
        )
    )
    common = {
        "area": origin.area,
        "currency": origin.currency,
        "delivery_day": origin.delivery_day,
        "provider": origin.provider,
        "published_at": origin.published_at,
        "fetched_at": origin.fetched_at,
        "exchange_rate_per_eur": origin.exchange_rate_per_eur,
    }
    rows = frame.select("slot_start", "spot_price_per_kwh").to_dicts()
    await session.execute(insert(Price), [row | common for row in rows])


async def load(
    session: AsyncSession, *, area: str, currency: str, start: datetime, end: datetime
) -> pl.DataFrame:
    """Return the stored prices of [start, end), oldest first, with who published them when."""
    result = await session.execute(
        select(
            Price.slot_start,
            Price.spot_price_per_kwh,
            Price.provider,
            Price.published_at,
            Price.fetched_at,
        )
        .where(
            Price.area == area,
            Price.currency == currency,
            Price.slot_start >= start,
            Price.slot_start < end,
        )
        .order_by(Price.slot_start)
    )
    return pl.DataFrame([tuple(row) for row in result], schema=STORED, orient="row")


async def days_known(
    session: AsyncSession, *, area: str, currency: str, start: date, end: date
) -> set[date]:
    """Return the delivery days of [start, end) that are stored; a stored day is a whole day."""
    found = await session.scalars(
        select(Price.delivery_day)
        .where(
            Price.area == area,
            Price.currency == currency,
            Price.delivery_day >= start,
            Price.delivery_day < end,
        )
        .distinct()
    )
    return set(found)


async def latest_exchange_rate(
    session: AsyncSession, *, currency: str, since: date, until: date
) -> ExchangeRate | None:
    """Return the rate of the latest delivery day in [since, until] that has one, of any area."""
    row = (
        await session.execute(
            select(Price.exchange_rate_per_eur, Price.delivery_day)
            .where(
                Price.currency == currency,
                Price.exchange_rate_per_eur > 0,
                Price.delivery_day >= since,
                Price.delivery_day <= until,
            )
            .order_by(Price.delivery_day.desc())
            .limit(1)
        )
    ).first()
    # The comparison has left the nulls out.
    return None if row is None else ExchangeRate(float(row[0] or 0.0), row[1])
