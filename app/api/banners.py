"""The messages above the page: what is wrong, since when, and what happens meanwhile."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.api import words
from app.api.schemas import ScheduleOut, StatusOut
from app.provenance import Quality


@dataclass(frozen=True, slots=True)
class Banner:
    """A message above the page: its kind (sample, warn, error), title and sentence."""

    kind: str
    title: str
    text: str


def banners(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> tuple[Banner, ...]:
    """Return every message that applies: errors, what is not real, what is limited."""
    found = [
        _database(plan, status, zone),
        _planning(plan, status, zone),
        _sample(status),
        _stale(plan, status, zone),
        _limits(status),
    ]
    return tuple(banner for banner in found if banner)


def _meanwhile(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> str:
    if plan is None or status.current is None:
        return "There is no plan yet, so nothing is steered."
    made = words.when(plan.meta.planned_at, status.now, zone)
    return f"The plan made at {made} stays in force."


def _database(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    if status.database_ok:
        return None
    since = ""
    if status.database_down_since:
        since = f", since {words.when(status.database_down_since, status.now, zone)}"
    fault = words.sentence(status.database_error.removeprefix("the database failed: "))
    text = (
        f"{status.database}{since}: {fault} "
        f"{_meanwhile(plan, status, zone)} Darkstar tries again every few seconds."
    )
    return Banner("error", "Database away", text)


def _planning(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    job = status.job
    # A run that failed for the database is told with the database.
    if not job.last_error or not status.database_ok:
        return None
    at = f" at {words.when(job.last_finished_at, status.now, zone)}" if job.last_finished_at else ""
    again = ""
    if job.next_run_at:
        again = f" Next try {words.coming(job.next_run_at, status.now, zone)}."
    text = f"{words.sentence(job.last_error)} {_meanwhile(plan, status, zone)}{again}"
    return Banner("error", f"Planning failed{at}", text)


def _stale(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    if plan is None or status.state != "stale":
        return None
    age = words.ago(status.now - plan.meta.planned_at)
    again = "No run is scheduled; press Run planner."
    if status.job.next_run_at:
        again = f"The next run is due {words.coming(status.job.next_run_at, status.now, zone)}."
    return Banner("warn", "The plan is old", f"It was made {age}. {again}")


def _limits(status: StatusOut) -> Banner | None:
    if not status.warnings:
        return None
    text = " ".join(words.sentence(warning) for warning in status.warnings)
    return Banner("warn", "Plan with limits", text)


def _sample(status: StatusOut) -> Banner | None:
    sample = [words.name(each.name) for each in status.inputs if each.quality == Quality.SAMPLE]
    live = [words.name(each.name) for each in status.inputs if each.quality == Quality.LIVE]
    if not sample:
        return None
    real = f"Live: {words.listed(live)}." if live else "Nothing live could be reached."
    text = (
        f"Recorded sample data stands in for {words.listed(sample)}. {real} "
        "Connect your home in config.yaml."
    )
    return Banner("sample", "Sample data", text)
