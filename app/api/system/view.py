"""The system page: jobs, database and log, formatted for people in the home's time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.api.system.diagnostics import Facts
from app.core.log_tail import LogLine
from app.db.connection.size import DatabaseSize
from app.service.job_trail import JobTrace
from app.service.schemas.plan import JobState
from app.wording import i18n, words
from app.wording.i18n import _, marked

SHOWN_LINES: Final = 60
_JOBS: Final = {
    "plan": marked("Plan"),
    "prices": marked("Look for new prices"),
    "prepare": marked("Prepare the database"),
    "look": marked("Look for other services' plans"),
    "planner": marked("Keep the planner ready"),
    "retention": marked("Forget what is old"),
    "scores": marked("Score the forecasts"),
    "record": marked("Record what happened"),
    "alerts": marked("Watch for faults"),
}
# Outcomes of the planning job and of the scheduler: words, and the colour of their chip.
_OUTCOMES: Final = {
    "ok": (marked("done"), "good"),
    "done": (marked("done"), "good"),
    "degraded": (marked("done, with limits"), "warn"),
    "held": (marked("last plan kept"), "warn"),
    "stood_down": (marked("left to another service"), ""),
    "missed": (marked("missed"), "warn"),
    "failed": (marked("failed"), "bad"),
    "none": (marked("not yet"), ""),
}
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class JobView:
    """One job of the scheduler."""

    name: str
    outcome: str
    colour: str
    last: str
    coming: str
    problem: str


@dataclass(frozen=True, slots=True)
class TableView:
    """One table of the database."""

    name: str
    rows: str
    size: str


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """The database: ``facts`` are (label, text)."""

    ok: bool
    state: str
    problem: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[TableView, ...]
    has_sizes: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the log."""

    time: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class SystemView:
    """Everything ``_system.html`` may use beside the page's own view."""

    service: tuple[tuple[str, str], ...]
    jobs: tuple[JobView, ...]
    database: DatabaseView
    log: tuple[LineView, ...]


def system_view(facts: Facts) -> SystemView:
    """Build the view of what changes by itself."""
    now, zone = facts.status.now, ZoneInfo(facts.status.timezone)
    lines = reversed(facts.log[-SHOWN_LINES:])
    return SystemView(
        service=(
            (_("Version"), facts.status.version),
            (_("Running since"), words.when(facts.started_at, now, zone)),
        ),
        jobs=tuple(_job(each, facts.status.job, now, zone) for each in facts.jobs),
        database=_database(facts, now, zone),
        log=tuple(_line(each, now, zone) for each in lines),
    )


def _job(trace: JobTrace, planning: JobState, now: datetime, zone: ZoneInfo) -> JobView:
    outcome, problem, last = trace.outcome, trace.problem, trace.finished_at
    if trace.name == "plan" and planning.last_outcome != "none":
        # A run never fails in the scheduler's eyes, and the button runs it, too.
        outcome, problem = planning.last_outcome, planning.last_error
        last = planning.last_finished_at
    running = planning.running if trace.name == "plan" else trace.is_running
    text, colour = _OUTCOMES[outcome]
    due = words.due(trace.next_run_at, now, zone) if trace.next_run_at else _("not planned")
    return JobView(
        name=_(_JOBS[trace.name]) if trace.name in _JOBS else words.name(trace.name).capitalize(),
        outcome=_("at work") if running else _(text),
        colour="" if running else colour,
        last=words.ago(now - last) if last else "",
        coming=due,
        problem=words.sentence(problem),
    )


def _database(facts: Facts, now: datetime, zone: ZoneInfo) -> DatabaseView:
    status, size = facts.status, facts.size
    since = facts.database_up_since if status.database_ok else status.database_down_since
    rows = [(_("Database"), status.database)]
    if since:
        label = _("Answers since") if status.database_ok else _("Away since")
        rows.append((label, words.when(since, now, zone)))
    if size:
        rows += [
            (_("Schema revision"), size.revision or _("none yet")),
            (_("Size"), _bytes(size.size_bytes)),
        ]
    return DatabaseView(
        ok=status.database_ok,
        state=_("answers") if status.database_ok else _("away"),
        problem=words.sentence(status.database_error),
        facts=tuple(rows),
        tables=_tables(size),
        has_sizes=any(each.size_bytes is not None for each in (size.tables if size else ())),
    )


def _tables(size: DatabaseSize | None) -> tuple[TableView, ...]:
    return tuple(
        TableView(
            each.name,
            words.number(each.rows, 0),
            "" if each.size_bytes is None else _bytes(each.size_bytes),
        )
        for each in (size.tables if size else ())
    )


def _bytes(count: int) -> str:
    kib = count / _KIB
    return words.amount(kib, "KiB") if kib < _KIB else words.amount(kib / _KIB, "MiB", 1)


def _line(each: LogLine, now: datetime, zone: ZoneInfo) -> LineView:
    local = each.at.astimezone(zone)
    recent = now - each.at < timedelta(hours=20)
    day = "" if recent else f"{i18n.dated(local, 'd MMM')} "
    return LineView(f"{day}{local:%H:%M:%S}", each.level, each.text)
