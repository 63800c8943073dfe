"""Bring the database to the newest revision, one process at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.errors import DatabaseUnavailableError, SettingsError

_SCRIPTS = Path(__file__).resolve().parent.parent.parent / "migrations"
_LOCK = "darkstar-migrate"
_LOCK_SECONDS = 60
_process_lock = asyncio.Lock()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _run(connection: Connection, revision: str) -> None:
    config = _config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise SettingsError(
            f"the database is at revision {present}, which this version does not know; "
            "start the newer Darkstar that wrote it, or restore a backup"
        )
    try:
        if revision == "head":
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)
    except CommandError as error:
        raise SettingsError(f"database migration to {revision}: {error}") from error


async def upgrade(engine: AsyncEngine) -> None:
    """Upgrade to the newest revision; other processes wait."""
    await _migrate(engine, "head")


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Go back to ``revision`` (``base`` empties the database)."""
    await _migrate(engine, revision)


async def _migrate(engine: AsyncEngine, revision: str) -> None:
    async with _process_lock, engine.connect() as connection, _exclusive(connection):
        await connection.run_sync(_run, revision)
        await connection.commit()


async def current_revision(engine: AsyncEngine) -> str | None:
    """Return the revision the database is at, None when it is empty."""
    async with engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


@asynccontextmanager
async def _exclusive(connection: AsyncConnection) -> AsyncIterator[None]:
    """Hold the migration lock: by name on MariaDB, by writing on SQLite."""
    if connection.dialect.name == "sqlite":
        await connection.execute(text("CREATE TABLE IF NOT EXISTS migration_lock (id INTEGER)"))
        await connection.execute(text("DELETE FROM migration_lock"))
        yield
        return
    taken = await connection.scalar(text(f"SELECT GET_LOCK('{_LOCK}', {_LOCK_SECONDS})"))
    if not taken:
        raise DatabaseUnavailableError("another process has been migrating the database for 60 s")
    try:
        yield
    finally:
        await connection.execute(text(f"SELECT RELEASE_LOCK('{_LOCK}')"))
