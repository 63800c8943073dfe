"""The answer of ``/api/status``: the plan, what is wrong, and what the service does about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app import __version__
from app.core import clock
from app.db.alerts import Alert
from app.db.connection.engine import database_label
from app.service.replies import state_of
from app.service.safe_default import safe_default, valid_slot
from app.service.schemas.alerts import AlertOut
from app.service.schemas.plan import JobState, PlanFigures, PlanStamp, ScheduleOut, StatusOut
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the service beside its plan and its job; a fault is empty while well."""

    settings: Settings
    access: str
    alerts: Sequence[Alert]
    withdrawing: Sequence[Alert]
    own_faults: tuple[str, ...]
    database_error: str
    database_down_since: datetime | None


def status_of(facts: Facts, plan: ScheduleOut | None, job: JobState) -> StatusOut:
    """Return the status that goes with a plan and the state of the job."""
    now, settings = clock.now(), facts.settings
    meta = plan.meta if plan else None
    safe = safe_default(plan, facts.withdrawing, now)
    stamp = (
        PlanStamp(
            planned_at=meta.planned_at,
            planner_version=meta.planner_version,
            plan_run_id=meta.plan_run_id,
        )
        if meta
        else None
    )
    return StatusOut(
        state=state_of(plan, job, now, is_safe=safe is not None),
        safe_default=safe is not None,
        safe_default_reason=safe.reason if safe else "",
        safe_default_text=safe.text if safe else "",
        version=__version__,
        now=now,
        timezone=settings.timezone,
        currency=settings.nordpool.currency,
        demo_home=settings.is_demo,
        demo_ended_by=settings.demo_ended_by,
        access=facts.access,
        database=database_label(settings),
        database_ok=not facts.database_error,
        database_error=facts.database_error,
        database_down_since=facts.database_down_since,
        local_plan=stamp,
        server_plan=None if facts.database_error else stamp,
        # The clock may have been set back since: the plan is not of the future.
        plan_age_seconds=max(0.0, (now - meta.planned_at).total_seconds()) if meta else None,
        job=job,
        figures=PlanFigures.model_validate(meta) if meta else None,
        current=valid_slot(plan, now),
        warnings=[*(meta.warnings if meta else []), *filter(None, facts.own_faults)],
        inputs=meta.inputs if meta else [],
        alerts=[AlertOut.of(row) for row in facts.alerts],
    )
