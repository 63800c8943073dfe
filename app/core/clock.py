"""The only place that asks what time it is, and the few rules that turn instants into days.

Inside, every time is an aware UTC instant. Local time is used for two things only: which
calendar day an instant belongs to, and what people read.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.core.frames import SLOT


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def slot_floor(instant: datetime) -> datetime:
    """Return the start of the 15-minute slot that holds ``instant``, in UTC."""
    utc = instant.astimezone(UTC)
    return utc - timedelta(
        minutes=utc.minute % (SLOT.seconds // 60),
        seconds=utc.second,
        microseconds=utc.microsecond,
    )


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the local calendar day ``day`` begins."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the local calendar day that ``instant`` falls in."""
    return instant.astimezone(zone).date()


def day_slots(day: date, zone: ZoneInfo) -> list[datetime]:
    """Return the UTC slot starts of a local day: 92, 96 or 100 of them."""
    start, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
    return [start + SLOT * i for i in range(round((end - start) / SLOT))]


def iso_utc(instant: datetime) -> str:
    """Return ``2026-11-23T12:15:00Z``, the form used in logs, JSON and file exports."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def hhmm(instant: datetime, zone: ZoneInfo) -> str:
    """Return the local time, with its zone's name in the hour that comes twice."""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"
