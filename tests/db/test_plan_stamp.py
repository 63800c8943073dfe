"""The stamp of the plan in force: equal while the plan is, different after any change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import plans
from app.db.connection.engine import make_sessions, session_scope
from app.db.plan_stamp import Stamp, plan_stamp
from app.db.tables.models import CurrentSlot
from tests.db.publishing import MIDNIGHT, publish, run_start, schedule_from

COLUMNS = [each.name for each in CurrentSlot.__table__.columns]


async def stamp(engine: AsyncEngine) -> Stamp | None:
    async with session_scope(make_sessions(engine)) as session:
        return await plan_stamp(session)


async def first_slot(engine: AsyncEngine) -> CurrentSlot:
    async with session_scope(make_sessions(engine)) as session:
        return (await plans.current(session))[0]


async def set_first(engine: AsyncEngine, column: str, value: object) -> None:
    async with session_scope(make_sessions(engine), writes=True) as session:
        first = select(CurrentSlot.slot_start).order_by(CurrentSlot.slot_start).limit(1)
        found = await session.scalar(first)
        await session.execute(
            update(CurrentSlot).where(CurrentSlot.slot_start == found).values({column: value})
        )


def other(value: Any) -> Any:
    """A value of the same kind that is not this one, as little different as can be."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, datetime):
        return value - timedelta(minutes=15)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.001
    if isinstance(value, dict):
        return value | {"by": "hand"}
    return "X" + value[1:]


async def test_without_a_plan_there_is_none(engine: AsyncEngine) -> None:
    assert await stamp(engine) is None


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_of_one_row_shows(engine: AsyncEngine, column: str) -> None:
    await publish(engine, schedule_from(MIDNIGHT, 8))
    async with session_scope(make_sessions(engine), writes=True) as session:
        await plans.start_run(session, run_start(MIDNIGHT))
    before = await stamp(engine)
    assert before is not None
    assert await stamp(engine) == before, "nothing has changed"
    await set_first(engine, column, other(getattr(await first_slot(engine), column)))
    assert await stamp(engine) != before


async def test_two_rows_that_change_places_show(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT, 8))
    async with session_scope(make_sessions(engine), writes=True) as session:
        rows = await plans.current(session)
        rows[0].charge_kw, rows[1].charge_kw = 1.0, 2.0
    before = await stamp(engine)
    async with session_scope(make_sessions(engine), writes=True) as session:
        rows = await plans.current(session)
        rows[0].charge_kw, rows[1].charge_kw = 2.0, 1.0
    assert await stamp(engine) != before


async def test_a_publication_a_withdrawal_and_rows_that_go_show(engine: AsyncEngine) -> None:
    seen = {await stamp(engine)}
    await publish(engine, schedule_from(MIDNIGHT, 8))
    seen.add(await stamp(engine))
    await publish(engine, schedule_from(MIDNIGHT, 8))
    seen.add(await stamp(engine))
    async with session_scope(make_sessions(engine), writes=True) as session:
        run = await plans.latest_run(session)
        assert run is not None
        assert await plans.withdraw(session, run.id, now=MIDNIGHT) == 8
    seen.add(await stamp(engine))
    for _ in range(2):
        async with session_scope(make_sessions(engine), writes=True) as session:
            first = (await plans.current(session))[0]
            await session.execute(
                delete(CurrentSlot).where(CurrentSlot.slot_start == first.slot_start)
            )
        seen.add(await stamp(engine))
    async with session_scope(make_sessions(engine), writes=True) as session:
        await session.execute(delete(CurrentSlot))
    seen.add(await stamp(engine))
    assert len(seen) == 7
