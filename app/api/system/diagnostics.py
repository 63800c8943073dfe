"""One block of text to copy into a bug report: versions, state, settings; no secret in it."""

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from app.core.clock import iso_utc
from app.core.log_tail import LogLine
from app.core.masking import Masker
from app.db.connection.size import DatabaseSize
from app.doctor import text as doctor_text
from app.doctor.checks.report import Report
from app.service.job_trail import JobTrace
from app.service.schemas.plan import ScheduleOut, StatusOut
from app.settings import Settings, redacted

LOG_LINES: Final = 80
_LIBRARIES: Final = (
    "fastapi",
    "uvicorn",
    "apscheduler",
    "sqlalchemy",
    "asyncmy",
    "aiosqlite",
    "polars",
    "pydantic",
    "httpx",
)
# A tenth of a degree is the nearest 10 km: enough for weather, too little for an address.
_PLACE_DIGITS: Final = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a report is made of; ``report`` and ``size`` are None where not known."""

    settings: Settings
    plan: ScheduleOut | None
    status: StatusOut
    started_at: datetime
    jobs: tuple[JobTrace, ...]
    size: DatabaseSize | None
    database_up_since: datetime | None
    report: Report | None
    log: tuple[LogLine, ...]


def block(facts: Facts, mask: Masker) -> str:
    """Return the whole text, every line masked once more."""
    parts = {
        "versions": _versions(),
        "service": _service(facts),
        "plan": _plan(facts.plan),
        "inputs": _inputs(facts.status),
        "jobs": _jobs(facts.jobs),
        "database": _database(facts),
        "sensor doctor": _doctor(facts.report),
        "settings that differ from the defaults": _settings(facts.settings),
        "log": (f"{_iso(x.at)} {x.level} {x.text}" for x in facts.log[-LOG_LINES:]),
    }
    lines = [f"Darkstar diagnostics, {_iso(facts.status.now)}"]
    for title, found in parts.items():
        lines += ["", f"## {title}", *(list(found) or ["none"])]
    return mask("\n".join(lines)) + "\n"


def _iso(instant: datetime) -> str:
    return iso_utc(instant.replace(microsecond=0))


def _versions() -> Iterator[str]:
    yield f"darkstar {version('darkstar-energy-manager')}"
    yield f"python {sys.version.split()[0]} on {platform.platform()}"
    yield ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)


def _service(facts: Facts) -> Iterator[str]:
    status = facts.status
    yield f"state {status.state}, started {_iso(facts.started_at)}, access {status.access}"
    yield f"time zone {status.timezone}, currency {status.currency}, demo home {status.demo_home}"


def _plan(plan: ScheduleOut | None) -> Iterator[str]:
    if plan is None:
        return
    meta = plan.meta
    yield (
        f"run {meta.plan_run_id} ({meta.trigger}) at {_iso(meta.planned_at)}: {meta.status}, "
        f"engine {meta.engine}, {meta.duration_ms:.0f} ms, {len(plan.schedule)} slots until "
        f"{_iso(meta.horizon_end)}"
    )
    yield from (f"warning: {each}" for each in meta.warnings)


def _inputs(status: StatusOut) -> Iterator[str]:
    for each in status.inputs:
        issued = f", issued {_iso(each.issued_at)}" if each.issued_at else ""
        detail = f" ({each.detail})" if each.detail else ""
        yield f"{each.name}: {each.quality.value}, {each.source}{issued}{detail}"


def _jobs(jobs: tuple[JobTrace, ...]) -> Iterator[str]:
    for job in jobs:
        last = _iso(job.finished_at) if job.finished_at else "never"
        due = _iso(job.next_run_at) if job.next_run_at else "not planned"
        yield f"{job.name}: {job.outcome}, last {last}, next {due} {job.problem}".rstrip()


def _database(facts: Facts) -> Iterator[str]:
    status, size = facts.status, facts.size
    if status.database_ok:
        since = facts.database_up_since
        yield f"{status.database}: answers" + (f" since {_iso(since)}" if since else "")
    else:
        since = status.database_down_since
        yield f"{status.database}: {status.database_error}" + (
            f" since {_iso(since)}" if since else ""
        )
    if size:
        yield f"revision {size.revision}, {size.size_bytes} bytes"
        yield ", ".join(f"{table.name} {table.rows}" for table in size.tables)


def _doctor(report: Report | None) -> Iterator[str]:
    if report is None:
        yield "not asked since the start"
        return
    yield f"at {_iso(report.end)}"
    yield from doctor_text.lines(report)


def _settings(settings: Settings) -> Iterator[str]:
    changed = _differing(redacted(settings), redacted(Settings.model_construct()))
    for name in ("latitude", "longitude"):
        if name in changed.get("location", {}):
            changed["location"][name] = round(changed["location"][name], _PLACE_DIGITS)
    yield from json.dumps(changed, indent=1, ensure_ascii=False).splitlines()


def _differing(given: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """Return what is not as by default, group by group."""
    found = {}
    for name, value in given.items():
        usual = default.get(name)
        if isinstance(value, dict) and isinstance(usual, dict):
            if inner := _differing(value, usual):
                found[name] = inner
        elif value != usual:
            found[name] = value
    return found
