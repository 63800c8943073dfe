"""The view sets beside each recorded slot the last plan that was made before it."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.frames import SLOT
from app.db import observed
from app.db.connection import migrate
from app.db.connection.engine import make_sessions, session_scope
from tests.db.publishing import MIDNIGHT, publish, rows, schedule_from
from tests.db.test_observed import slot


async def _view(engine: AsyncEngine) -> list[dict[str, object]]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT * FROM plan_vs_actual ORDER BY slot_start"))
        return [dict(row) for row in found.mappings()]


async def test_the_plan_of_a_slot_is_the_last_one_made_before_it(engine: AsyncEngine) -> None:
    first = await publish(engine, schedule_from(MIDNIGHT))
    planned = await rows(engine)
    later = MIDNIGHT + 4 * SLOT
    second = await publish(engine, schedule_from(MIDNIGHT + 4 * SLOT), today=later)
    async with session_scope(make_sessions(engine)) as session:
        await observed.save(
            session,
            [
                slot(
                    number,
                    import_kwh=0.5,
                    export_kwh=0.25,
                    import_price_per_kwh=2.0,
                    export_price_per_kwh=1.0,
                )
                for number in (0, 3, 4)
            ]
            + [slot(200, pv_kwh=0.1)],
        )
    seen = await _view(engine)
    assert [each["plan_run_id"] for each in seen] == [first, first, second, None]
    assert seen[0]["planned_load_kwh"] == planned[0]["planned_load_kwh"]
    assert seen[0]["planned_import_kwh"] == pytest.approx(float(str(planned[0]["import_kw"])) / 4)
    grid = planned[0]
    cost = (
        float(str(grid["import_kw"])) * float(str(grid["import_price_per_kwh"]))
        - float(str(grid["export_kw"])) * float(str(grid["export_price_per_kwh"]))
    ) / 4
    # Like with like: what the meter counts, the battery's wear beside it.
    assert seen[0]["planned_cost"] == pytest.approx(cost)
    assert seen[0]["planned_wear"] == pytest.approx(float(str(grid["planned_cost"])) - cost)
    assert seen[0]["actual_cost"] == pytest.approx(0.5 * 2.0 - 0.25)
    assert (seen[3]["actual_pv_kwh"], seen[3]["actual_cost"]) == (0.1, None)


async def test_the_costs_of_the_revision_before_come_back(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT))
    planned = await rows(engine)
    async with session_scope(make_sessions(engine)) as session:
        await observed.save(session, [slot(0, pv_kwh=0.1)])
    await migrate.downgrade(engine, "0009")
    (seen,) = await _view(engine)
    assert seen["planned_cost"] == planned[0]["planned_cost"]
    assert "planned_wear" not in seen
    await migrate.upgrade(engine)


async def test_the_view_goes_and_comes_back_with_its_revision(engine: AsyncEngine) -> None:
    await migrate.downgrade(engine, "0007")
    await migrate.upgrade(engine)
    assert await _view(engine) == []
