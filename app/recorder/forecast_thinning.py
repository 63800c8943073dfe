"""Old forecasts are kept to be scored: one a day of each kind tells what a day-ahead plan knew."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.clock import local_day
from app.db import forecasts
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources

# An issue an hour of 72 hours is 2.5 million rows a year and kind; one a day is 100,000.
KEEP_ALL_FOR: Final = timedelta(days=3)
# About 30,000 rows: a transaction short enough not to hold up a publish.
_BATCH: Final = 100


def superfluous(issued_at: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    """Return all issue times but the last of each local day; ``issued_at`` is sorted."""
    last = {local_day(at, zone): at for at in issued_at}
    return [at for at in issued_at if last[local_day(at, zone)] != at]


async def thin(sources: Sources, *, now: datetime) -> int:
    """Delete what is older than three days and not the last issue of its day; return the rows."""
    zone, gone = sources.settings.zone, 0
    async with session_scope(sources.sessions, timeout_seconds=60) as session:
        old = {
            kind: superfluous(
                await forecasts.issue_times(session, kind, before=now - KEEP_ALL_FOR), zone
            )
            for kind in await forecasts.kinds(session)
        }
    for kind, times in old.items():
        for first in range(0, len(times), _BATCH):
            async with session_scope(sources.sessions, timeout_seconds=60, writes=True) as session:
                gone += await forecasts.forget(session, kind, times[first : first + _BATCH])
    return gone
