"""The best-time finder on the plan in force."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.api.forecasts.finder_schemas import (
    BestTimeOut,
    BestTimePartOut,
    BestTimeQuery,
    BestTimeStartOut,
)
from app.core import clock
from app.core.errors import NoPlanYetError
from app.db import plans
from app.db.connection.engine import session_scope
from app.db.tables.models import PlanRun
from app.gather.inputs import Inputs
from app.plans.best_time import Answer, Start, Wanted, answer
from app.plans.stored import run_of
from app.plans.stored_inputs import planned_with
from app.service.services import Services
from app.wording.words import number, when

_SAME_MONEY = 0.005


class _Known(NamedTuple):
    """The run of the plan in force and what it planned with."""

    run: PlanRun
    inputs: Inputs


@dataclass(slots=True)
class BestTimeDesk:
    """Keeps what the plan in force was made with; one question at a time is worked on."""

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
            run, inputs = self._known = await self._in_force(deps)
            made = await deps.job.planner.ask(
                answer, run.inputs_hash or "", inputs.slots, inputs.ctx, wanted, now=now
            )
        return _out(run, wanted, made, now)

    async def _in_force(self, deps: Services) -> _Known:
        """Return the run of the plan in force; its inputs are read when it is a new one."""
        async with session_scope(deps.job.sources.sessions) as session:
            latest = await plans.latest_run(session)
            if latest is None:
                raise NoPlanYetError(
                    "nothing has been planned yet; POST /api/run_planner plans now"
                )
            known = self._known
            if known and (known.run.id, known.run.planned_at) == (latest.id, latest.planned_at):
                return known
            run = await run_of(session, latest.id)
        return _Known(run, await asyncio.to_thread(planned_with, run))


def _out(run: PlanRun, wanted: Wanted, made: Answer, now: datetime) -> BestTimeOut:
    zone, found = ZoneInfo(run.timezone), made.found
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
        prices_known_until=made.known_until,
        starts=[told(start) for start in found.starts],
        now=told(present) if present else None,
        cheapest_price=told(found.cheapest_price) if found.cheapest_price else None,
        note=found.note,
    )


def _money(amount: float, run: PlanRun) -> str:
    return f"{number(amount)} {run.currency}"
