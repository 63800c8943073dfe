"""REST: what changes, as it changes (server-sent events)."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AwareDatetime, ConfigDict

from app.api.web.dependencies import ServicesDep
from app.core import clock
from app.service.schemas.plan import Out

router = APIRouter(tags=["events"])
NAMES: Final = ("plan", "prices", "state", "alert")
_EXAMPLE: Final[dict[str, Any]] = {"event": "plan", "at": "2026-11-23T02:16:04Z"}


class EventOut(Out):
    """What has changed: ask for it again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    event: Literal["plan", "prices", "state", "alert"]
    at: AwareDatetime


async def seat(deps: ServicesDep) -> AsyncIterator[None]:
    """Hold one of the streams there may be, until this one is closed."""
    with deps.events.seat():
        yield


SeatDep = Annotated[None, Depends(seat)]


@router.get(
    "/api/events",
    operation_id="streamEvents",
    response_class=EventSourceResponse,
    responses={200: {"description": "a stream without end; a comment every 15 s keeps it open"}},
)
async def events(deps: ServicesDep, _seat: SeatDep) -> AsyncIterable[ServerSentEvent]:
    """Stream what changes: `plan`, `prices`, `state` (runs, database), `alert` (no plan was made).

    Each event says only that something changed, as `EventOut`: read it from its own route. After a
    break read again, as events meanwhile were missed. At most 100 streams may be open.
    """
    async for name in deps.events.subscribe():
        if name in NAMES:
            told = EventOut.model_validate({"event": name, "at": clock.now()})
            yield ServerSentEvent(event=name, data=told)
