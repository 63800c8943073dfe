"""One migration history serves both databases."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import migrate
from app.db.models import Base


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
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _o, name, kind, *_r: (
                    (kind, name) != ("table", "migration_lock")
                ),
            },
        )
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []


async def test_an_interrupted_upgrade_can_be_run_again(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE plan_history")
        await connection.exec_driver_sql("DELETE FROM alembic_version")
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        made = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "plan_history" in made
