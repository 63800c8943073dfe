"""The best-time finder on the plan in force: its curves are made once a plan and slot."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from app import clock
from app.api.schemas_best_time import (
    BestTimeOut,
    BestTimePartOut,
    BestTimeQuery,
    BestTimeStartOut,
)
from app.api.services import Services
from app.api.words import number, when
from app.clock import slot_floor
from app.db import plans
from app.db.engine import session_scope
from app.db.models import PlanRun
from app.errors import NoPlanYetError
from app.planner.run import Plan, make_plan
from app.runs.best_time import Finder, Found, Start, Wanted
from app.runs.stored import run_of
from app.stored_inputs import inputs_of

_SAME_MONEY = 0.005


@dataclass(frozen=True, slots=True)
class _Known:
    """The plan of a run, whole, and its curves from one slot on."""

    run: PlanRun
    plan: Plan
    finder: Finder


@dataclass(slots=True)
class BestTimeDesk:
    """Keeps the plan in force and its curves; one question at a time is worked on."""

    _single: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: _Known | None = None

    async def ask(self, deps: Services, query: BestTimeQuery) -> BestTimeOut:
        """Return the cheapest starts; raises ``NoPlanYetError`` or ``NotReplayableError``."""
        now = clock.now()
        wanted = Wanted(
            kwh=query.kwh,
            hours=query.lasts_hours,
            after=query.after or now,
            before=query.before,
            count=query.count,
        )
        async with self._single:
            run = await self._in_force(deps)
            # Kept here and not by the thread: one that was given up on must not write later.
            self._known = known = await asyncio.to_thread(_known_at, self._known, run, now)
            return await asyncio.to_thread(_answer, known, wanted, now)

    async def _in_force(self, deps: Services) -> PlanRun:
        """Return the run of the plan in force; its inputs are read when it is a new one."""
        async with session_scope(deps.job.sources.sessions) as session:
            latest = await plans.latest_run(session)
            if latest is None:
                raise NoPlanYetError(
                    "nothing has been planned yet; POST /api/run_planner plans now"
                )
            known = self._known and self._known.run
            if known and (known.id, known.planned_at) == (latest.id, latest.planned_at):
                return known
            return await run_of(session, latest.id)


def _known_at(known: _Known | None, run: PlanRun, now: datetime) -> _Known:
    """Return the plan and its curves from the slot in progress on; made anew where they are not."""
    if known is None or known.run is not run:
        inputs = inputs_of(run)
        # The same inputs give the same plan, with the columns that its rows do not keep.
        plan = make_plan(inputs.slots, inputs.ctx)
        return _Known(run, plan, Finder(plan, now=now))
    if known.finder.first_slot != slot_floor(now):
        return _Known(run, known.plan, Finder(known.plan, now=now))
    return known


def _answer(known: _Known, wanted: Wanted, now: datetime) -> BestTimeOut:
    found = known.finder.find(wanted, now=now)
    return _out(known.run, wanted, found, known.finder.end, now)


def _out(
    run: PlanRun, wanted: Wanted, found: Found, known_until: datetime, now: datetime
) -> BestTimeOut:
    zone = ZoneInfo(run.timezone)
    present = found.now

    def told(start: Start) -> BestTimeStartOut:
        saving = None if present is None else present.cost - start.cost
        said = f"Start at {when(start.start, now, zone)}: costs {_money(start.cost, run)}"
        if saving is not None and abs(saving) >= _SAME_MONEY:
            said += f", {_money(abs(saving), run)} {'less' if saving > 0 else 'more'} than now"
        return BestTimeStartOut(
            start=start.start,
            end=start.end,
            cost=start.cost,
            cost_at_import_prices=start.cost_at_import_prices,
            saving=saving,
            text=f"{said}.",
            parts=[BestTimePartOut.model_validate(part) for part in start.parts],
        )

    return BestTimeOut(
        plan_run_id=run.id,
        planned_at=run.planned_at,
        currency=run.currency,
        timezone=run.timezone,
        kwh=wanted.kwh,
        hours=wanted.hours,
        power_kw=wanted.kwh / wanted.hours,
        after=found.after,
        before=found.before,
        prices_known_until=known_until,
        starts=[told(start) for start in found.starts],
        now=told(present) if present else None,
        cheapest_price=told(found.cheapest_price) if found.cheapest_price else None,
        note=found.note,
    )


def _money(amount: float, run: PlanRun) -> str:
    return f"{number(amount)} {run.currency}"
