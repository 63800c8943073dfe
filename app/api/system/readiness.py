"""Whether the service can do its work: not the same as being alive, nor as a fresh plan."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.api.http import problems
from app.api.web.dependencies import ServicesDep
from app.service.schemas.alerts import PartOut, ReadyOut
from app.service.schemas.plan import StatusOut
from app.service.services import Services

router = APIRouter(tags=["service"])
MaxAge = Annotated[
    float | None,
    Query(ge=0, le=31_536_000, description="not ready either while the plan is older, seconds"),
]


@router.get("/ready", operation_id="ready", response_model=ReadyOut)
async def ready(deps: ServicesDep, max_plan_age_seconds: MaxAge = None) -> ReadyOut | JSONResponse:
    """Answer 200 when the database is migrated, scheduler and planner run, and a plan is in force.

    Otherwise 503, with one entry of ``errors`` for each part that is missing. ``/health`` says
    whether the process is alive: restart it for that, never for this.
    """
    _, status = await deps.overview()
    parts = parts_of(deps, status, max_plan_age_seconds)
    missing = [part for part in parts if not part.ok]
    if not missing:
        return ReadyOut(ready=True, parts=parts, plan_age_seconds=status.plan_age_seconds)
    return problems.answer(
        503,
        "; ".join(f"{part.name}: {part.detail}" for part in missing),
        code="not_ready",
        errors=[{"field": part.name, "message": part.detail} for part in missing],
    )


def parts_of(
    services: Services, status: StatusOut, max_plan_age_seconds: float | None
) -> list[PartOut]:
    """Return every part with what is to be said of it."""
    log = services.job.log
    database_ok = log.migrated and status.database_ok
    # Open to everyone, so it names no host: /api/status does.
    fault = "does not answer" if status.database_error else "the tables are not made yet"
    database = PartOut(name="database", ok=database_ok, detail="migrated" if database_ok else fault)
    runs = services.scheduler.running and not services.stopping
    scheduler = PartOut(name="scheduler", ok=runs, detail="running" if runs else "stopped")
    in_force, reason = not status.safe_default, status.safe_default_reason
    run = status.local_plan.plan_run_id if status.local_plan else None
    plan = PartOut(
        name="plan",
        ok=in_force,
        detail=f"run {run} is in force" if in_force else f"none in force: {reason}",
    )
    fault = services.job.planner.fault
    planner = PartOut(name="planner", ok=not fault, detail=fault or "at hand")
    parts = [database, scheduler, planner, plan]
    if max_plan_age_seconds is not None:
        parts.append(_age(status.plan_age_seconds, max_plan_age_seconds))
    return parts


def _age(age_seconds: float | None, most_seconds: float) -> PartOut:
    detail = "there is no plan" if age_seconds is None else f"made {age_seconds:.0f} s ago"
    ok = age_seconds is not None and age_seconds <= most_seconds
    return PartOut(name="plan_age", ok=ok, detail=f"{detail}, at most {most_seconds:.0f} s wanted")
