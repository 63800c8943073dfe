"""How large the database is: its revision, the rows of every table, the space they take."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.models import Base


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table; ``size_bytes`` is None where the database does not tell it per table."""

    name: str
    rows: int
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """The whole database; ``revision`` is the migration it is at, empty before the first."""

    revision: str
    size_bytes: int
    tables: tuple[TableSize, ...]


async def measure(session: AsyncSession) -> DatabaseSize:
    """Count the rows of our tables and ask the database for its sizes."""
    tables = Base.metadata.sorted_tables
    counts = [select(func.count()).select_from(t).scalar_subquery().label(t.name) for t in tables]
    rows = (await session.execute(select(*counts))).one()._asdict()
    revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    sizes = {} if _is_sqlite(session) else await _table_bytes(session)
    whole = await _file_bytes(session) if _is_sqlite(session) else sum(sizes.values())
    found = (TableSize(name, count, sizes.get(name)) for name, count in rows.items())
    return DatabaseSize(str(revision or ""), whole, tuple(sorted(found, key=lambda t: t.name)))


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


async def _file_bytes(session: AsyncSession) -> int:
    pages = await session.scalar(text("PRAGMA page_count"))
    page_bytes = await session.scalar(text("PRAGMA page_size"))
    return int(pages or 0) * int(page_bytes or 0)


async def _table_bytes(session: AsyncSession) -> dict[str, int]:
    found = await session.execute(
        text(
            "SELECT table_name, data_length + index_length FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        )
    )
    return {str(name): int(size or 0) for name, size in found}
