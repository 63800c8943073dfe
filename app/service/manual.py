"""Manual actions as handlers use them: one transaction a change, then a new plan soon."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from app import __version__
from app.core import clock
from app.core.clock import iso_utc
from app.core.errors import NoPlanYetError
from app.core.frames import SLOT
from app.db import manual_actions as store
from app.db import plans
from app.db.connection.engine import session_scope
from app.db.run_changes import COMPARED_POWERS, NOTICEABLE_KW
from app.db.tables.models import ManualAction
from app.gather.home.state import home_now
from app.gather.manual_slots import manual_frame
from app.manual.actions import Desk
from app.manual.preview import Preview, preview
from app.manual.wish import Wish, check
from app.plans.stored_inputs import planned_with
from app.service.schemas.manual import PreviewOut
from app.service.schemas.plan import SlotOut
from app.service.services import Services


@asynccontextmanager
async def desk(services: Services, made_from: str) -> AsyncIterator[Desk]:
    """Give a desk inside one transaction; when it is done, plan and tell the pages."""
    plan = await services.plan()
    end = plan.schedule[-1].slot_end if plan and plan.schedule else None
    async with session_scope(services.job.sources.sessions, writes=True) as session:
        yield Desk(session, clock.now(), made_from, end)
    services.events.publish("manual")
    services.replan_soon("manual")


async def actions_in_force(services: Services) -> Sequence[ManualAction]:
    """Return the actions that still have slots ahead."""
    async with session_scope(services.job.sources.sessions) as session:
        return await store.active(session, at=clock.now())


async def simulate(
    services: Services, wishes: Sequence[Wish], *, beside_present: bool
) -> PreviewOut:
    """Plan with the wishes and without; writes nothing."""
    now = clock.now()
    sources = services.job.sources
    async with session_scope(sources.sessions) as session:
        latest = await plans.latest_run(session)
        run = None if latest is None else await plans.run_by_id(session, latest.id)
        present = await store.active(session, at=now)
        current = await plans.current(session)
    if run is None:
        raise NoPlanYetError("nothing has been planned yet; POST /api/run_planner plans now")
    notices = []
    for wish in wishes:
        notices += check(wish, now=now, horizon_end=run.horizon_end)
    home = await home_now(sources, current, now=now, remember=False)
    stored = await asyncio.to_thread(planned_with, run)
    kept = present if beside_present else []
    made = await services.job.planner.ask(
        preview,
        stored.slots,
        replace(stored.ctx, home=home.state, discharge_allowed=home.soc_known),
        now=now,
        # Where two cover a slot, the one asked for now is what is previewed.
        wished=manual_frame([*kept, *wishes]),
        present=manual_frame(present),
    )
    return await asyncio.to_thread(
        _reply, made, run.currency, notices, _conflicts(kept, wishes), run.id
    )


def _conflicts(present: Sequence[ManualAction], wishes: Sequence[Wish]) -> list[str]:
    """Name every pair of actions that cover the same slots."""
    found = [
        f"{wish.action} from {iso_utc(wish.start_at)} overlaps action {other.id} ({other.action} "
        f"from {iso_utc(other.start_at)} to {iso_utc(other.end_at)})"
        for wish in wishes
        for other in present
        if other.start_at < wish.end_at and wish.start_at < other.end_at
    ]
    found += [
        f"{one.action} from {iso_utc(one.start_at)} overlaps {two.action} from "
        f"{iso_utc(two.start_at)} in this very request"
        for index, one in enumerate(wishes)
        for two in wishes[index + 1 :]
        if one.start_at < two.end_at and two.start_at < one.end_at
    ]
    return found


def _reply(
    made: Preview, currency: str, notices: list[str], conflicts: list[str], run_id: int
) -> PreviewOut:
    return PreviewOut(
        currency=currency,
        cost=made.cost,
        cost_without=made.cost_without,
        cost_difference=made.cost_difference,
        soc_difference_percent=made.soc_difference_percent,
        changed_slots=_changed_slots(made),
        warnings=list(made.warnings),
        notices=notices,
        conflicts=conflicts,
        schedule=slots_out(made, run_id),
    )


def _changed_slots(made: Preview) -> int:
    """Return how many slots the history would call changed (``run_changes``)."""
    names = ("classification", "is_manual", *COMPARED_POWERS)
    one, two = made.without.select(names), made.schedule.select(names)
    return sum(
        before[:2] != after[:2]
        or any(
            abs(kw - other) >= NOTICEABLE_KW
            for kw, other in zip(before[2:], after[2:], strict=True)
        )
        for before, after in zip(one.iter_rows(), two.iter_rows(), strict=True)
    )


def slots_out(made: Preview, run_id: int) -> list[SlotOut]:
    """Return the previewed schedule as slots, numbered within the preview."""
    rows = made.schedule.to_dicts()
    return [
        SlotOut.model_validate(
            {
                **row,
                "slot_number": number,
                "reason_params": json.loads(row["reason_params"]),
                "valid_until": row["slot_start"] + SLOT,
                "planner_version": __version__,
                "plan_run_id": run_id,
            }
        )
        for number, row in enumerate(rows, start=1)
    ]
