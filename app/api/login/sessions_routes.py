"""REST: who is logged in, and the end of one session or of all."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, BaseModel, Field

from app.api.http.parameters import Responses
from app.api.web.dependencies import ServicesDep
from app.core.errors import DarkstarError
from app.service.schemas.plan import ProblemOut
from app.service.services import Services

router = APIRouter(tags=["access"])
NONE: Responses = {404: {"model": ProblemOut, "description": "no session of that id"}}
Name = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="as GET /api/sessions lists it")]


class NoSuchSessionError(DarkstarError):
    """There is no session of that id, or it has ended."""

    status = 404
    code = "no_such_session"


class SessionOut(BaseModel):
    """One login: when and from where; ``current`` is the one that asks."""

    id: str = Field(examples=["1f0c9a2b"])
    started_at: AwareDatetime
    address: str = Field(examples=["192.0.2.20"])
    browser: str = Field(description="as it calls itself", examples=["Mozilla/5.0"])
    current: bool


class SessionsOut(BaseModel):
    """Every session that has not ended, the newest first."""

    sessions: list[SessionOut]


async def _open(request: Request, deps: Services) -> SessionsOut:
    mine = await deps.gate.session_of(request.state.asked)
    return SessionsOut(
        sessions=[
            SessionOut(
                id=each.id,
                started_at=each.started_at,
                address=each.address,
                browser=each.browser,
                current=mine is not None and each.id == mine.id,
            )
            for each in await deps.gate.open_sessions()
        ]
    )


@router.get("/api/sessions", operation_id="listSessions")
async def listed(request: Request, deps: ServicesDep) -> SessionsOut:
    """Return who is logged in; needs the token or a session even where reading is open."""
    return await _open(request, deps)


@router.delete("/api/sessions", operation_id="endSessions")
async def end_all(request: Request, deps: ServicesDep) -> SessionsOut:
    """End every session, also the one that asks; the API token stays."""
    await deps.gate.end_sessions()
    return await _open(request, deps)


@router.delete("/api/sessions/{session_id}", operation_id="endSession", responses=NONE)
async def end_one(session_id: Name, request: Request, deps: ServicesDep) -> SessionsOut:
    """End one session; its browser has to log in again."""
    if not await deps.gate.end_session(session_id):
        raise NoSuchSessionError(f"there is no session {session_id}; GET /api/sessions lists them")
    return await _open(request, deps)
