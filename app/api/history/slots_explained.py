"""Why slots are as they are, for the pages that open some of them: by address, few at a time."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Query

from app.api.history.run_desk import explain
from app.api.http.instants import UtcInstant
from app.api.web.why_view import WhyView, gone_view, why_view
from app.core import clock
from app.core.clock import slot_floor
from app.core.errors import DarkstarError
from app.service.services import Services

# Each open explanation reads its run: more than these stay closed when the page comes again.
MOST_OPEN = 8
# Two local days, the longer one of a clock change among them: all that a plan can show.
MOST_ASKED = 200
Slots = Annotated[list[UtcInstant], Query(default_factory=list, max_length=MOST_ASKED)]


async def why_of(deps: Services, at: UtcInstant, run_id: int | None = None) -> WhyView:
    """Explain the slot at an instant, in force or of a run, or say why that cannot be done."""
    zone = deps.job.settings.zone
    try:
        found = await explain(deps, at, run_id)
    except DarkstarError as error:
        return gone_view(slot_floor(at), str(error), zone)
    return await asyncio.to_thread(why_view, found, clock.now(), zone)


async def opened(
    deps: Services, wanted: list[UtcInstant], run_id: int | None = None
) -> dict[datetime, WhyView]:
    """Return the explanations that an address wants open, the last of them where too many."""
    starts = list(dict.fromkeys(slot_floor(at) for at in wanted))[-MOST_OPEN:]
    return {start: await why_of(deps, start, run_id) for start in starts}
