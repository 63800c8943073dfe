"""One planner at a time, across processes: a named lock on MariaDB, a locked file for SQLite."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.errors import DatabaseUnavailableError, RunInProgressError

_NAME = "darkstar-planner"
_BUSY = "another Darkstar process is planning on this database; this run stands down"


@asynccontextmanager
async def planner_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Hold the planner lock, or raise ``RunInProgressError`` at once if somebody has it."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.lock").open("w") as file:  # noqa: ASYNC230 - no wait
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunInProgressError(_BUSY) from error
            yield
        return
    try:
        connection = await engine.connect()
    except (DBAPIError, OSError) as error:
        raise DatabaseUnavailableError("the database does not answer") from error
    try:
        # The lock belongs to this connection: should the process die, MariaDB frees it.
        if not await connection.scalar(text(f"SELECT GET_LOCK('{_NAME}', 0)")):
            raise RunInProgressError(_BUSY)
        try:
            yield
        finally:
            await connection.execute(text(f"SELECT RELEASE_LOCK('{_NAME}')"))
    finally:
        await connection.close()
