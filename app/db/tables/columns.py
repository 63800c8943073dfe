"""Column types: times that are always UTC, and the few types the two databases name differently."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

from app.core.errors import DarkstarError
from app.core.frames import SLOT

BigId = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


class NaiveTimeError(DarkstarError):
    """A time without a zone, or off the quarter of an hour, was about to be stored."""

    code = "naive_time"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant stored as UTC DATETIME with microseconds; refuses naive values."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Keep microseconds on MariaDB, whose plain DATETIME drops them silently."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to naive UTC on the way in."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError(f"{value} has no time zone; pass an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give aware UTC back."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class SlotTime(UtcDateTime):
    """The start or end of a slot: a whole quarter of an hour, stored without fractions."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Slots need no fractions of a second."""
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what is not on a quarter: DATETIME would truncate it silently."""
        utc = super().process_bind_param(value, dialect)
        if utc is not None and (utc - datetime.min) % SLOT:  # noqa: DTZ901 - naive UTC by now
            raise NaiveTimeError(f"{value} is not on a quarter of an hour")
        return utc
