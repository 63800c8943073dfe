"""What the panels should have given is kept per plant, beside what was measured."""

from datetime import timedelta
from typing import Any

import polars as pl
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.frames import SLOT, check
from app.db import modelled_pv, observed, retention
from app.db.connection.engine import make_sessions, session_scope
from tests.db.publishing import MIDNIGHT


def _frame(kwh: float, slots: int = 4) -> pl.DataFrame:
    rows = [(MIDNIGHT + SLOT * i, kwh, 0.25 * (i % 2), i == 3) for i in range(slots)]
    return pl.DataFrame(rows, schema=modelled_pv.MODELLED, orient="row")


def _measured(index: int, how: str, kwh: float | None = 0.2) -> dict[str, Any]:
    return {
        "slot_start": MIDNIGHT + SLOT * index,
        **dict.fromkeys(observed.QUANTITIES),
        "pv_kwh": kwh,
        "export_price_per_kwh": -0.1 if index else None,
        "quality": {"pv_kwh": how},
        "source": "test",
        "recorded_at": MIDNIGHT,
    }


async def test_modelled_and_measured_meet_where_both_are_known(engine: AsyncEngine) -> None:
    """Another plant's slots, estimates and slots without a meter are not compared."""
    sessions = make_sessions(engine)
    async with session_scope(sessions, writes=True) as session:
        assert await modelled_pv.newest(session, "a") is None
        await modelled_pv.save(session, "a", _frame(0.4))
        await modelled_pv.save(session, "b", _frame(0.9, slots=2))
        rows = [(0, "measured"), (1, "statistics"), (2, "estimated")]
        await observed.save(session, [_measured(index, how) for index, how in rows])
        await observed.save(session, [_measured(3, "gap", kwh=None)])
    async with session_scope(sessions) as session:
        found = await modelled_pv.compared(
            session, "a", start=MIDNIGHT, end=MIDNIGHT + timedelta(hours=1)
        )
        cut = await modelled_pv.compared(session, "a", start=MIDNIGHT + SLOT, end=MIDNIGHT + SLOT)
        newest = await modelled_pv.newest(session, "a")
    check(found.lazy(), modelled_pv.COMPARED, by="compared")
    assert found.rows() == [
        (MIDNIGHT, 0.4, 0.0, False, 0.2, None),
        (MIDNIGHT + SLOT, 0.4, 0.25, False, 0.2, -0.1),
    ]
    assert (cut.height, newest) == (0, MIDNIGHT + SLOT * 3)


async def test_a_slot_is_replaced_and_forgotten_with_the_history(engine: AsyncEngine) -> None:
    """Saving again replaces; the retention takes old slots of every plant."""
    sessions = make_sessions(engine)
    async with session_scope(sessions, writes=True) as session:
        await modelled_pv.save(session, "a", _frame(0.4))
        await modelled_pv.save(session, "a", _frame(0.5))
        await modelled_pv.save(session, "b", _frame(0.9))
        await observed.save(session, [_measured(0, "measured")])
    async with session_scope(sessions, writes=True) as session:
        found = await modelled_pv.compared(session, "a", start=MIDNIGHT, end=MIDNIGHT + SLOT)
        assert found["modelled_kwh"].to_list() == [0.5]
        assert await retention.purge(session, before=MIDNIGHT + SLOT * 2) == 2 * 2 + 1
        assert await modelled_pv.newest(session, "a") == MIDNIGHT + SLOT * 3
