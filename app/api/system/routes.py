"""REST: the sensor doctor, and everything a bug report needs."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from app.api.system import diagnostics
from app.api.system.desk import DeskDep
from app.api.system.diagnostics import Facts
from app.api.system.doctor_schemas import DoctorOut
from app.api.web.dependencies import ServicesDep

router = APIRouter()


async def known_facts(deps: ServicesDep, desk: DeskDep) -> Facts:
    """Return what is known of the service now; asks Home Assistant nothing."""
    plan, status = await deps.overview()
    return Facts(
        settings=deps.job.settings,
        plan=plan,
        status=status,
        started_at=desk.started_at,
        jobs=desk.trail.traces(),
        # The status has just asked: asking again would cost the database's whole patience.
        size=await desk.database_size() if status.database_ok else None,
        database_up_since=deps.database_up_since,
        report=desk.doctor.last,
        log=desk.log.lines(),
    )


FactsDep = Annotated[Facts, Depends(known_facts)]


@router.get("/api/doctor", tags=["service"], operation_id="getDoctor")
async def get_doctor(desk: DeskDep) -> DoctorOut:
    """Examine the last 24 hours of every mapped Home Assistant entity; takes some seconds."""
    return DoctorOut.model_validate(await desk.doctor.report())


@router.get(
    "/api/diagnostics",
    tags=["service"],
    operation_id="getDiagnostics",
    response_class=PlainTextResponse,
    responses={
        200: {
            "description": "plain text",
            "content": {"text/plain": {"example": "Darkstar diagnostics, 2026-11-23T14:07:13Z\n…"}},
        }
    },
)
async def get_diagnostics(facts: FactsDep, desk: DeskDep) -> PlainTextResponse:
    """Return versions, state, jobs, settings and log as one text, secrets masked."""
    return PlainTextResponse(await asyncio.to_thread(diagnostics.block, facts, desk.mask))
