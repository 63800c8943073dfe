"""What the service does for its database beside planning."""

from datetime import timedelta

from app.core.clock import now, slot_floor
from app.db import retention
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.recorder import forecast_thinning


async def purge(sources: Sources) -> int:
    """Forget history older than the configured retention; returns how many rows went."""
    days = sources.settings.automation.history_retention_days
    # Slot columns refuse to be compared with what is off the quarter.
    before = slot_floor(now() - timedelta(days=days))
    total, gone = 0, 1
    while gone:
        async with session_scope(sources.sessions, timeout_seconds=60, writes=True) as session:
            gone = await retention.purge(session, before=before)
        total += gone
    return total + await forecast_thinning.thin(sources, now=now())
