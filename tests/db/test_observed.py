"""What the recorder writes comes back whole, and writing it again replaces it."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.frames import SLOT
from app.db import observed, retention, scores
from app.db.connection.engine import make_sessions, session_scope
from tests.db.publishing import MIDNIGHT


def slot(number: int, **measured: Any) -> dict[str, Any]:
    return {
        "slot_start": MIDNIGHT + number * SLOT,
        **dict.fromkeys(observed.QUANTITIES),
        **measured,
        "quality": dict.fromkeys(measured, "measured"),
        "source": "test",
        "recorded_at": MIDNIGHT + timedelta(hours=1),
    }


def score(day: date, bias_kwh: float) -> dict[str, Any]:
    return {
        "kind": "pv_kwh",
        "day": day,
        "slots": 96,
        "measured_kwh": 20.0,
        "mean_absolute_error_kwh": 0.05,
        "bias_kwh": bias_kwh,
        "persistence_mean_absolute_error_kwh": None,
        "persistence_bias_kwh": None,
        "inside_spread_ratio": 0.8,
        "issued_at": MIDNIGHT,
        "computed_at": MIDNIGHT + timedelta(days=1),
    }


async def test_recorded_slots_come_back_and_are_replaced(engine: AsyncEngine) -> None:
    sessions = make_sessions(engine)
    async with session_scope(sessions) as session:
        assert await observed.newest(session) is None
        await observed.save(session, [slot(1, pv_kwh=1 / 3), slot(0, pv_kwh=0.0)])
        await observed.save(session, [])
    async with session_scope(sessions) as session:
        await observed.save(session, [slot(1, load_kwh=0.2), slot(2, load_kwh=0.3)])
    async with session_scope(sessions) as session:
        assert await observed.newest(session) == MIDNIGHT + 2 * SLOT
        known = await observed.load(session, start=MIDNIGHT, end=MIDNIGHT + 2 * SLOT)
    assert known.schema == observed.OBSERVED
    assert known["slot_start"].to_list() == [MIDNIGHT, MIDNIGHT + SLOT]
    assert known["pv_kwh"].to_list() == [0.0, None], "a slot is replaced whole"
    assert known["load_kwh"].to_list() == [None, 0.2]
    assert known["quality"].to_list() == ['{"pv_kwh": "measured"}', '{"load_kwh": "measured"}']


async def test_scores_are_kept_per_day_and_forgotten_in_time(engine: AsyncEngine) -> None:
    sessions, day = make_sessions(engine), date(2026, 3, 28)
    async with session_scope(sessions) as session:
        await scores.save(session, [score(day, 0.1), score(day + timedelta(days=1), 0.2)])
        await scores.save(session, [score(day, 0.3)])
    async with session_scope(sessions) as session:
        assert [each.bias_kwh for each in await scores.since(session, day)] == [0.3, 0.2]
        await observed.save(session, [slot(0, pv_kwh=1.0)])
        assert await retention.purge(session, before=MIDNIGHT + timedelta(days=9)) == 3
        assert not await scores.since(session, day)
