"""SQLite: questions that are given up, and a file that somebody else takes away or exchanges."""

import asyncio
import gc
import shutil
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import DatabaseUnavailableError, TablesMissingError
from app.db.connection import migrate
from app.db.connection.engine import close, make_engine, make_sessions, session_scope
from app.db.connection.sqlite import file_replaced_at
from app.db.tables.models import Observation
from app.settings import Settings
from tests.db.publishing import MIDNIGHT

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated file ``darkstar.db``."""
    made = make_engine(Settings(data_dir=str(tmp_path)))
    await migrate.upgrade(made)
    yield made
    await close(made)


async def ask(engine: AsyncEngine, question: str, *, patience_seconds: float = 5) -> object:
    async with session_scope(make_sessions(engine), timeout_seconds=patience_seconds) as session:
        return await session.scalar(text(question))


async def note(engine: AsyncEngine, name: str) -> None:
    async with session_scope(make_sessions(engine), writes=True) as session:
        session.add(
            Observation(
                name=name,
                observed_at=MIDNIGHT,
                value=1.0,
                unit="kW",
                source="test",
                quality="live",
            )
        )


async def names(engine: AsyncEngine) -> list[str]:
    async with session_scope(make_sessions(engine)) as session:
        return list(await session.scalars(text("SELECT name FROM observation ORDER BY name")))


def put_aside(folder: Path) -> list[Path]:
    return list(folder.glob("darkstar.db-wal.*"))


def database_threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if "connection_worker" in each.name}


async def test_an_endless_question_ends_with_the_patience_of_who_asked(engine: AsyncEngine) -> None:
    before = database_threads()
    with pytest.raises(DatabaseUnavailableError, match="in time"):
        await ask(engine, ENDLESS, patience_seconds=0.3)
    assert await ask(engine, "SELECT 7") == 7
    await close(engine)
    assert database_threads() <= before
    gc.collect()


async def test_a_cancelled_question_is_broken_off_and_its_connection_closed(
    engine: AsyncEngine,
) -> None:
    before = database_threads()
    asking = [asyncio.create_task(ask(engine, ENDLESS)) for _ in range(3)]
    # Each has a thread of its own once its question is on.
    while len(database_threads() - before) < 2:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)
    for each in asking:
        each.cancel()
    ended = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    await close(engine)
    assert not database_threads() - before
    gc.collect()


async def test_a_deleted_file_is_noticed_said_and_made_anew(
    engine: AsyncEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await note(engine, "before")
    (tmp_path / "darkstar.db").unlink()
    with pytest.raises(TablesMissingError):
        await names(engine)
    assert isinstance(file_replaced_at(engine), datetime)
    assert capsys.readouterr().out.count("the database file was deleted") == 1
    await migrate.upgrade(engine)
    await note(engine, "after")
    assert await names(engine) == ["after"]
    assert await ask(engine, "PRAGMA integrity_check") == "ok"
    await close(engine)
    assert (tmp_path / "darkstar.db").exists()


async def test_a_restored_backup_is_read_without_the_journal_of_the_file_before(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "darkstar.db"
    await note(engine, "kept")
    await ask(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, tmp_path / "backup")
    await note(engine, "lost")
    assert (tmp_path / "darkstar.db-wal").stat().st_size > 0
    (tmp_path / "backup").rename(file)
    assert await names(engine) == ["kept"]
    await note(engine, "new")
    assert await names(engine) == ["kept", "new"]
    assert await ask(engine, "PRAGMA integrity_check") == "ok"


async def test_a_file_moved_away_and_back_has_everything(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "darkstar.db"
    await note(engine, "one")
    file.rename(tmp_path / "shelf")
    file.mkdir()
    with pytest.raises(DatabaseUnavailableError):
        await names(engine)
    file.rmdir()
    (tmp_path / "shelf").rename(file)
    assert await names(engine) == ["one"]
    assert await ask(engine, "PRAGMA integrity_check") == "ok"


async def test_a_reader_of_the_old_file_does_not_cost_what_it_holds_back(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """With a reader on, not all of the journal goes into the file: it is put aside, not lost."""
    file = tmp_path / "darkstar.db"
    async with engine.connect() as reader:
        await reader.execute(text("SELECT count(*) FROM observation"))
        await note(engine, "one")
        file.rename(tmp_path / "shelf")
        with pytest.raises(TablesMissingError):
            await names(engine)
        assert put_aside(tmp_path)
