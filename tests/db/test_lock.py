"""One planner at a time per database, and a lock that a dead process cannot keep."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import RunInProgressError
from app.db.connection import lock


async def test_only_one_planner_holds_the_lock(engine: AsyncEngine) -> None:
    async with lock.planner_lock(engine):
        with pytest.raises(RunInProgressError, match="stands down"):
            async with lock.planner_lock(engine):
                pass
        with pytest.raises(RunInProgressError):
            async with lock.planner_lock(engine):
                pass
    async with lock.planner_lock(engine):
        pass


async def test_a_failing_run_gives_the_lock_back(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with lock.planner_lock(engine):
            _ = 1 / 0
    async with lock.planner_lock(engine):
        pass


@pytest.mark.mariadb
async def test_a_lost_lock_connection_does_not_fail_the_run(mariadb_engine: AsyncEngine) -> None:
    async with lock.planner_lock(mariadb_engine), mariadb_engine.connect() as other:
        owner = await other.scalar(
            text("SELECT IS_USED_LOCK(CONCAT('darkstar-planner:', LEFT(SHA1(DATABASE()), 16)))")
        )
        await other.execute(text(f"KILL {owner}"))
    async with lock.planner_lock(mariadb_engine):
        pass


@pytest.mark.mariadb
async def test_two_homes_on_one_server_do_not_block_each_other(
    mariadb_engine: AsyncEngine,
) -> None:
    async with (
        lock.planner_lock(mariadb_engine),
        mariadb_engine.connect() as neighbour,
    ):
        await neighbour.execute(text("USE information_schema"))
        taken = await neighbour.scalar(
            text("SELECT GET_LOCK(CONCAT('darkstar-planner:', LEFT(SHA1(DATABASE()), 16)), 0)")
        )
        assert taken == 1
        await neighbour.invalidate()
