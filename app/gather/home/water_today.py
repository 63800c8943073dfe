"""The heater's energy since local midnight, when the daily sensor does not say.

Quarter by quarter: what the recorder measured, else what the plan in force had. The count begins
anew at the home's midnight, on the long and short days of the clock change too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.core.clock import local_day, local_midnight, slot_floor
from app.core.frames import SLOT, SLOT_HOURS
from app.core.slot_quality import BEST_FIRST, ESTIMATED, GAP
from app.db import observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources

# The recorder writes a slot a few minutes after its end; the newest two may not be there yet.
NOT_YET_RECORDED = timedelta(minutes=30)


class HeaterSlot(Protocol):
    """What is asked of a slot of the plan in force."""

    @property
    def slot_start(self) -> datetime: ...  # noqa: D102
    @property
    def water_kw(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class WaterToday:
    """Energy since midnight, and of how many finished quarters a meter says so.

    ``is_measured``: every quarter but the newest two is from a meter.
    """

    used_kwh: float
    quarters: int
    measured: int
    is_measured: bool

    @property
    def words(self) -> str:
        """Say where the number is from."""
        if not self.measured:
            return "counted from the heater slots of the plan"
        if self.is_measured:
            return "counted by the own recorder"
        return f"{self.measured} of {self.quarters} quarters measured, the others as planned"


async def water_today(sources: Sources, plan: Sequence[HeaterSlot], *, now: datetime) -> WaterToday:
    """Count the heater's energy of the quarters that are over since local midnight."""
    zone = sources.settings.zone
    begin, end = local_midnight(local_day(now, zone), zone), slot_floor(now)
    known: dict[datetime, tuple[float, str]] = {}
    if begin < end:
        async with session_scope(sources.sessions) as session:
            found = await observed.quantity(
                session,
                "water_kwh",
                start=begin,
                end=end,
                known_as=[quality for quality in BEST_FIRST if quality != GAP],
            )
        known = {slot: (value, quality) for slot, value, quality in found.iter_rows()}
    planned = {slot.slot_start: slot.water_kw * SLOT_HOURS for slot in plan}
    slots = [begin + SLOT * i for i in range(round((end - begin) / SLOT))]
    used_kwh = sum(known.get(slot, (planned.get(slot, 0.0), ""))[0] for slot in slots)
    measured = {slot for slot, (_, quality) in known.items() if quality != ESTIMATED}
    settled = {slot for slot in slots if slot + SLOT <= now - NOT_YET_RECORDED}
    return WaterToday(
        used_kwh=used_kwh,
        quarters=len(slots),
        measured=len(measured),
        is_measured=bool(measured) and settled <= measured,
    )
