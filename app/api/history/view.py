"""The list of planning runs, newest first, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.api.history import words as history_words
from app.db.plans import PUBLISHED
from app.db.run_changes import RunChange
from app.db.tables.models import PlanRun
from app.wording import words
from app.wording.i18n import _, dated, ngettext

PAGE = 25


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list down, as the address has it."""

    trigger: str = ""
    status: str = ""
    day: date | None = None
    before: int | None = None

    def query(self, **more: object) -> str:
        """Return the address's query with the filters and what is given."""
        day = self.day.isoformat() if self.day else ""
        parts = {"trigger": self.trigger, "status": self.status, "day": day, **more}
        kept = {name: value for name, value in parts.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of runs with what each changed, and which one's plan is in force."""

    runs: Sequence[PlanRun]
    changes: Mapping[int, RunChange]
    in_force: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; ``from`` and ``to`` of a comparison are chosen at first where it says so."""

    id: int
    day: str
    time: str
    trigger: str
    took: str
    status: str
    status_text: str
    engine: str
    cost: str
    optimality: str
    change: str
    change_slots: str
    diff: str
    notes: tuple[str, ...]
    has_plan: bool
    in_force: bool
    is_from: bool
    is_to: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Everything the list may use."""

    rows: tuple[RunRow, ...]
    triggers: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    day: str
    narrowed: bool
    query: str
    older: str
    newest: str
    can_compare: bool


def history_view(found: Found, asked: Asked, now: datetime, zone: ZoneInfo) -> HistoryView:
    """Return the list."""
    chosen = _chosen(found)
    rows, day_before = [], None
    for run in found.runs:
        day = run.planned_at.astimezone(zone).date()
        rows.append(_row(run, found, chosen, zone, _day(day, now, zone, day_before)))
        day_before = day
    narrowed = bool(asked.trigger or asked.status or asked.day)
    return HistoryView(
        rows=tuple(rows),
        triggers=_choices(history_words.TRIGGERS, asked.trigger),
        statuses=_choices(history_words.STATUSES, asked.status),
        day=asked.day.isoformat() if asked.day else "",
        narrowed=narrowed,
        query=asked.query(before=asked.before),
        older=asked.query(before=found.runs[-1].id) if found.more else "",
        newest=f"/history{asked.query()}" if asked.before else "",
        can_compare=sum(row.has_plan for row in rows) > 1,
    )


def _choices(texts: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, _(text), value == chosen) for value, text in texts.items())


def _chosen(found: Found) -> tuple[int | None, int | None]:
    """Return the runs that are compared unless others are chosen: the newest, and one before."""
    planned = [run.id for run in found.runs if run.status in PUBLISHED]
    to = planned[0] if planned else None
    return (planned[1] if len(planned) > 1 else None), to


def _day(day: date, now: datetime, zone: ZoneInfo, before: date | None) -> str:
    if day == before:
        return ""
    written = dated(day, "EEEE d MMMM")
    days = (now.astimezone(zone).date() - day).days
    if days == 0:
        return _("Today, {day}", day=written)
    if days == 1:
        return _("Yesterday, {day}", day=written)
    return f"{written[:1].upper()}{written[1:]}"


def _row(
    run: PlanRun,
    found: Found,
    chosen: tuple[int | None, int | None],
    zone: ZoneInfo,
    day: str,
) -> RunRow:
    change = found.changes.get(run.id)
    warnings = [words.sentence(text) for text in run.warnings or []]
    return RunRow(
        id=run.id,
        day=day,
        time=words.hhmm(run.planned_at, zone),
        trigger=history_words.trigger(run.trigger),
        took=history_words.seconds(run.duration_ms),
        status=run.status,
        status_text=history_words.status(run.status),
        engine=run.engine,
        cost="" if run.cost is None else f"{words.number(run.cost)} {run.currency}",
        optimality=history_words.share(run.optimality_percent),
        change=history_words.signed(change.cost_difference, run.currency) if change else "",
        change_slots=_slots(change),
        diff=f"/history/diff?from={change.before_id}&to={run.id}" if change else "",
        notes=(*([words.sentence(run.error)] if run.error else []), *warnings),
        has_plan=run.status in PUBLISHED,
        in_force=run.id == found.in_force,
        is_from=run.id == chosen[0],
        is_to=run.id == chosen[1],
    )


def _slots(change: RunChange | None) -> str:
    if change is None:
        return ""
    if not change.changed_slots:
        return _("no quarter")
    return ngettext("{number} quarter", "{number} quarters", change.changed_slots)
