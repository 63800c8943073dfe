"""Insert rows or replace those that are there, in one statement on either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.base import Base


async def upsert(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write every row; one with the same primary key is replaced, column by column given.

    All rows name the same columns.
    """
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - every model has a plain table
    keys = {column.name for column in table.primary_key}
    changed = [name for name in rows[0] if name not in keys]
    if session.get_bind().dialect.name == "sqlite":
        lite = sqlite.insert(table)
        await session.execute(
            lite.on_conflict_do_update(
                index_elements=sorted(keys), set_={name: lite.excluded[name] for name in changed}
            ),
            [dict(row) for row in rows],
        )
        return
    maria = mysql.insert(table)
    await session.execute(
        maria.on_duplicate_key_update({name: maria.inserted[name] for name in changed}),
        [dict(row) for row in rows],
    )
