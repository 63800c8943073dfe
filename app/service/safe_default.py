"""What to do when no plan may be followed: the home's own sun only, and why that is so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.alerts.conditions import TITLES, Code
from app.db.alerts import Alert
from app.service.replies import slot_at
from app.service.schemas.plan import ScheduleOut, SlotOut
from app.wording.i18n import marked

WHAT_IT_MEANS = marked(
    "The battery stores the home's own sun and serves the home; nothing is bought for it and "
    "nothing is sold from it until a new plan is in force."
)


@dataclass(frozen=True, slots=True)
class SafeDefault:
    """Why the plan is not followed: a stable reason, and the words for it."""

    reason: str
    text: str


def valid_slot(plan: ScheduleOut | None, instant: datetime) -> SlotOut | None:
    """Return the slot that holds an instant, if it may be acted on."""
    slot = slot_at(plan, instant)
    return slot if slot is not None and instant < slot.valid_until else None


def safe_default(
    plan: ScheduleOut | None, withdrawing: Sequence[Alert], now: datetime
) -> SafeDefault | None:
    """Return why the safe default is in force, None while a plan is."""
    if valid_slot(plan, now) is not None:
        return None
    if plan is None:
        return SafeDefault("no_plan", "no plan has been made yet")
    if slot_at(plan, now) is None:
        return SafeDefault(Code.PLAN_EXPIRED.value, "the plan in force has come to its end")
    if withdrawing:
        code, message = withdrawing[0].code, withdrawing[0].message
        return SafeDefault(code, f"{TITLES[Code(code)][0].lower()}: {message}")
    return SafeDefault("plan_withdrawn", "the plan in force was withdrawn")


def withdrawn(plan: ScheduleOut, now: datetime) -> ScheduleOut:
    """Return the plan as one whose slots from the present one on must not be acted on."""
    slots = [
        slot.model_copy(update={"valid_until": slot.slot_start}) if slot.slot_end > now else slot
        for slot in plan.schedule
    ]
    return plan.model_copy(update={"schedule": slots})
