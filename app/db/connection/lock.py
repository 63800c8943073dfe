"""One process at a time: a named lock on MariaDB, a locked file beside SQLite."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.errors import RunInProgressError
from app.db.connection.faults import translated

CONNECT_SECONDS = 5
_RELEASE_SECONDS = 2
_POLL_SECONDS = 0.1
# Lock names belong to the whole server (and hold 64 characters); ours to one database.
_LOCK_NAME = "CONCAT(:name, ':', LEFT(SHA1(DATABASE()), 16))"


@asynccontextmanager
async def planner_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Hold the planner lock, or raise ``RunInProgressError`` at once if somebody has it."""
    busy = "another Darkstar process is planning on this database; this run stands down"
    async with exclusive(engine, "darkstar-planner", busy=busy):
        yield


@asynccontextmanager
async def exclusive(
    engine: AsyncEngine, name: str, *, busy: str, wait_seconds: float = 0
) -> AsyncIterator[None]:
    """Hold the lock ``name``; raise ``RunInProgressError(busy)`` if it stays taken."""
    take = _locked_file if engine.dialect.name == "sqlite" else _named_lock
    async with take(engine, name, wait_seconds) as taken:
        if not taken:
            raise RunInProgressError(busy)
        yield


@asynccontextmanager
async def _locked_file(engine: AsyncEngine, name: str, wait_seconds: float) -> AsyncIterator[bool]:
    """Lock a file beside the database; the kernel frees it when the process dies."""
    deadline = asyncio.get_running_loop().time() + wait_seconds
    with translated():
        file = Path(f"{engine.url.database}.{name}.lock").open("w")  # noqa: ASYNC230, SIM115 - local
    with file:
        while not (taken := _flock(file)):
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(_POLL_SECONDS)
        yield taken


def _flock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@asynccontextmanager
async def _named_lock(engine: AsyncEngine, name: str, wait_seconds: float) -> AsyncIterator[bool]:
    """Take MariaDB's lock on a connection of its own, which frees it when it dies."""
    with translated():
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await engine.connect()
    try:
        with translated():
            async with asyncio.timeout(CONNECT_SECONDS + wait_seconds):
                # No transaction may stay open for as long as the lock is held.
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                taken = await connection.scalar(
                    text(f"SELECT GET_LOCK({_LOCK_NAME}, :wait)"),
                    {"name": name, "wait": wait_seconds},
                )
        yield bool(taken)
    finally:
        await _release(connection, name)


async def _release(connection: AsyncConnection, name: str) -> None:
    """Free the lock and the connection; if MariaDB is gone, so is the lock."""
    with suppress(SQLAlchemyError, OSError, TimeoutError):
        async with asyncio.timeout(_RELEASE_SECONDS):
            await connection.execute(
                text(f"SELECT RELEASE_LOCK({_LOCK_NAME})"),
                {"name": name},
            )
    with suppress(SQLAlchemyError, OSError, TimeoutError):
        async with asyncio.timeout(_RELEASE_SECONDS):
            await connection.close()
