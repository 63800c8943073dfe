"""One manual action as asked for, and whether it can be kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.clock import iso_utc, slot_floor
from app.core.errors import DarkstarError, Problem
from app.core.frames import SLOT

ACTIONS: Final = ("charge", "water", "hold", "export")
FARTHEST = timedelta(days=14)
"""Prices are known two days ahead; an action farther off than this is a slip of the finger."""


class ManualActionError(DarkstarError):
    """A manual action cannot be kept as it is; the message says why and how it can."""

    status = 422
    code = "manual_action_invalid"

    def __init__(self, *problems: Problem) -> None:
        """Name every field that is wrong."""
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Wish:
    """One manual action as asked for; instants are aware, the power is in kW."""

    action: str
    start_at: datetime
    end_at: datetime
    target_soc_percent: float | None = None
    power_kw: float | None = None
    note: str = ""
    expires_at: datetime | None = None


def check(
    wish: Wish, *, now: datetime, horizon_end: datetime | None, begun: bool = False
) -> list[str]:
    """Return notices about a wish that can be kept; raises ``ManualActionError`` otherwise."""
    problems = [*_wrong_times(wish, now), *_wrong_values(wish)]
    if problems:
        raise ManualActionError(*problems)
    notices = []
    if wish.start_at < slot_floor(now) and not begun:
        notices.append(
            f"{iso_utc(wish.start_at)} has passed: the action counts from {iso_utc(now)} on"
        )
    if horizon_end is not None and wish.end_at > horizon_end:
        part = "is" if wish.start_at >= horizon_end else "is in part"
        notices.append(
            f"{wish.action} from {iso_utc(wish.start_at)} {part} beyond the known prices, which "
            f"end at {iso_utc(horizon_end)}; it is kept and planned once they are out"
        )
    return notices


def _wrong_times(wish: Wish, now: datetime) -> list[Problem]:
    problems = []
    for name, instant in (("start_at", wish.start_at), ("end_at", wish.end_at)):
        edge = slot_floor(instant)
        if edge != instant:
            reason = f"not on a quarter of an hour; write {iso_utc(edge)} or {iso_utc(edge + SLOT)}"
            problems.append(Problem(name, instant.isoformat(), reason))
    if wish.end_at <= wish.start_at:
        reason = f"must be after start_at {iso_utc(wish.start_at)}"
        problems.append(Problem("end_at", iso_utc(wish.end_at), reason))
    elif wish.end_at <= now:
        reason = "lies in the past; nothing can be done there any more"
        problems.append(Problem("end_at", iso_utc(wish.end_at), reason))
    if wish.end_at > now + FARTHEST:
        reason = f"more than {FARTHEST.days} days ahead"
        problems.append(Problem("end_at", iso_utc(wish.end_at), reason))
    if wish.expires_at is not None and wish.expires_at <= now:
        reason = "has passed; leave it out, or write a later time"
        problems.append(Problem("expires_at", iso_utc(wish.expires_at), reason))
    return problems


def _wrong_values(wish: Wish) -> list[Problem]:
    if wish.action not in ACTIONS:
        return [Problem("action", wish.action, f"write one of {', '.join(ACTIONS)}")]
    given = {"target_soc_percent": wish.target_soc_percent, "power_kw": wish.power_kw}
    return [
        Problem(name, f"{value:g}", f"{wish.action} takes none; leave it out")
        for name, value in given.items()
        if value is not None and wish.action in {"water", "hold"}
    ]
