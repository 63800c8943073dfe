"""One planning run, for people: its figures, its inputs, its warnings, and what a replay found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.api.history import words as history_words
from app.api.web.plan_table import PlanTableView
from app.api.web.run_facts import engine
from app.service.schemas.runs import ReplayOut, RunInputOut, RunOut
from app.wording import words
from app.wording.i18n import _, ngettext
from app.wording.told import told


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input: what, how good, from where, and how old it was when it was planned with."""

    name: str
    quality: str
    quality_text: str
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything the page of a run may use; ``figures`` are label and text."""

    id: int
    title: str
    status: str
    status_text: str
    in_force: bool
    made: str
    error: str
    figures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    inputs: tuple[InputRow, ...]
    replayable: bool
    diff: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """What planning again has found."""

    kind: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with its plan; without one ``table`` has no days."""

    run: RunView
    table: PlanTableView


def run_view(run: RunOut, now: datetime, *, in_force: bool, before_id: int | None) -> RunView:
    """Return a run."""
    zone = ZoneInfo(run.timezone)
    when = words.when(run.planned_at, now, zone)
    took = history_words.seconds(run.duration_ms)
    made = _("Made at {time}, {trigger}.", time=when, trigger=history_words.trigger(run.trigger))
    return RunView(
        id=run.id,
        title=_("Run {id}", id=run.id),
        status=run.status,
        status_text=history_words.status(run.status),
        in_force=in_force,
        made=f"{made} {_('It took {time}.', time=took)}" if took else made,
        error=words.sentence(run.error),
        figures=_figures(run, now, zone),
        warnings=tuple(words.sentence(text) for text in run.warnings),
        inputs=tuple(_input(each) for each in run.inputs),
        replayable=run.replayable,
        diff=f"/history/diff?from={before_id}&to={run.id}" if before_id else "",
    )


def _figures(run: RunOut, now: datetime, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    if run.horizon_start and run.horizon_end:
        first = words.when(run.horizon_start, now, zone)
        last = words.when(run.horizon_end, now, zone)
        rows.append((_("Plans"), _("from {first} to {last}", first=first, last=last)))
    if (each := run.figures) is not None:
        money = (
            (_("Cost"), each.cost, run.currency),
            (_("With an idle battery"), each.cost_do_nothing, run.currency),
            (_("With only storing sun"), each.cost_self_consumption, run.currency),
            (_("Best possible"), each.cost_best, run.currency),
            (_("Smoothing costs"), each.smoothing_cost, run.currency),
            (_("Energy left at the end"), each.terminal_value_per_kwh, f"{run.currency}/kWh"),
        )
        rows += [(name, f"{words.number(v)} {unit}") for name, v, unit in money if v is not None]
        if share := history_words.share(each.optimality_percent):
            rows.append((_("Optimality"), share))
    if run.s_index is not None:
        rows.append((_("Safety factor (S-index)"), words.number(run.s_index)))
    return (
        *rows,
        (_("Engine"), engine(run.engine)),
        (_("Version"), run.planner_version),
    )


def _input(each: RunInputOut) -> InputRow:
    age = words.ago(timedelta(seconds=each.age_seconds)) if each.age_seconds is not None else ""
    source = told(each.source)
    seen = _("{source}, {age} at that time", source=source, age=age) if age else source
    return InputRow(
        name=words.sentence(words.name(each.name)).rstrip("."),
        quality=each.quality.value,
        quality_text=_(words.QUALITIES[each.quality.value]),
        source=seen,
        detail=words.sentence(each.detail),
    )


def replay_view(found: ReplayOut) -> ReplayView:
    """Say what planning again has found."""
    if found.identical:
        text = ngettext(
            "Planned again from what it knew then: {number} quarter, the same to the last bit.",
            "Planned again from what it knew then: {number} quarters, the same to the last bit.",
            found.slots,
        )
        return ReplayView("good", _("Identical"), (text,))
    lines = [
        _(
            "Run {id} was made by version {old}, planned again by version {new}.",
            id=found.run.id,
            old=found.run.planner_version,
            new=found.planner_version,
        ),
    ]
    lines += [
        _(
            "{field} differs in {slots} quarters: {before} became {after} in the first.",
            field=words.name(each.field),
            slots=each.slots,
            before=each.stored,
            after=each.replayed,
        )
        for each in found.fields
    ]
    lines += [
        _(
            "{field}: {before} became {after}.",
            field=words.name(each.field),
            before=each.stored,
            after=each.replayed,
        )
        for each in found.figures
    ]
    if found.missing_slots or found.extra_slots:
        lines.append(
            _(
                "{missing} quarters are not planned again, {extra} are new.",
                missing=found.missing_slots,
                extra=found.extra_slots,
            )
        )
    return ReplayView("warn", _("Something differs"), tuple(lines))


def refused_replay(reason: str) -> ReplayView:
    """Say why planning again was not possible."""
    return ReplayView("bad", _("Not planned again"), (words.sentence(reason),))
