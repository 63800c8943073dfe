"""What the chart draws: the plan in the page's language, what was measured and estimated."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.api.today.plan_shown import local_plan, local_shown, server_shown
from app.api.web.dependencies import ServicesDep
from app.api.web.plan_blocks import action, why
from app.core import clock
from app.core.clock import iso_utc, local_day, local_midnight, slot_floor
from app.core.errors import DatabaseUnavailableError
from app.core.frames import SLOT, SLOT_HOURS
from app.db import observed, plans
from app.db.connection.engine import session_scope
from app.plans.stored_inputs import NotReplayableError, inputs_of
from app.service.schemas.plan import ScheduleOut, SlotOut
from app.service.services import Services

router = APIRouter()
_PLANNED = (
    *("charge_kw", "discharge_kw", "export_kw", "water_kw", "import_price_per_kwh"),
    *("export_price_per_kwh", "soc_target", "soc_projected", "is_manual"),
)


@router.get("/ui/chart")
async def chart(
    deps: ServicesDep, which: Annotated[Literal["server", "local"], Query(alias="plan")] = "server"
) -> JSONResponse:
    """Return the plan by slot, the recorded slots of today and the prices after the horizon.

    ``?plan=local`` is the plan in this service's own file instead of the one in the database.
    """
    plan, status = await deps.overview()
    shown = server_shown(status)
    if which == "local":
        local = await asyncio.to_thread(local_plan, deps.job.settings)
        plan, shown = local.plan, local_shown(local, status)
    if plan is None:
        return JSONResponse({"shown": shown, "slots": [], "actual": [], "estimated": []})
    actual, after = await _beside(deps, plan, clock.now())
    document = await asyncio.to_thread(_document, plan, actual, after)
    return JSONResponse({"shown": shown, **document})


async def _beside(
    deps: Services, plan: ScheduleOut, now: datetime
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Return the recorded slots of today and the look-ahead of the run; None where unknown."""
    zone = deps.job.settings.zone
    start = min(local_midnight(local_day(now, zone), zone), plan.schedule[0].slot_start)
    try:
        async with session_scope(deps.job.sources.sessions) as session:
            recorded = await observed.load(session, start=start, end=slot_floor(now) + SLOT)
            run = await plans.run_by_id(session, plan.meta.plan_run_id)
        after = None if run is None else (await asyncio.to_thread(inputs_of, run)).ctx.lookahead
    except DatabaseUnavailableError:
        # The plan is the one this process holds; the page's banner says that the database is away.
        return None, None
    except NotReplayableError:
        return recorded, None
    return recorded, after


def _document(
    plan: ScheduleOut, recorded: pl.DataFrame | None, after: pl.DataFrame | None
) -> dict[str, Any]:
    end = plan.schedule[-1].slot_end
    return {
        "currency": plan.meta.currency,
        "slots": [_slot(each) for each in plan.schedule],
        "actual": [] if recorded is None else [_measured(row) for row in recorded.to_dicts()],
        "estimated": [] if after is None else list(_estimated(after, end)),
    }


def _slot(slot: SlotOut) -> dict[str, Any]:
    planned = {name: getattr(slot, name) for name in _PLANNED}
    return _times(slot.slot_start) | {
        **{name: _short(value) for name, value in planned.items()},
        "pv_kw": _short(slot.planned_pv_kwh / SLOT_HOURS),
        "load_kw": _short(slot.planned_load_kwh / SLOT_HOURS),
        "action": action(slot),
        "why": why(slot),
    }


def _measured(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one recorded slot; what nobody measured is left out."""
    known = {
        "soc_percent": row["soc_percent"],
        "pv_kw": None if row["pv_kwh"] is None else row["pv_kwh"] / SLOT_HOURS,
        "load_kw": None if row["load_kwh"] is None else row["load_kwh"] / SLOT_HOURS,
    }
    return _times(row["slot_start"]) | {
        name: _short(value) for name, value in known.items() if value is not None
    }


def _estimated(after: pl.DataFrame, end: datetime) -> Iterable[dict[str, Any]]:
    """Return the mean of the days that the look-ahead holds, slot by slot after the horizon."""
    names = ["import_price_per_kwh", "export_price_per_kwh"]
    means = after.group_by("slot_start").agg(pl.col(names).mean()).sort("slot_start")
    for row in means.iter_rows(named=True):
        if row["slot_start"] >= end:
            yield _times(row["slot_start"]) | {name: _short(row[name]) for name in names}


def _times(start: datetime) -> dict[str, str]:
    return {"slot_start": iso_utc(start), "slot_end": iso_utc(start + SLOT)}


def _short(value: float) -> float:
    """Round to what a chart can show: 200 slots at full precision are twice the transfer."""
    return value if isinstance(value, bool) else round(value, 3)
