"""``darkstar prices``: have the prices asked for again, beside the service or without it."""

from app.core.clock import now
from app.db.connection import migrate
from app.db.connection.engine import close, make_engine, make_sessions
from app.fetch.days import Fetched, fetch_missing_days
from app.fetch.sources import Sources
from app.ingest.http.client import make_client
from app.settings import Settings


async def refresh_prices(settings: Settings) -> list[str]:
    """Store what has changed, and return a line for every delivery day.

    A running service sees within a minute that the stored prices are others, and plans by them.
    Raises ``DatabaseUnavailableError``.
    """
    engine = make_engine(settings)
    try:
        await migrate.upgrade(engine)
        async with make_client() as client:
            sources = Sources(settings, client, make_sessions(engine))
            found = await fetch_missing_days(sources, now=now(), again=True)
    finally:
        await close(engine)
    return _lines(found)


def _lines(found: Fetched) -> list[str]:
    lines = []
    for each in found.days:
        source = f", from {each.source}" if each.source else ""
        lines.append(f"{each.day}: {each.outcome.value}{source}")
        lines += [f"  {why}" for why in (each.in_vain, *each.refusals, each.doubt) if why]
    return [*lines, *found.waits]
