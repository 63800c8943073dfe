"""When something is wrong, how bad it is, and how long it must last before it is worth a word."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.alerts.facts import Facts
from app.core.clock import iso_utc
from app.settings import Settings
from app.wording import words

# A restart plans within seconds: an expired plan that lasts longer is a real one.
EXPIRED_FOR = timedelta(minutes=1)
# An event, not a state: it shows for as long as a household may need to see it.
REPLACED_FOR = timedelta(days=1)


class Code(StrEnum):
    """The conditions, by their stable names."""

    PLAN_EXPIRED = "plan_expired"
    PLANNER_FAILING = "planner_failing"
    DATABASE_AWAY = "database_away"
    DEGRADED_INPUTS = "degraded_inputs"
    IDLE_PLAN = "idle_plan"
    DATABASE_REPLACED = "database_replaced"


class Severity(StrEnum):
    """Critical messages pass quiet hours."""

    CRITICAL = "critical"
    WARNING = "warning"


TITLES = {
    Code.PLAN_EXPIRED: ("No valid plan", "A plan is in force again"),
    Code.PLANNER_FAILING: ("Planning fails", "Planning works again"),
    Code.DATABASE_AWAY: ("The database is away", "The database is back"),
    Code.DEGRADED_INPUTS: ("The plan rests on estimates", "Every input is known again"),
    Code.IDLE_PLAN: ("The battery has nothing to do", "The battery works again"),
    Code.DATABASE_REPLACED: ("The database file was exchanged", "The database file has stayed"),
}
"""What people read: while it lasts, and when it is over. ASCII: they travel in headers."""

SEVERITIES = {
    Code.PLAN_EXPIRED: Severity.CRITICAL,
    Code.PLANNER_FAILING: Severity.CRITICAL,
    Code.DATABASE_AWAY: Severity.CRITICAL,
    Code.DEGRADED_INPUTS: Severity.WARNING,
    Code.IDLE_PLAN: Severity.WARNING,
    Code.DATABASE_REPLACED: Severity.WARNING,
}
# One cause, one message: a condition is not raised while the other one has said it.
SAID_BY = {
    Code.PLAN_EXPIRED: Code.PLANNER_FAILING,
    Code.PLANNER_FAILING: Code.PLAN_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one condition; ``active`` is None when nothing can be said of it."""

    code: Code
    active: bool | None
    hold: timedelta
    message: str
    since: datetime | None = None


def look(facts: Facts, settings: Settings) -> tuple[Seen, ...]:
    """Return what there is to see of every condition that the database knows of."""
    return (
        _expired(facts),
        _failing(facts, settings),
        _degraded(facts, settings),
        _idle(facts, settings),
        _replaced(facts),
        Seen(Code.DATABASE_AWAY, active=False, hold=timedelta(0), message=""),
    )


def away(error: str, since: datetime, settings: Settings) -> Seen:
    """Return what there is to see while the database does not answer."""
    hold = timedelta(minutes=settings.alerts.database_away_after_minutes)
    message = f"{error}; nothing is planned or recorded until it answers"
    return Seen(Code.DATABASE_AWAY, active=True, hold=hold, message=message, since=since)


def _expired(facts: Facts) -> Seen:
    message = "nothing has been planned yet"
    if facts.planned_at and facts.ends_at:
        message = (
            f"the plan made at {iso_utc(facts.planned_at)} reached until {iso_utc(facts.ends_at)}"
        )
    if facts.failures.error:
        message += f"; the last run said: {facts.failures.error}"
    active = not facts.is_valid and not facts.is_withdrawn
    return Seen(Code.PLAN_EXPIRED, active, EXPIRED_FOR, message)


def _failing(facts: Facts, settings: Settings) -> Seen:
    failures = facts.failures
    message = f"{failures.count} runs in a row made no plan; the last said: {failures.error}"
    return Seen(
        Code.PLANNER_FAILING,
        active=failures.count >= settings.alerts.after_failures,
        hold=timedelta(minutes=settings.alerts.failing_for_minutes),
        message=message,
        since=failures.since,
    )


def _degraded(facts: Facts, settings: Settings) -> Seen:
    hold = timedelta(hours=settings.alerts.degraded_after_hours)
    # Without a plan there are no inputs to judge.
    known = facts.is_valid or facts.is_withdrawn
    names = words.listed([words.name(each) for each in facts.poor_inputs])
    message = f"estimated or missing: {names}"
    active = bool(facts.poor_inputs) if known else None
    return Seen(Code.DEGRADED_INPUTS, active, hold, message, facts.planned_at)


def _replaced(facts: Facts) -> Seen:
    at = facts.database_replaced_at
    message = (
        "the database file was deleted or replaced while the service ran; "
        "the file that is there now is used, and what is not in it is in a backup only"
    )
    active = at is not None and facts.now - at < REPLACED_FOR
    return Seen(Code.DATABASE_REPLACED, active, timedelta(0), message, at)


def _idle(facts: Facts, settings: Settings) -> Seen:
    idle = facts.idleness
    if idle is None:
        return Seen(Code.IDLE_PLAN, active=None, hold=timedelta(0), message="")
    gain = f"{idle.least_gain_per_kwh:.2f} {settings.nordpool.currency}"
    message = (
        f"in the last {idle.days} days no plan charged or discharged the battery, although a kWh "
        f"moved to a dearer hour would have gained at least {gain} on every one of them; "
        "check the battery's limits, prices and thresholds"
    )
    return Seen(Code.IDLE_PLAN, idle.is_missed, timedelta(0), message)
