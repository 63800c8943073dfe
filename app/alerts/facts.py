"""What the database knows about how planning goes; every figure survives a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.idleness import Idleness, Past, idleness_of
from app.core.clock import local_day, local_midnight, slot_floor
from app.core.provenance import AFTER_THE_HORIZON, Quality
from app.db import plans
from app.db.tables.models import CurrentSlot, HistorySlot, PlanRun
from app.settings import Settings

FAILED = ("failed", "held")


@dataclass(frozen=True, slots=True)
class Failures:
    """Runs without a plan since the one in force: how many, since when, what the last said."""

    count: int = 0
    since: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """How planning goes at ``now``.

    ``is_valid`` says that the slot in progress may be acted on; ``is_withdrawn`` that there is one
    which was taken back. ``poor_inputs`` are those of the plan in force that are estimated or
    missing. ``idleness`` is None when the past is not known well enough, ``database_replaced_at``
    while this process has not found an embedded database's file exchanged.
    """

    now: datetime
    run_id: int | None
    planned_at: datetime | None
    ends_at: datetime | None
    is_valid: bool
    is_withdrawn: bool
    failures: Failures
    poor_inputs: tuple[str, ...]
    idleness: Idleness | None
    database_replaced_at: datetime | None = None


async def read_facts(
    session: AsyncSession,
    *,
    idleness: Idleness | None,
    database_replaced_at: datetime | None,
    now: datetime,
) -> Facts:
    """Read the facts in the caller's transaction; ``idleness`` changes once a day only."""
    run = await plans.latest_run(session)
    present = await session.get(CurrentSlot, slot_floor(now))
    is_valid = run is not None and present is not None and present.valid_until > now
    return Facts(
        now=now,
        run_id=run.id if run else None,
        planned_at=run.planned_at if run else None,
        ends_at=run.horizon_end if run else None,
        is_valid=is_valid,
        is_withdrawn=present is not None and present.valid_until <= present.slot_start,
        failures=await _failures(session, after_id=run.id if run else 0),
        poor_inputs=_poor(run.input_status or []) if run else (),
        idleness=idleness,
        database_replaced_at=database_replaced_at,
    )


async def _failures(session: AsyncSession, *, after_id: int) -> Failures:
    rule = (PlanRun.id > after_id, PlanRun.status.in_(FAILED))
    found = await session.execute(
        select(func.count(), func.min(PlanRun.planned_at), func.max(PlanRun.id)).where(*rule)
    )
    count, since, last_id = found.one()
    if not count:
        return Failures()
    error = await session.scalar(select(PlanRun.error).where(PlanRun.id == last_id))
    return Failures(count, since, error or "")


def _poor(inputs: list[dict[str, Any]]) -> tuple[str, ...]:
    poor = {Quality.ESTIMATED.value, Quality.MISSING.value}
    return tuple(
        each["name"]
        for each in inputs
        if each["quality"] in poor and each["name"] != AFTER_THE_HORIZON
    )


async def read_idleness(
    session: AsyncSession, settings: Settings, *, now: datetime
) -> Idleness | None:
    """Look at the whole local days before this one, each slot as it was planned last."""
    today = local_day(now, settings.zone)
    days = [today - timedelta(days=back) for back in range(settings.alerts.idle_days, 0, -1)]
    start, end = (local_midnight(day, settings.zone) for day in (days[0], today))
    last = (
        select(HistorySlot.slot_start, func.max(HistorySlot.plan_run_id).label("run_id"))
        .where(HistorySlot.slot_start >= start, HistorySlot.slot_start < end)
        .group_by(HistorySlot.slot_start)
        .subquery()
    )
    rows = await session.execute(
        select(
            HistorySlot.slot_start,
            HistorySlot.import_price_per_kwh,
            HistorySlot.charge_kw + HistorySlot.discharge_kw,
            HistorySlot.is_manual,
        )
        .join(
            last,
            (HistorySlot.slot_start == last.c.slot_start)
            & (HistorySlot.plan_run_id == last.c.run_id),
        )
        .order_by(HistorySlot.slot_start)
    )
    return idleness_of([Past(*row) for row in rows], days, settings)
