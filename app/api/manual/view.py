"""Manual actions as the page shows them: the list, the form and what a preview says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.clock import iso_utc, slot_floor
from app.core.frames import SLOT
from app.db.tables.models import ManualAction
from app.service.schemas.manual import ActionOut, PreviewOut, state_of
from app.settings import Settings
from app.wording import i18n, words
from app.wording.i18n import _, marked

NAMES: Final = {
    "charge": marked("Charge"),
    "water": marked("Heat water"),
    "hold": marked("Hold"),
    "export": marked("Export"),
}
_HELP: Final = {
    "charge": marked("buys until the battery is at the target"),
    "water": marked("the heater is on"),
    "hold": marked("nothing is bought for the battery, used from it or sold; sun may charge it"),
    "export": marked("sells from the battery down to the target, whatever the price"),
}
_STATES: Final = {"running": marked("running"), "ahead": marked("ahead")}
# Prices are known for 36 h at most; who thinks further can use the REST interface.
CHOICE: Final = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action in the list."""

    id: int
    version: str
    word: str
    name: str
    span: str
    detail: str
    state: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class FormView:
    """The form: what may be chosen, what is, and what is wrong with it by field.

    ``starts`` and ``ends`` are (day, ((instant, label), …)); ``names`` (value, label, help).
    """

    names: tuple[tuple[str, str, str], ...]
    starts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    ends: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    zone: str
    hints: Mapping[str, str]

    @property
    def is_edit(self) -> bool:
        """Tell whether a kept action is changed rather than a new one made."""
        return bool(self.values.get("action_id"))


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What an action would change, for people, and the bars that the chart draws of it."""

    sentence: str
    money: str
    is_saving: bool
    facts: tuple[str, ...]
    warnings: tuple[str, ...]
    conflicts: tuple[str, ...]
    ghost: Sequence[Mapping[str, float | str]]


def action_views(
    actions: Iterable[ManualAction], now: datetime, zone: ZoneInfo
) -> tuple[ActionView, ...]:
    """Return the actions in force, the first to come first."""
    return tuple(
        _action(each, now, zone) for each in sorted(actions, key=lambda each: each.start_at)
    )


def _action(action: ManualAction, now: datetime, zone: ZoneInfo) -> ActionView:
    detail = []
    if action.target_soc_percent is not None:
        to = words.number(action.target_soc_percent, 0)
        detail.append(_("to {percent} %", percent=to))
    if action.power_kw is not None:
        detail.append(_("at most {power} kW", power=words.number(action.power_kw, 1)))
    if action.expires_at is not None:
        until = words.when(action.expires_at, now, zone)
        detail.append(_("expires at {time}", time=until))
    if action.note:
        detail.append(action.note)
    return ActionView(
        id=action.id,
        version=ActionOut.of(action, now).version,
        word=action.action,
        name=_(NAMES[action.action]),
        span=span(action.start_at, action.end_at, now, zone),
        detail=", ".join(detail),
        state=_(_STATES[state]) if (state := state_of(action, now)) in _STATES else "",
        start=iso_utc(action.start_at),
        end=iso_utc(action.end_at),
    )


def span(start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return from when to when, the day once where it is the same."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{words.hhmm(start, zone)}\u2013{words.when(end, now, zone)}"
    return f"{words.when(start, now, zone)} \u2013 {words.when(end, now, zone)}"


def form_view(
    settings: Settings,
    now: datetime,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> FormView:
    """Return the form; without values it proposes an hour from the next slot on."""
    first = slot_floor(now)
    given = dict.fromkeys(("action_id", "version", "target_soc_percent", "power_kw", "note"), "")
    given |= {"action": "charge", "start_at": iso_utc(first + SLOT)}
    given |= {"end_at": iso_utc(first + 5 * SLOT)} | dict(values or {})
    edges = [first + SLOT * step for step in range(CHOICE // SLOT + 1)]
    starts, ends = (
        _with(chosen, given[name])
        for chosen, name in ((edges[:-1], "start_at"), (edges[1:], "end_at"))
    )
    manual = settings.manual_planning
    return FormView(
        names=tuple((value, _(name), _(_HELP[value])) for value, name in NAMES.items()),
        starts=_by_day(starts, settings.zone),
        ends=_by_day(ends, settings.zone),
        values=given,
        errors=errors or {},
        zone=settings.timezone,
        hints={
            "charge": words.number(manual.charge_target_percent, 0),
            "export": words.number(manual.export_target_percent, 0),
        },
    )


def _with(edges: list[datetime], chosen: str) -> list[datetime]:
    """Keep a chosen instant in the list: an action that has begun began before now."""
    try:
        instant = datetime.fromisoformat(chosen)
    except ValueError:
        return edges
    if instant.tzinfo is None or instant in edges:
        return edges
    return sorted([instant, *edges])


def _by_day(
    edges: Iterable[datetime], zone: ZoneInfo
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    days: dict[str, list[tuple[str, str]]] = {}
    for edge in edges:
        day = i18n.dated(edge.astimezone(zone), "EEEE d MMMM")
        days.setdefault(day, []).append((iso_utc(edge), words.hhmm(edge, zone)))
    return tuple((day, tuple(options)) for day, options in days.items())


def preview_view(made: PreviewOut, now: datetime, zone: ZoneInfo) -> PreviewView:
    """Say what an action would change; a difference that rounds to nothing is none."""
    money = words.number(abs(made.cost_difference))
    is_nothing = money == words.number(0)
    saves = made.cost_difference < 0
    if is_nothing:
        sentence = _("Costs nothing more than the plan in force.")
    elif saves:
        sentence = _("Saves {money} {currency}.", money=money, currency=made.currency)
    else:
        sentence = _("Costs {money} {currency} more.", money=money, currency=made.currency)

    def said(text: str) -> str:
        return words.timed_sentence(text, now, zone)

    sign = "" if is_nothing else "\u2212" if saves else "+"
    return PreviewView(
        sentence=sentence,
        money=f"{sign}{money} {made.currency}",
        is_saving=saves and not is_nothing,
        facts=_facts(made, now, zone),
        warnings=tuple(said(each) for each in (*made.warnings, *made.notices)),
        conflicts=tuple(said(each) for each in made.conflicts),
        ghost=[
            {
                "slot_start": iso_utc(slot.slot_start),
                "charge_kw": slot.charge_kw,
                "discharge_kw": slot.discharge_kw,
                "export_kw": slot.export_kw,
                "water_kw": slot.water_kw,
                "soc_projected": slot.soc_projected,
            }
            for slot in made.schedule
        ],
    )


def _facts(made: PreviewOut, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    morning = next(
        (
            slot
            for slot in made.schedule
            if slot.slot_end.astimezone(zone).strftime("%H:%M") == "06:00"
        ),
        made.schedule[-1],
    )
    return (
        _(
            "Battery {percent} % at {time}",
            percent=words.number(morning.soc_projected, 0),
            time=words.when(morning.slot_end, now, zone),
        ),
        i18n.ngettext("{number} quarter changes", "{number} quarters change", made.changed_slots),
    )
