"""Move the database between revisions, one process at a time; imported when there is one to go."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import DatabaseUnavailableError, RunInProgressError, SettingsError
from app.core.shipped import SHIPPED
from app.db.connection.engine import close, engine_for
from app.db.connection.faults import translated
from app.db.connection.lock import exclusive
from app.db.connection.own_loop import on_own_loop

_SCRIPTS = SHIPPED / "migrations"
_LOCK_SECONDS = 60
Move = Callable[[Config], None]


async def upgrade(engine: AsyncEngine) -> None:
    """Upgrade to the newest revision; other processes wait.

    Raises ``SettingsError`` if a newer Darkstar wrote the database.
    """
    await _migrate(engine, partial(command.upgrade, revision="head"))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Go back to ``revision`` (``base`` empties the database)."""
    await _migrate(engine, partial(command.downgrade, revision=revision))


async def _migrate(engine: AsyncEngine, move: Move) -> None:
    """Move off the loop: Alembic computes for 0.1 s and more between two questions."""

    async def there() -> None:
        own = engine_for(engine.url)
        try:
            await _migrate_with(own, move)
        finally:
            await close(own)

    await on_own_loop(there)


async def _migrate_with(engine: AsyncEngine, move: Move) -> None:
    busy = f"another process has been migrating the database for {_LOCK_SECONDS} s"
    try:
        async with exclusive(engine, "darkstar-migrate", busy=busy, wait_seconds=_LOCK_SECONDS):
            with translated():
                async with engine.begin() as connection:
                    await connection.run_sync(_run, move)
    except RunInProgressError as error:
        raise DatabaseUnavailableError(str(error)) from error


def _run(connection: Connection, move: Move) -> None:
    config = Config()
    # The option is read with interpolation: a lone percent sign in the path would break it.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise SettingsError(
            f"the database is at revision {present}, which this version does not know; "
            "start the newer Darkstar that wrote it, or restore a backup"
        )
    try:
        with _quiet_driver():
            move(config)
    except CommandError as error:
        raise SettingsError(f"database migration: {error}") from error


@contextmanager
def _quiet_driver() -> Iterator[None]:
    """Keep MariaDB's notes out of the log: it ignores names of primary keys, and says so."""
    driver = logging.getLogger("asyncmy")
    level = driver.level
    driver.setLevel(logging.ERROR)
    try:
        yield
    finally:
        driver.setLevel(level)
