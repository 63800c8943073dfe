"""What changed between two runs, for people: in words, in money, quarter by quarter, and why."""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from app.api.history import words as history_words
from app.api.web import plan_blocks
from app.db.tables.models import PlanRun
from app.service.schemas.runs import (
    DiffOut,
    DoingOut,
    SeriesChangeOut,
    SlotChangeOut,
    SpanOut,
    ValueChangeOut,
)
from app.settings.fields import setting_fields
from app.wording import words
from app.wording.i18n import _, dated, ngettext

_SAME_PERCENT = 0.05
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class DoingView:
    """What one plan does in a range."""

    word: str
    letter: str
    text: str
    is_manual: bool


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A range that the later plan treats in another way."""

    span: str
    slots: str
    before: DoingView
    after: DoingView
    money: str


@dataclass(frozen=True, slots=True)
class ValueView:
    """One input that differs; ``note`` says what it is."""

    name: str
    before: str
    after: str
    note: str


@dataclass(frozen=True, slots=True)
class DiffView:
    """Everything the comparison may use; ``figures`` are label, earlier, later."""

    before_id: int
    after_id: int
    before_made: str
    after_made: str
    summary: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]
    changes: tuple[ChangeView, ...]
    spans: tuple[str, ...]
    inputs: tuple[ValueView, ...]
    settings: tuple[ValueView, ...]
    inputs_unknown: str


def diff_view(found: DiffOut, before: PlanRun, after: PlanRun, now: datetime) -> DiffView:
    """Return the comparison of two runs."""
    zone = ZoneInfo(after.timezone)
    inputs = found.inputs
    named = [_series(each, zone) for each in (inputs.series if inputs else [])]
    named += [_state(each, now, zone) for each in (inputs.state if inputs else [])]
    settings = [_setting(each) for each in (inputs.settings if inputs else [])]
    return DiffView(
        before_id=before.id,
        after_id=after.id,
        before_made=_made(before, now, zone),
        after_made=_made(after, now, zone),
        summary=_summary(found),
        figures=_figures(before, after),
        changes=tuple(_change(each, zone, found.currency) for each in found.changes),
        spans=_spans(found, zone),
        inputs=tuple(named),
        settings=tuple(settings),
        inputs_unknown=words.sentence(found.inputs_unknown),
    )


def _made(run: PlanRun, now: datetime, zone: ZoneInfo) -> str:
    at = words.when(run.planned_at, now, zone)
    return _("{time}, {trigger}", time=at, trigger=history_words.trigger(run.trigger))


def _summary(found: DiffOut) -> tuple[str, ...]:
    """Say it in a few sentences: how much changes, in money, and in the battery."""
    if found.common is None:
        return (_("The two plans have no quarter in common, so there is nothing to compare."),)
    quarters = found.common.slots
    changed = sum(each.slots for each in found.changes)
    first = _("Nothing changes in the {count} quarters that are in both plans.", count=quarters)
    if changed:
        first = ngettext(
            "{number} of the {count} quarters in both plans is different.",
            "{number} of the {count} quarters in both plans are different.",
            changed,
            count=quarters,
        )
    return first, history_words.dearer(found.cost_difference, found.currency), _battery(found)


def _battery(found: DiffOut) -> str:
    points = words.number(abs(found.soc_difference_percent), 1)
    if abs(found.soc_difference_percent) < _SAME_PERCENT:
        return _("The battery ends at the same level.")
    if found.soc_difference_percent > 0:
        return _("The battery ends {points} points fuller.", points=points)
    return _("The battery ends {points} points emptier.", points=points)


def _figures(before: PlanRun, after: PlanRun) -> tuple[tuple[str, str, str], ...]:
    rows = (
        (_("Cost of the whole plan"), "cost"),
        (_("With an idle battery"), "cost_do_nothing"),
        (_("With only storing sun"), "cost_self_consumption"),
        (_("Best possible"), "cost_best"),
    )
    return (
        *((label, _money(before, name), _money(after, name)) for label, name in rows),
        (
            _("Optimality"),
            history_words.share(before.optimality_percent),
            history_words.share(after.optimality_percent),
        ),
        (_("Engine"), before.engine, after.engine),
    )


def _money(run: PlanRun, name: str) -> str:
    value = getattr(run, name)
    return "" if value is None else f"{words.number(value)} {run.currency}"


def _change(change: SlotChangeOut, zone: ZoneInfo, currency: str) -> ChangeView:
    return ChangeView(
        span=_span(change, zone),
        slots=ngettext("{number} quarter", "{number} quarters", change.slots),
        before=_doing(change.before),
        after=_doing(change.after),
        money=history_words.signed(change.cost_difference, currency),
    )


def _doing(what: DoingOut) -> DoingView:
    letter = plan_blocks.LETTERS.get(what.classification, "?")
    return DoingView(what.classification, letter, history_words.doing(what), what.is_manual)


def _span(span: SpanOut, zone: ZoneInfo) -> str:
    start = span.start.astimezone(zone)
    first, last = words.hhmm(span.start, zone), words.hhmm(span.end, zone)
    return f"{dated(start, 'EEE d MMM')} {first}\u2013{last}"


def _spans(found: DiffOut, zone: ZoneInfo) -> tuple[str, ...]:
    """Say which times only one of the plans has."""
    only = [
        _("Only the earlier plan has {span}.", span=_span(each, zone)) for each in found.only_before
    ]
    only += [
        _("Only the later plan has {span}.", span=_span(each, zone)) for each in found.only_after
    ]
    return tuple(only)


def _series(each: SeriesChangeOut, zone: ZoneInfo) -> ValueView:
    unit = "kWh" if each.unit == "kWh" else _("on average")
    most = _(
        "{slots} quarters differ, most at {time}: {before} became {after}",
        slots=each.changed_slots,
        time=words.hhmm(each.most_at, zone),
        before=words.number(each.most_before),
        after=words.number(each.most_after),
    )
    before, after = words.number(each.before), words.number(each.after)
    name = history_words.series(each.name)
    return ValueView(name, f"{before} {unit}", f"{after} {unit}", most)


def _state(each: ValueChangeOut, now: datetime, zone: ZoneInfo) -> ValueView:
    before, after = (
        _state_text(each.name, value, now, zone) for value in (each.before, each.after)
    )
    return ValueView(history_words.state(each.name), before, after, "")


def _state_text(name: str, value: JsonValue, now: datetime, zone: ZoneInfo) -> str:
    if isinstance(value, str) and name == "running_water_until":
        return words.when(datetime.fromisoformat(value), now, zone)
    if isinstance(value, str) and value in plan_blocks.ACTIONS:
        return _(plan_blocks.ACTIONS[value])
    return _("none") if value is None else value_text(value)


def _setting(each: ValueChangeOut) -> ValueView:
    field = setting_fields().get(each.name)
    note = _(field.words) if field else ""
    return ValueView(each.name, value_text(each.before), value_text(each.after), note)


def value_text(value: JsonValue) -> str:
    """Return a value of any kind as people read it."""
    if value is None:
        return _("not set")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return words.number(value, 0 if float(value).is_integer() else 2)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
