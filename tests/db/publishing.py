"""What the database tests share: a schedule, and publishing it the way the job does."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.clock import local_midnight
from app.core.frames import SCHEDULE
from app.db import plans
from app.db.connection.engine import make_sessions, session_scope
from tests.made_plans import plan_of, slots

ZONE = ZoneInfo("Europe/Stockholm")
MIDNIGHT = local_midnight(date(2026, 11, 23), ZONE)
PRICES = [1.0 + (index % 24) / 10 for index in range(96)]


def schedule_from(start: datetime, count: int = 96) -> pl.DataFrame:
    """Return a real plan of ``count`` slots."""
    return plan_of(slots(start, (PRICES * 3)[:count])).schedule


def run_start(at: datetime) -> plans.RunStart:
    """Return what a run knows when it begins."""
    return plans.RunStart(
        planned_at=at,
        trigger="button",
        engine="optimal",
        planner_version="test",
        config_hash="0",
        timezone="Europe/Stockholm",
        currency="SEK",
        demo_home=False,
    )


async def publish_run(
    session: AsyncSession,
    run_id: int,
    schedule: pl.DataFrame,
    *,
    today: datetime = MIDNIGHT,
    seen: int,
) -> None:
    """Publish a started run in the caller's transaction."""
    result = plans.RunResult(
        status="ok",
        finished_at=today,
        cost=1.0,
        cost_do_nothing=2.0,
        cost_self_consumption=1.5,
        cost_best=0.9,
        optimality_percent=83.3,
        smoothing_cost=0.05,
        terminal_value_per_kwh=0.8,
        engine="optimal",
        s_index=1.05,
        duration_ms=12.0,
        inputs="{}",
        inputs_hash="0",
    )
    await plans.publish(
        session,
        run_id=run_id,
        schedule=schedule,
        result=result,
        planned_at=today,
        planner_version="test",
        today_start=today,
        seen_generation=seen,
    )


async def publish(
    engine: AsyncEngine,
    schedule: pl.DataFrame,
    *,
    today: datetime = MIDNIGHT,
    seen: int | None = None,
) -> int:
    """Start a run and publish it, one transaction each; return its id."""
    sessions = make_sessions(engine)
    async with session_scope(sessions) as session:
        run_id = await plans.start_run(session, run_start(today))
        generation = await plans.generation(session) if seen is None else seen
    async with session_scope(sessions) as session:
        await publish_run(session, run_id, schedule, today=today, seen=generation)
    return run_id


async def rows(engine: AsyncEngine) -> list[dict[str, object]]:
    """Return the plan in force."""
    async with session_scope(make_sessions(engine)) as session:
        return [
            {name: getattr(slot, name) for name in (*SCHEDULE.names(), "slot_number")}
            for slot in await plans.current(session)
        ]
