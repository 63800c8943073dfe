"""What the pages of runs ask of the database, each in one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.api.history import run_desk
from app.api.history.diff_view import DiffView, diff_view
from app.api.history.run_view import RunPage, run_view
from app.api.history.trail_view import Trails, trails
from app.api.history.view import PAGE, Asked, Found
from app.api.web.plan_table import PlanTableView, plan_table
from app.api.web.why_view import WhyView
from app.core import clock
from app.core.clock import local_midnight
from app.db import manual_actions, plans, run_changes, setting_changes
from app.db.connection.engine import session_scope
from app.db.tables.models import HistorySlot, PlanRun
from app.plans.stored import run_of
from app.service.replies import schedule_of
from app.service.schemas.runs import RunOut
from app.service.services import Services

_STEPS = 8


async def found_runs(deps: Services, asked: Asked, zone: ZoneInfo) -> Found:
    """Return a page of runs with what each changed of the plan before it."""
    since = until = None
    if asked.day:
        since = local_midnight(asked.day, zone)
        until = local_midnight(asked.day + timedelta(days=1), zone)
    async with session_scope(deps.job.sources.sessions) as session:
        runs = await plans.runs(
            session,
            limit=PAGE + 1,
            before_id=asked.before,
            status=asked.status or None,
            trigger=asked.trigger or None,
            since=since,
            until=until,
        )
        ids = [run.id for run in runs[:PAGE]]
        pairs = await run_changes.published_before(session, ids)
        changes = await run_changes.changes(session, pairs)
        latest = await plans.latest_run(session)
    in_force = latest.id if latest else None
    return Found(runs[:PAGE], changes, in_force, more=len(runs) > PAGE)


async def newest_steps(deps: Services, now: datetime, zone: ZoneInfo) -> Trails:
    """Return the newest changes of settings and of manual actions."""
    async with session_scope(deps.job.sources.sessions) as session:
        settings = await setting_changes.newest(session, limit=_STEPS)
        manual = await manual_actions.trail(session, limit=_STEPS)
    return trails(settings, manual, now, zone)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs to compare; None where the newest will do but there are too few."""

    before: int | None
    after: int | None


async def pair_of(deps: Services, before: int | None, after: int | None) -> Pair:
    """Return the runs to compare: those given, else the newest plan and the one before it."""
    async with session_scope(deps.job.sources.sessions) as session:
        if after is None:
            newest = await run_changes.newest_published(session, limit=1)
            after = next(iter(newest), None)
        if before is None and after is not None:
            before = (await run_changes.published_before(session, [after])).get(after)
    return Pair(before, after)


async def compared(deps: Services, before: int, after: int) -> DiffView:
    """Compare the plans of two runs; raises ``UnknownRunError``, ``RunWithoutPlanError``."""
    found = await run_desk.diff(deps, before, after)
    async with session_scope(deps.job.sources.sessions) as session:
        runs = [await run_of(session, run_id) for run_id in (before, after)]
    return await asyncio.to_thread(diff_view, found, runs[0], runs[1], clock.now())


@dataclass(frozen=True, slots=True)
class _Stored:
    run: PlanRun
    slots: Sequence[HistorySlot]
    in_force: bool
    before_id: int | None


async def one_run(
    deps: Services, run_id: int, explained: dict[datetime, WhyView] | None = None
) -> RunPage:
    """Return a run with its plan; raises ``UnknownRunError``."""
    async with session_scope(deps.job.sources.sessions) as session:
        run = await run_of(session, run_id)
        latest = await plans.latest_run(session)
        before = await run_changes.published_before(session, [run_id])
        slots = await plans.history(session, run_id)
    stored = _Stored(run, slots, latest is not None and latest.id == run_id, before.get(run_id))
    return await asyncio.to_thread(_page, stored, clock.now(), explained)


def _page(stored: _Stored, now: datetime, explained: dict[datetime, WhyView] | None) -> RunPage:
    shown = run_view(
        RunOut.of(stored.run), now, in_force=stored.in_force, before_id=stored.before_id
    )
    return RunPage(shown, _table(stored, now, explained))


def _table(
    stored: _Stored, now: datetime, explained: dict[datetime, WhyView] | None
) -> PlanTableView:
    plan = schedule_of(stored.run, stored.slots) if stored.slots else None
    return plan_table(plan, now, mode="blocks", explained=explained, of_run=True)
