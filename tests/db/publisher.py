"""A process that publishes until it is killed: ``python -m tests.db.publisher URL FILE WAY``.

``whole`` publishes as the service does; ``piecemeal`` commits after every statement, as a writer
without a transaction would, and is the control that shows the checker can see a broken plan.
"""

import asyncio
import sys

import polars as pl
from pydantic import SecretStr
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import plans
from app.db.connection.engine import make_engine, make_sessions, session_scope
from app.db.tables.models import CurrentSlot, HistorySlot
from app.settings import Database, Settings
from tests.db.publishing import MIDNIGHT, publish, run_start

_CHUNK = 8


async def piecemeal(engine: AsyncEngine, schedule: pl.DataFrame) -> None:
    """Replace the plan one committed statement at a time."""
    sessions = make_sessions(engine)
    async with session_scope(sessions) as session:
        run_id = await plans.start_run(session, run_start(MIDNIGHT))
    rows = plans._rows(schedule, run_id, "test", MIDNIGHT)  # noqa: SLF001 - the same rows
    async with session_scope(sessions) as session:
        await session.execute(delete(CurrentSlot))
    for first in range(0, len(rows), _CHUNK):
        chunk = rows[first : first + _CHUNK]
        async with session_scope(sessions) as session:
            await session.execute(insert(CurrentSlot), chunk)
        async with session_scope(sessions) as session:
            await session.execute(
                insert(HistorySlot), [row | {"planned_at": MIDNIGHT} for row in chunk]
            )


async def main(url: str, file: str, way: str) -> None:
    """Publish the same schedule again and again, saying so after every plan."""
    engine = make_engine(Settings(database=Database(url=SecretStr(url))))
    schedule = pl.read_ipc(file)
    while True:
        if way == "whole":
            await publish(engine, schedule)
        else:
            await piecemeal(engine, schedule)
        sys.stdout.write("published\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
