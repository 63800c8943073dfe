"""Accepted day-ahead prices, stored so that a restart never asks for them again.

A day that is replaced is kept as it was: plans were made with it, and the ledger needs it.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import FrameError
from app.core.frames import UTC_TIME
from app.db.tables.columns import UtcDateTime
from app.db.tables.models import Price, SupersededPrice

STORED = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "spot_price_per_kwh": pl.Float64(),
        "provider": pl.String(),
        "published_at": UTC_TIME,
        "fetched_at": UTC_TIME,
    }
)
# A file that its owner saves every minute must not fill the disk; providers correct once or twice.
KEPT_VERSIONS = 20
_COLUMNS = (
    "area",
    "currency",
    "slot_start",
    "spot_price_per_kwh",
    "exchange_rate_per_eur",
    "delivery_day",
    "provider",
    "published_at",
    "fetched_at",
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


@dataclass(frozen=True, slots=True)
class Correction:
    """A stored delivery day was replaced at an instant; ``provider`` is whose it was before."""

    delivery_day: date
    superseded_at: datetime
    provider: str


async def save_day(session: AsyncSession, origin: DayOrigin, frame: pl.DataFrame) -> None:
    """Replace one delivery day whole; ``frame`` has ``slot_start`` and ``spot_price_per_kwh``.

    What it replaces is kept as superseded at ``origin.fetched_at``, ``KEPT_VERSIONS`` times a day.
    """
    if frame.is_empty():
        raise FrameError(f"prices of {origin.delivery_day} in {origin.area}: no slots to store")
    same_slots = and_(
        Price.slot_start >= frame["slot_start"].min(), Price.slot_start <= frame["slot_start"].max()
    )
    old = and_(
        Price.area == origin.area,
        Price.currency == origin.currency,
        or_(Price.delivery_day == origin.delivery_day, same_slots),
    )
    await _supersede(session, origin, old)
    await session.execute(delete(Price).where(old))
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


async def _supersede(session: AsyncSession, origin: DayOrigin, old: ColumnElement[bool]) -> None:
    """Keep the rows that are to be replaced, and no more versions of a day than allowed."""
    columns = [getattr(Price, name) for name in _COLUMNS]
    at = literal(origin.fetched_at, UtcDateTime())
    await session.execute(
        insert(SupersededPrice).from_select(
            [*_COLUMNS, "superseded_at"], select(*columns, at).where(old)
        )
    )
    versions = await session.scalars(
        select(SupersededPrice.superseded_at)
        .where(_of_day(origin))
        .distinct()
        .order_by(SupersededPrice.superseded_at.desc())
        .offset(KEPT_VERSIONS)
        .limit(1)
    )
    if (newest_too_many := versions.first()) is not None:
        await session.execute(
            delete(SupersededPrice).where(
                _of_day(origin), SupersededPrice.superseded_at <= newest_too_many
            )
        )


def _of_day(origin: DayOrigin) -> ColumnElement[bool]:
    return and_(
        SupersededPrice.area == origin.area,
        SupersededPrice.currency == origin.currency,
        SupersededPrice.delivery_day == origin.delivery_day,
    )


async def corrections(
    session: AsyncSession, *, area: str, currency: str, since: date
) -> list[Correction]:
    """Return when delivery days from ``since`` on were last replaced, by day."""
    newest = (
        select(
            SupersededPrice.delivery_day,
            func.max(SupersededPrice.superseded_at).label("superseded_at"),
        )
        .where(
            SupersededPrice.area == area,
            SupersededPrice.currency == currency,
            SupersededPrice.delivery_day >= since,
        )
        .group_by(SupersededPrice.delivery_day)
        .subquery()
    )
    rows = await session.execute(
        select(
            SupersededPrice.delivery_day, SupersededPrice.superseded_at, SupersededPrice.provider
        )
        .join(
            newest,
            and_(
                SupersededPrice.delivery_day == newest.c.delivery_day,
                SupersededPrice.superseded_at == newest.c.superseded_at,
            ),
        )
        .where(SupersededPrice.area == area, SupersededPrice.currency == currency)
        .distinct()
        .order_by(SupersededPrice.delivery_day)
    )
    return [Correction(*row) for row in rows]


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
