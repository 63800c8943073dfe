"""What people and programs changed, newest first: settings and manual actions."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.api.history.diff_view import value_text
from app.db.tables.models import ManualChange, SettingChange
from app.settings.fields import setting_fields
from app.wording import words
from app.wording.i18n import _, marked

_WHAT = {
    "created": marked("{action} asked for, {span}"),
    "edited": marked("{action} changed, {span}"),
    "removed": marked("{action} taken back, {span}"),
}
_ACTIONS = {
    "charge": marked("Charging"),
    "water": marked("Heating water"),
    "hold": marked("Holding"),
    "export": marked("Selling"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One change: when, what, from where."""

    when: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Trails:
    """The newest changes of settings and of manual actions."""

    settings: tuple[Step, ...]
    manual: tuple[Step, ...]


def trails(
    settings: Sequence[SettingChange], manual: Sequence[ManualChange], now: datetime, zone: ZoneInfo
) -> Trails:
    """Return both trails."""
    return Trails(
        settings=tuple(_setting(each, now, zone) for each in settings),
        manual=tuple(_manual(manual, now, zone)),
    )


def _setting(each: SettingChange, now: datetime, zone: ZoneInfo) -> Step:
    when = words.when(each.changed_at, now, zone)
    field = setting_fields().get(each.field)
    if field is not None and field.secret:
        return Step(when, _("{field} was changed", field=each.field), each.changed_from)
    before, after = (
        value_text(None if text is None else json.loads(text))
        for text in (each.old_value, each.new_value)
    )
    text = _("{field}: {before} became {after}", field=each.field, before=before, after=after)
    return Step(when, text, each.changed_from)


def _manual(steps: Sequence[ManualChange], now: datetime, zone: ZoneInfo) -> Iterable[Step]:
    for each in steps:
        action: dict[str, Any] = each.after or each.before or {}
        name = action.get("action", "")
        text = _WHAT.get(each.what, "{action}, {span}")
        said = _(text, action=_(_ACTIONS.get(name, name)), span=_span(action, now, zone))
        undone = f" ({_('undone')})" if each.undone_at else ""
        yield Step(words.when(each.at, now, zone), f"{said}{undone}", each.made_from)


def _span(action: dict[str, Any], now: datetime, zone: ZoneInfo) -> str:
    start, end = (datetime.fromisoformat(action[name]) for name in ("start_at", "end_at"))
    first, last = words.when(start, now, zone), words.hhmm(end, zone)
    return _("{first} to {last}", first=first, last=last)
