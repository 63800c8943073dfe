"""Bring the database to the newest revision, or to another.

What moves it is imported where there is a way to go: Alembic takes 10 MB and 0.4 s of every start,
and nearly all starts find the newest revision.
"""

import asyncio
import re
from functools import cache
from importlib import import_module

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.shipped import SHIPPED
from app.db.connection.faults import translated
from app.db.connection.lock import CONNECT_SECONDS

_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)


async def upgrade(engine: AsyncEngine) -> None:
    """Upgrade to the newest revision; other processes wait.

    Raises ``SettingsError`` if a newer Darkstar wrote the database.
    """
    if await current_revision(engine) != await asyncio.to_thread(newest_revision):
        moves = await asyncio.to_thread(import_module, "app.db.connection.moves")
        await moves.upgrade(engine)


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Go back to ``revision`` (``base`` empties the database)."""
    moves = await asyncio.to_thread(import_module, "app.db.connection.moves")
    await moves.downgrade(engine, revision)


async def current_revision(engine: AsyncEngine) -> str | None:
    """Return the revision the database is at, None when it is empty."""
    with translated():
        async with asyncio.timeout(CONNECT_SECONDS), engine.connect() as connection:
            return await connection.run_sync(_present_revision)


@cache
def newest_revision() -> str:
    """Return the revision of the last script: their names begin with it, so they are in order."""
    last = max((SHIPPED / "migrations" / "versions").glob("*.py"))
    (found,) = _REVISION.findall(last.read_text(encoding="utf-8"))
    return str(found)


def _present_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return str(found[0]) if len(found) == 1 else None
