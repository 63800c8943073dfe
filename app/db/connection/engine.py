"""The engine and its sessions: which database, how patiently, and what its failures are called."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.core.atomic_file import make_private, private_folder
from app.core.errors import SettingsError
from app.db.connection.faults import translated
from app.db.connection.patience import patience
from app.db.connection.sqlite import WRITES, close_connections, sqlite_engine
from app.settings import Settings

# What tells that a folder is ours, and is nobody else's business.
_OURS = ("access.json", "sessions.json", "darkstar.db")
_SQLITE_FILES = ("", "-wal", "-shm", "-journal")
_PASSABLE, _CLOSED = 0o711, 0o700
_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "mysql": "mariadb+asyncmy",
    "mariadb": "mariadb+asyncmy",
}
_EXAMPLES = (
    "use mariadb://user:password@host:3306/darkstar or sqlite:///data/darkstar.db, "
    "or leave it out for SQLite in the data directory"
)
# A dead peer must not hold locks for MariaDB's default 50 s, nor a session for its 8 hours.
_SESSION_SETUP = (
    "SET SESSION time_zone='+00:00', innodb_lock_wait_timeout=5, wait_timeout=600, "
    "sql_mode=CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
)
# MariaDB's number for a connection that is lost.
_SERVER_LOST = 2013


def resolve_url(settings: Settings) -> URL:
    """Return the async URL: ``database.url``, else ``mariadb.*``, else SQLite in the data dir."""
    if settings.database.url is not None:
        return _checked(settings.database.url.get_secret_value())
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


def _checked(text: str) -> URL:
    """Return a given URL with the async driver, or say what is wrong with it, never the URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"database.url is not a database address; {_EXAMPLES}") from error
    backend = url.get_backend_name()
    if backend not in _ASYNC_DRIVERS:
        raise SettingsError(f"database.url: {backend} is not supported; {_EXAMPLES}")
    if not url.database or url.database == ":memory:":
        raise SettingsError(f"database.url names no database that lasts; {_EXAMPLES}")
    url = url.set(drivername=_ASYNC_DRIVERS[backend])
    if backend != "sqlite" and "charset" not in url.query:
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def database_label(settings: Settings) -> str:
    """Name the database for people, without credentials."""
    url = resolve_url(settings)
    if url.get_backend_name() == "sqlite":
        return f"SQLite ({url.database})"
    return f"MariaDB {url.database} at {url.host}:{url.port or 3306}"


def make_engine(settings: Settings) -> AsyncEngine:
    """Return the engine; nothing is connected yet."""
    prepare_place(settings)
    return engine_for(resolve_url(settings))


def engine_for(url: URL) -> AsyncEngine:
    """Return an engine for one event loop, as patient as every other."""
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url)
    engine = create_async_engine(
        url,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_size=5,
        max_overflow=5,
        pool_timeout=3,
        connect_args={"connect_timeout": 5, "init_command": _SESSION_SETUP},
    )
    event.listen(engine.sync_engine, "do_connect", _connect)
    return engine


def _connect(dialect: Any, _record: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """Connect; a peer that hangs up at once is away, whatever the driver makes of it.

    A forwarder without a server behind it (docker's, ssh's, HAProxy) accepts and closes; asyncmy
    then finds no socket to set up and raises a bare ``RuntimeError``.
    """
    try:
        return dialect.connect(*args, **options)
    except RuntimeError as error:
        raise dialect.dbapi.OperationalError(
            _SERVER_LOST, "the connection was closed as soon as it was made"
        ) from error


async def close(engine: AsyncEngine) -> None:
    """Close every connection, and see the threads of SQLite's end."""
    await engine.dispose()
    await close_connections(engine)


def prepare_place(settings: Settings) -> None:
    """Make the folders of the data and of an embedded database; raises ``SettingsError``.

    What is in them tells when a home is empty: other users of the machine get no rights, also
    where an earlier version gave them some.
    """
    url = resolve_url(settings)
    places = {"data_dir": Path(settings.data_dir)}
    if url.get_backend_name() == "sqlite":
        places["database.url"] = Path(str(url.database)).parent
    for name, place in places.items():
        try:
            private_folder(place)
        except OSError as error:
            raise SettingsError(
                f"{name}: {place} cannot be made: {error.strerror}; "
                "choose a place that this user may write to"
            ) from error
    _keep_private(settings, url)


def _keep_private(settings: Settings, url: URL) -> None:
    """Leave what is stored readable by this user only, ``schedule.json`` as the API is."""
    folder = Path(settings.data_dir)
    is_open = settings.automation.write_schedule_json and settings.access.reads == "open"
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        for end in _SQLITE_FILES:
            make_private(file.with_name(file.name + end))
    if any((folder / name).exists() for name in _OURS):
        # A controller of another user passes it to schedule.json, and sees no other name.
        make_private(folder, _PASSABLE if is_open else _CLOSED)
    for name in (*_OURS, *(() if is_open else ("schedule.json",))):
        make_private(folder / name)


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return the session factory; objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def session_scope(
    sessions: async_sessionmaker[AsyncSession], *, timeout_seconds: float = 5, writes: bool = False
) -> AsyncIterator[AsyncSession]:
    """Give one transaction: committed at the end, rolled back on any error, never endless.

    Inside a request it gets what is left of the request's patience, if that is less. Say ``writes``
    where anything is written: SQLite's writers then wait for each other.

    Raises ``DatabaseUnavailableError`` when the database does not answer in time or refuses.
    """
    with translated():
        async with patience(timeout_seconds), sessions() as session, session.begin():
            if writes:
                await session.connection(execution_options={WRITES: True})
            done = False
            try:
                yield session
                done = True
            finally:
                if not done:
                    # A rollback empties rows that were read; out of the session they stay whole.
                    session.expunge_all()
