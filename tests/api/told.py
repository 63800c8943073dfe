"""A service's state as answers and pages are built from it, for tests that make up a plan."""

from datetime import datetime

from app.service.schemas import examples
from app.service.schemas.plan import JobState, SlotOut, StatusOut


def status_at(
    now: datetime, *, current: SlotOut | None = None, plan_age_seconds: float | None = 27.0
) -> StatusOut:
    """Return the state of a service in Stockholm whose plan, if any, is in force."""
    return StatusOut(
        state="ok",
        version="0",
        now=now,
        timezone="Europe/Stockholm",
        currency="SEK",
        demo_home=False,
        access="off",
        database="SQLite",
        database_ok=True,
        safe_default=False,
        safe_default_text="for a reason",
        local_plan=None,
        server_plan=None,
        plan_age_seconds=plan_age_seconds,
        job=JobState.model_validate(examples.JOB),
        current=current,
    )
