"""The engine and its sessions: which database, how patiently, and what its failures are called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.errors import DatabaseUnavailableError
from app.settings import Settings

_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "mysql": "mariadb+asyncmy",
    "mariadb": "mariadb+asyncmy",
}
# A dead peer must not hold locks for MariaDB's default 50 s, nor a session for its 8 hours.
_SESSION_SETUP = (
    "SET SESSION time_zone='+00:00', innodb_lock_wait_timeout=5, wait_timeout=600, "
    "sql_mode=CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
)
_SQLITE_BUSY_MS = 5000


def resolve_url(settings: Settings) -> URL:
    """Return the async URL: ``database.url``, else ``mariadb.*``, else SQLite in the data dir."""
    if settings.database.url is not None:
        url = make_url(settings.database.url.get_secret_value())
        backend = url.get_backend_name()
        return (
            url.set(drivername=_ASYNC_DRIVERS.get(url.drivername, url.drivername))
            if (backend in _ASYNC_DRIVERS)
            else url
        )
    if settings.mariadb is not None:
        parts = settings.mariadb
        return URL.create(
            _ASYNC_DRIVERS["mariadb"],
            username=parts.user,
            password=parts.password.get_secret_value(),
            host=parts.host,
            port=parts.port,
            database=parts.database,
            query={"charset": "utf8mb4"},
        )
    file = Path(settings.data_dir) / "darkstar.db"
    return URL.create(_ASYNC_DRIVERS["sqlite"], database=str(file))


def database_label(settings: Settings) -> str:
    """Name the database for people, without credentials."""
    url = resolve_url(settings)
    if url.get_backend_name() == "sqlite":
        return f"SQLite ({url.database})"
    return f"MariaDB {url.database} at {url.host}:{url.port or 3306}"


def make_engine(settings: Settings) -> AsyncEngine:
    """Return the engine; nothing is connected yet."""
    url = resolve_url(settings)
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            pool_pre_ping=True,
            pool_recycle=1800,
            pool_size=5,
            max_overflow=5,
            pool_timeout=3,
            connect_args={"connect_timeout": 5, "init_command": _SESSION_SETUP},
        )
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediately)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Foreign keys on, readers beside a writer, and our own BEGIN."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        f"busy_timeout={_SQLITE_BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediately(connection: Any) -> None:
    """Open a real transaction: the driver's legacy mode would begin only at the first write."""
    connection.exec_driver_sql("BEGIN")


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return the session factory; objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def session_scope(
    sessions: async_sessionmaker[AsyncSession], *, timeout_seconds: float = 10
) -> AsyncIterator[AsyncSession]:
    """Give one transaction: committed at the end, rolled back on any error, never endless.

    Raises ``DatabaseUnavailableError`` when the database does not answer in time or refuses.
    """
    try:
        async with asyncio.timeout(timeout_seconds), sessions() as session, session.begin():
            yield session
    except (TimeoutError, PoolTimeoutError) as error:
        raise DatabaseUnavailableError("the database did not answer in time") from error
    except DBAPIError as error:
        raise DatabaseUnavailableError(f"the database failed: {_said(error)}") from error
    except (OSError, SQLAlchemyError) as error:
        raise DatabaseUnavailableError(f"the database failed: {type(error).__name__}") from error


def _said(error: DBAPIError) -> str:
    """Return the driver's words without the statement and its values."""
    return str(error.orig)[:200]
