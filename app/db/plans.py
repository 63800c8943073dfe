"""Plans in and out of the database; the caller owns the transaction, nothing here commits."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.core.clock import slot_floor
from app.core.errors import FrameError, RunInProgressError
from app.core.frames import SCHEDULE, SLOT
from app.db.tables.models import CurrentSlot, HistorySlot, PlanPointer, PlanRun

PUBLISHED = ("ok", "degraded")
POINTER_ID = 1


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known when a run begins."""

    planned_at: datetime
    trigger: str
    engine: str
    planner_version: str
    config_hash: str
    timezone: str
    currency: str
    demo_home: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run that made a plan adds to its row; money in the run's currency."""

    status: str
    finished_at: datetime
    cost: float
    cost_do_nothing: float
    cost_self_consumption: float
    cost_best: float
    optimality_percent: float | None
    smoothing_cost: float
    terminal_value_per_kwh: float
    engine: str
    s_index: float
    duration_ms: float
    inputs: str
    inputs_hash: str
    s_index_parts: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    input_status: list[dict[str, Any]] = field(default_factory=list)


async def start_run(session: AsyncSession, start: RunStart) -> int:
    """Record that a run has begun and return its id."""
    run = PlanRun(**asdict(start), status="running")
    session.add(run)
    await session.flush()
    return run.id


async def generation(session: AsyncSession) -> int:
    """Return the number of the newest publication; pass it to ``publish``."""
    pointer = await session.get(PlanPointer, POINTER_ID)
    return pointer.generation if pointer else 0


async def publish(
    session: AsyncSession,
    *,
    run_id: int,
    schedule: pl.DataFrame,
    result: RunResult,
    planned_at: datetime,
    planner_version: str,
    today_start: datetime,
    seen_generation: int,
) -> None:
    """Make ``schedule`` the plan in force, in the caller's one transaction.

    Rows before ``today_start`` go, today's past stays as it was planned, the rest is replaced and
    appended to the history. Raises ``RunInProgressError`` if somebody else published since
    ``seen_generation`` was read. Publishing the same run again changes nothing, so a caller whose
    commit ended in a transient error may repeat the transaction.
    """
    rows = await asyncio.to_thread(_rows, schedule, run_id, planner_version, today_start)
    if not await _take_pointer(session, run_id, seen_generation):
        return
    first = rows[0]["slot_start"]
    await session.execute(
        delete(CurrentSlot).where(
            or_(CurrentSlot.slot_start >= first, CurrentSlot.slot_start < today_start)
        )
    )
    await session.execute(insert(CurrentSlot), rows)
    await session.execute(insert(HistorySlot), [row | {"planned_at": planned_at} for row in rows])
    await session.execute(
        update(PlanRun)
        .where(PlanRun.id == run_id)
        .values(**asdict(result), horizon_start=first, horizon_end=rows[-1]["slot_end"])
    )


async def _take_pointer(session: AsyncSession, run_id: int, seen_generation: int) -> bool:
    """Lock the pointer row and move it on, unless another writer was faster.

    False when it names this very run already: an earlier commit went through after all.
    """
    changed = await session.execute(
        update(PlanPointer)
        .where(PlanPointer.id == POINTER_ID, PlanPointer.generation == seen_generation)
        .values(generation=seen_generation + 1, plan_run_id=run_id)
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        return True
    published = await session.scalar(
        select(PlanPointer.plan_run_id).where(PlanPointer.id == POINTER_ID)
    )
    if published == run_id:
        return False
    raise RunInProgressError(
        "another planner published a plan meanwhile; this one was not published"
    )


def _rows(
    schedule: pl.DataFrame, run_id: int, planner_version: str, today_start: datetime
) -> list[dict[str, Any]]:
    """Return the rows of the two schedule tables."""
    rows = schedule.select(SCHEDULE.names()).sort("slot_start").to_dicts()
    if not rows:
        raise FrameError("publish: the schedule has no slots")
    for row in rows:
        row["slot_number"] = 1 + round((row["slot_start"] - today_start) / SLOT)
        row["reason_params"] = json.loads(row["reason_params"])
        row["valid_until"] = row["slot_end"]
        row["planner_version"] = planner_version
        row["plan_run_id"] = run_id
    return rows


async def finish_run(
    session: AsyncSession, run_id: int, *, status: str, error: str, finished_at: datetime
) -> None:
    """Close a run that is still open; one that was published after all stays as it is."""
    await session.execute(
        update(PlanRun)
        .where(PlanRun.id == run_id, PlanRun.status == "running")
        .values(status=status, error=error, finished_at=finished_at)
    )


async def abort_running(session: AsyncSession, *, now: datetime) -> int:
    """Mark runs that a crash left unfinished; return how many there were."""
    changed = await session.execute(
        update(PlanRun)
        .where(PlanRun.status == "running")
        .values(status="aborted", finished_at=now, error="the service stopped during this run")
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


async def withdraw(session: AsyncSession, run_id: int, *, now: datetime) -> int:
    """Make the rows of a run from the slot in progress on invalid; return how many there were.

    A plan that another run has published meanwhile stays as it is.
    """
    changed = await session.execute(
        update(CurrentSlot)
        .where(CurrentSlot.plan_run_id == run_id, CurrentSlot.slot_start >= slot_floor(now))
        .values(valid_until=CurrentSlot.slot_start)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


async def current(session: AsyncSession) -> Sequence[CurrentSlot]:
    """Return every slot of the plan in force, oldest first."""
    result = await session.scalars(select(CurrentSlot).order_by(CurrentSlot.slot_start))
    return result.all()


async def latest_run(session: AsyncSession) -> PlanRun | None:
    """Return the run whose plan is in force."""
    pointer = await session.get(PlanPointer, POINTER_ID)
    if pointer is None or pointer.plan_run_id is None:
        return None
    return await session.get(PlanRun, pointer.plan_run_id)


async def runs(
    session: AsyncSession,
    *,
    limit: int,
    before_id: int | None = None,
    status: str | None = None,
    trigger: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[PlanRun]:
    """Return the newest runs first, without their inputs: what is given narrows them down."""
    query = select(PlanRun).order_by(PlanRun.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(PlanRun.id < before_id)
    if status is not None:
        query = query.where(PlanRun.status == status)
    if trigger is not None:
        query = query.where(PlanRun.trigger == trigger)
    if since is not None:
        query = query.where(PlanRun.planned_at >= since)
    if until is not None:
        query = query.where(PlanRun.planned_at < until)
    return (await session.scalars(query)).all()


async def history(session: AsyncSession, run_id: int) -> Sequence[HistorySlot]:
    """Return the slots of the plan that a run published, oldest first; empty without a plan."""
    query = select(HistorySlot).where(HistorySlot.plan_run_id == run_id)
    return (await session.scalars(query.order_by(HistorySlot.slot_start))).all()


async def run_by_id(session: AsyncSession, run_id: int) -> PlanRun | None:
    """Return one run with everything needed to replay it, None if it is not known."""
    query = select(PlanRun).where(PlanRun.id == run_id).options(undefer(PlanRun.inputs))
    # A run this session has listed before would otherwise come back without its inputs.
    return await session.scalar(query.execution_options(populate_existing=True))
