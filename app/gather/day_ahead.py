"""The forecast a day-ahead plan was made with: the last one issued before its local day began."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_midnight
from app.db import forecasts


async def issued_before(
    session: AsyncSession, kind: str, day: date, zone: ZoneInfo
) -> forecasts.Issue | None:
    """Return a kind's last issue of the day before ``day``, cut to ``day``; None without one."""
    begin = local_midnight(day, zone)
    return await forecasts.latest(
        session,
        kind=kind,
        issued_after=local_midnight(day - timedelta(days=1), zone),
        issued_before=begin,
        start=begin,
        end=local_midnight(day + timedelta(days=1), zone),
    )
