"""SQLite behind asyncio: a thread for each connection, seen to its end, on the file that is there.

A question that is given up (a time-out, a cancelled request) is broken off and its connection
closed at once, without waiting. Left to the garbage collector it answered to a loop that was gone.
A file that was deleted or replaced is let go: SQLite would write into the old one for ever.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import aiosqlite
import structlog
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core import clock
from app.core.atomic_file import PRIVATE

# Shorter than a session's patience, so that a locked file is named as such.
BUSY_MS = 4000
# The execution option of a transaction that writes.
WRITES = "darkstar_writes"
# A question that waits for a locked file cannot be broken off before BUSY_MS are over.
THREAD_SECONDS = 4.5
_Identity = tuple[int, int]
_log = structlog.get_logger("darkstar.db")


class _Connection(aiosqlite.Connection):
    """A connection that does not wait for a question which nobody waits for any more."""

    file: _Identity | None = None
    _asked = 0

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def counted() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._asked -= 1

        if self._running and self._connection:
            self._asked += 1
        return await super()._execute(counted)  # type: ignore[no-untyped-call] # theirs

    async def close(self) -> None:
        """Close; with a question still on, break it off and let the thread end by itself."""
        if self._asked:
            self.give_up()
        else:
            await super().close()

    def give_up(self) -> None:
        """Break off what the thread is at; it closes the file and ends."""
        # Closed meanwhile, there is nothing to break off.
        with suppress(sqlite3.ProgrammingError, ValueError):
            self._conn.interrupt()
        if self._running:
            self.stop()


@dataclass(slots=True)
class Connections:
    """Those of one engine, and which file they have open."""

    path: Path
    connect_args: Callable[[], tuple[Sequence[Any], Mapping[str, Any]]]
    replaced_at: datetime | None = None
    _open: set[_Connection] = field(default_factory=set)
    _file: _Identity | None = None
    _journal: _Identity | None = None
    _journal_is_empty: bool = False

    async def connect(self) -> _Connection:
        """Open the file, for this user only; a deleted one's journal is not read into the new."""
        self._let_go_of_old_journal()
        with suppress(OSError):  # also where it is there already; SQLite says what is wrong
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        args, options = self.connect_args()
        # Asked first: exchanged in between, it shows as another file and is opened once more.
        before = _identity(self.path)
        made = _Connection(lambda: sqlite3.connect(*args, **options), iter_chunk_size=64)
        # The service may end while a locked file is waited for.
        made._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does
        self._open = {each for each in self._open if each._thread.is_alive()} | {made}  # noqa: SLF001
        await made
        self._file = made.file = before or _identity(self.path)
        return made

    def check(self, connection: Any) -> None:
        """See that a connection's file is the one at its place; raises ``DisconnectionError``.

        ``connection`` is SQLAlchemy's, about to be used.
        """
        opened, here = connection.driver_connection.file, _identity(self.path)
        if here is not None and here == opened:
            self._journal = _identity(self._beside("-wal")) or self._journal
            return
        if self._file is not None and opened == self._file:
            self._file, self.replaced_at = None, clock.now()
            self._journal_is_empty = _flush(connection)
            what = "deleted" if here is None else "replaced by another one"
            _log.error("the database file was " + what, path=str(self.path), now="opened anew")
        raise DisconnectionError(f"{self.path} is not the file that was opened")

    async def close(self) -> None:
        """Break off every question and see the threads end."""
        for each in self._open:
            each.give_up()
        end = time.monotonic() + THREAD_SECONDS
        for each in self._open:
            left = max(0.0, end - time.monotonic())
            await asyncio.to_thread(each._thread.join, left)  # noqa: SLF001 - told by nothing else
        self._open = {each for each in self._open if each._thread.is_alive()}  # noqa: SLF001

    def _let_go_of_old_journal(self) -> None:
        """Put away the write-ahead log of a file that is gone: SQLite would play it into the new.

        A file that was moved away needs it when it comes back, unless all of it is in the file.
        """
        if self._file is not None or self._journal is None:
            return
        wal = self._beside("-wal")
        if _identity(wal) == self._journal:
            if self._journal_is_empty:
                wal.unlink()
            else:
                wal.replace(self._beside(f"-wal.{clock.now():%Y%m%dT%H%M%S}"))
            self._beside("-shm").unlink(missing_ok=True)
        self._journal = None

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


_ALL: WeakKeyDictionary[Engine, Connections] = WeakKeyDictionary()


def sqlite_engine(url: URL) -> AsyncEngine:
    """Return an engine on the file that ``url`` names; nothing is opened yet."""

    async def connect() -> _Connection:
        return await connections.connect()

    engine = create_async_engine(url, async_creator=connect)
    connections = Connections(
        Path(str(url.database)), lambda: engine.dialect.create_connect_args(url)
    )
    _ALL[engine.sync_engine] = connections

    def check(connection: Any, _record: Any, _proxy: Any) -> None:
        connections.check(connection)

    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "checkout", check)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def close_connections(engine: AsyncEngine) -> None:
    """See the threads of an engine's connections end; of MariaDB there are none."""
    if connections := _ALL.get(engine.sync_engine):
        await connections.close()


def file_replaced_at(engine: AsyncEngine) -> datetime | None:
    """Return when this process last found its database file deleted or replaced."""
    connections = _ALL.get(engine.sync_engine)
    return connections.replaced_at if connections else None


def _identity(path: Path) -> _Identity | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _flush(connection: Any) -> bool:
    """Move what the write-ahead log holds into the file; tell whether that was everything."""
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        busy, frames, moved = cursor.fetchone()
    except sqlite3.Error:
        return False
    finally:
        cursor.close()
    return not busy and frames == moved


def _prepare(connection: Any, _record: Any) -> None:
    """Foreign keys on, readers beside a writer, and our own BEGIN."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_MS}", "foreign_keys=ON", "journal_mode=WAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """Open a real transaction: the driver's legacy mode would begin only at the first write.

    One that reads and then writes must have the lock from its start: another writer in between
    would make SQLite refuse it at once, however patient it is.
    """
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
