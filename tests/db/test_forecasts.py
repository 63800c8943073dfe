"""Forecasts come back with their spread, for the home they were made for, and get thinned."""

from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.frames import SLOT
from app.db import forecasts, heater_slots, plans
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import Forecast, HistorySlot
from app.fetch.sources import Sources
from app.recorder import forecast_thinning
from app.settings import Settings
from tests.db.publishing import MIDNIGHT, ZONE, publish_run, run_start, schedule_from

NOW = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)


def issue(at: datetime, *, kind: str = "load_kwh", home: str | None = None) -> forecasts.Issue:
    rows = [(MIDNIGHT + SLOT * index, 0.3, 0.1, 0.6) for index in range(4)]
    frame = pl.DataFrame(rows, schema=forecasts.VALUES, orient="row")
    return forecasts.Issue(kind, "test", at, frame, made_for=home)


async def test_a_forecast_keeps_its_spread_and_its_home(engine: AsyncEngine) -> None:
    """Another home's newer issue is not taken for ours; one without a spread says so."""
    sessions = make_sessions(engine)
    bare = issue(NOW + timedelta(hours=2), home="b")
    async with session_scope(sessions) as session:
        await forecasts.save(session, issue(NOW, home="a"))
        frame = bare.frame.select("slot_start", "value")
        await forecasts.save(
            session, forecasts.Issue(bare.kind, bare.source, bare.issued_at, frame, bare.made_for)
        )
    async with session_scope(sessions) as session:
        ours = await forecasts.latest(
            session, kind="load_kwh", issued_after=NOW - timedelta(days=1), made_for="a"
        )
        newest = await forecasts.latest(session, kind="load_kwh", issued_after=NOW)
        earlier = await forecasts.latest(
            session, kind="load_kwh", issued_after=NOW, issued_before=NOW + timedelta(hours=1)
        )
    assert ours is not None
    assert (ours.made_for, ours.frame["p90"].to_list()) == ("a", [0.6] * 4)
    assert newest is not None
    assert newest.frame["p10"].is_null().all()
    assert earlier is not None
    assert earlier.issued_at == NOW


def test_the_last_issue_of_each_local_day_stays() -> None:
    """The day ends at local midnight: 22:30 UTC in summer belongs to the next one."""
    times = [
        datetime(2026, 3, 30, 5, tzinfo=UTC),
        datetime(2026, 3, 30, 21, 59, tzinfo=UTC),
        datetime(2026, 3, 30, 22, 30, tzinfo=UTC),
        datetime(2026, 3, 31, 8, tzinfo=UTC),
    ]
    assert forecast_thinning.superfluous(times, ZONE) == [times[0], times[2]]


async def test_old_issues_are_thinned_and_recent_ones_kept(engine: AsyncEngine) -> None:
    """Ten days of hourly issues of two kinds: three days stay whole, of each older day one."""
    sessions = make_sessions(engine)
    for hours in range(24 * 10):
        # One at a time: together they outlast the patience of a transaction on a busy machine.
        async with session_scope(sessions) as session:
            for kind in ("load_kwh", "pv_kwh"):
                await forecasts.save(session, issue(NOW - timedelta(hours=hours), kind=kind))
    async with httpx.AsyncClient() as client:
        sources = Sources(Settings(), client, sessions)
        gone = await forecast_thinning.thin(sources, now=NOW)
        assert await forecast_thinning.thin(sources, now=NOW) == 0
    async with session_scope(sessions) as session:
        left = await forecasts.issue_times(session, "load_kwh", before=NOW + timedelta(days=1))
        rows = await session.scalar(select(func.count()).select_from(Forecast)) or 0
    recent = [at for at in left if at >= NOW - forecast_thinning.KEEP_ALL_FOR]
    assert len(recent) == 24 * 3 + 1
    assert len(left) - len(recent) == 8, "30 March is cut by the border, 23 March by the start"
    assert rows == 2 * 4 * len(left)
    assert gone == 2 * 4 * (240 - len(left))


async def test_the_heater_ran_as_the_plan_in_force_had_it(engine: AsyncEngine) -> None:
    """A slot counts as the last plan made before it began had it, not as a later one."""
    sessions = make_sessions(engine)
    made = {0: 3.0, 8: 0.0}
    for seen, (first, water_kw) in enumerate(made.items()):
        at = MIDNIGHT + first * SLOT
        schedule = schedule_from(at, 16).with_columns(water_kw=pl.lit(water_kw))
        async with session_scope(sessions) as session:
            run_id = await plans.start_run(session, run_start(at))
            await publish_run(session, run_id, schedule, seen=seen)
            await session.execute(
                HistorySlot.__table__.update()  # type: ignore[attr-defined]
                .where(HistorySlot.plan_run_id == run_id)
                .values(planned_at=at)
            )
    async with session_scope(sessions) as session:
        heated = await heater_slots.executed(session, start=MIDNIGHT, end=MIDNIGHT + 20 * SLOT)
    assert heated["slot_start"].to_list() == [MIDNIGHT + SLOT * index for index in range(20)]
    assert heated["water_kwh"].to_list() == [0.75] * 8 + [0.0] * 12
