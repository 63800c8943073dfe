"""One migration history serves both databases."""

import asyncio
from functools import partial

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import CheckConstraint, Connection, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import SettingsError
from app.core.shipped import SHIPPED
from app.db import plans
from app.db.connection import migrate, moves
from app.db.connection.engine import close, make_engine, make_sessions, session_scope
from app.db.tables.models import Base, CurrentSlot, HistorySlot
from app.settings import Database, Settings
from tests.db.publishing import MIDNIGHT, publish, rows, schedule_from


async def test_up_down_and_up_again_leaves_every_table(engine: AsyncEngine) -> None:
    await migrate.downgrade(engine, "base")
    async with engine.connect() as connection:
        left = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    assert not left & set(Base.metadata.tables)
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        made = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    assert set(Base.metadata.tables) <= made


async def test_models_and_migrations_agree(engine: AsyncEngine) -> None:
    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    def checks(connection: Connection) -> set[str]:
        found = inspect(connection).get_check_constraints("current_schedule")
        return {str(check["name"]) for check in found if str(check["name"]).startswith("ck_")}

    wanted = {
        str(constraint.name)
        for constraint in CurrentSlot.metadata.tables["current_schedule"].constraints
        if isinstance(constraint, CheckConstraint)
    }
    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []
        assert await connection.run_sync(checks) == wanted


async def test_one_step_back_and_forth_keeps_the_plan(engine: AsyncEngine) -> None:
    run_id = await publish(engine, schedule_from(MIDNIGHT))
    before = await rows(engine)
    await migrate.downgrade(engine, "-1")
    await migrate.upgrade(engine)
    assert await rows(engine) == before
    async with session_scope(make_sessions(engine)) as session:
        run = await plans.latest_run(session)
        history = await session.scalar(select(func.count()).select_from(HistorySlot))
    assert run is not None
    assert (run.id, run.trigger, history) == (run_id, "button", 96)


async def test_a_database_of_the_first_revision_keeps_its_plan(database_url: str) -> None:
    old = make_engine(Settings(database=Database(url=SecretStr(database_url))))
    await migrate.downgrade(old, "base")
    await moves._migrate(old, partial(command.upgrade, revision="0001"))  # noqa: SLF001
    assert await migrate.current_revision(old) == "0001"
    async with old.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE migration_lock (id INTEGER)")
    await migrate.upgrade(old)
    await publish(old, schedule_from(MIDNIGHT))
    async with old.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "migration_lock" not in names
    await close(old)


async def test_a_database_at_the_newest_revision_is_left_alone(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: AsyncEngine) -> None:
        raise AssertionError("nothing was to be moved")

    monkeypatch.setattr(moves, "upgrade", never)
    assert await migrate.current_revision(engine) == migrate.newest_revision()
    await migrate.upgrade(engine)


def test_the_newest_revision_is_the_head_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(SHIPPED / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.newest_revision()


async def test_a_database_of_a_newer_darkstar_is_refused(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=r"revision 9999.*newer Darkstar"):
        await migrate.upgrade(engine)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")


async def test_two_processes_upgrade_one_after_the_other(engine: AsyncEngine) -> None:
    await migrate.downgrade(engine, "base")
    await asyncio.gather(migrate.upgrade(engine), migrate.upgrade(engine))
    newest = max(file.name for file in (SHIPPED / "migrations" / "versions").glob("0*.py"))
    assert await migrate.current_revision(engine) == newest[:4]


async def test_an_interrupted_upgrade_can_be_run_again(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE plan_history")
        await connection.exec_driver_sql("DELETE FROM alembic_version")
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        made = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "plan_history" in made
