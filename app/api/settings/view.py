"""The view of a settings page, formatted for people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from app.api.settings.config_view import config_of
from app.api.settings.controls import controls, text_of
from app.api.settings.desk import Outcome
from app.api.settings.errors import ErrorLine, placed
from app.api.settings.form import present_texts
from app.api.settings.inputs import InputView, RowView, input_of, rows_of
from app.api.settings.labels import choice, label
from app.api.settings.schemas import SettingOut
from app.api.web.setting_sections import GROUPS, Section, fields_of, group_of_field
from app.settings.store.state import Seen
from app.wording.i18n import _, marked

_UNITS: Final = {
    "days": marked("days"),
    "slots": marked("slots"),
    "ratio": marked("ratio"),
    "kWh/day": marked("kWh/day"),
    "blocks/day": marked("blocks/day"),
}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One setting: its control, and all there is to say about it."""

    path: str
    control: InputView
    label: str
    unit: str
    help: str
    default: str
    changed: bool
    resettable: bool
    forced_by: str
    is_set: bool
    restart: bool
    note: str
    error: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """Settings under one heading."""

    key: str
    title: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """Everything the template of a settings page may use."""

    key: str
    title: str
    about: str
    version: str
    was: str
    groups: tuple[GroupView, ...]
    errors: tuple[ErrorLine, ...]
    refused: str
    read_only: str
    file_error: str
    saved: str
    login: bool
    unsaved: bool


def section_view(
    section: Section, seen: Seen, outcome: Outcome, *, read_only: str, saved: str, login: bool
) -> SectionView:
    """Return the page of a section: what is saved, and over it what is still unsaved."""
    present = present_texts(section.key, seen)
    texts = {**present, **outcome.draft.texts}
    words, lines = placed(outcome.problems, _ids(texts), seen.loaded.origin)
    shown = {each.path: each for each in config_of(seen, {}).meta.fields}
    notes = _notes(outcome, present)
    views = [
        _field(
            shown[field.path],
            texts[field.path],
            words,
            notes.get(field.path, ""),
            seen.loaded.settings.nordpool.currency,
        )
        for field in fields_of(section.key)
    ]
    return SectionView(
        key=section.key,
        title=_(section.title),
        about=_(section.about),
        version=seen.version,
        was=json.dumps({path: text for path, text in present.items() if path in shown}),
        groups=tuple(
            GroupView(key, _(GROUPS[key]) if key else "", tuple(found))
            for key, found in groupby(views, key=lambda view: _heading(view.path))
        ),
        errors=lines,
        refused=outcome.refused,
        read_only=read_only,
        file_error=seen.error,
        saved=saved,
        login=login,
        unsaved=bool(outcome.draft.texts),
    )


def _heading(path: str) -> str:
    """Return the group a setting stands under, empty where it stands by itself."""
    return group_of_field(path)


def _ids(texts: Mapping[str, str]) -> list[str]:
    """Return the ids of a page's fields, the cells of lists among them."""
    ids = list(texts)
    for path, text in texts.items():
        if controls()[path].kind == "rows":
            names = [name for name, _control in controls()[path].columns]
            ids += [f"{path}.{at}.{name}" for at in range(len(json.loads(text))) for name in names]
    return ids


def _notes(outcome: Outcome, present: Mapping[str, str]) -> dict[str, str]:
    """Say of what is unsaved that it was changed elsewhere meanwhile."""
    was = outcome.draft.was
    return {
        path: _("Meanwhile changed elsewhere to {value}.", value=said(path, now))
        for path, now in present.items()
        if path in outcome.draft.texts and was.get(path, now) != now
    }


def _field(
    shown: SettingOut, text: str, errors: Mapping[str, str], note: str, currency: str
) -> FieldView:
    path, control = shown.path, controls()[shown.path]
    disabled = shown.source == "env"
    error = errors.get(path, "")
    explained = f"{path}-help {path}-note" if note else f"{path}-help"
    return FieldView(
        path=path,
        control=input_of(path, control, text, disabled=disabled, error=error, described=explained),
        label=label(path),
        unit=_(_UNITS.get(shown.unit, shown.unit)).replace("currency", currency),
        help=_(shown.help),
        default="" if shown.secret else said(path, text_of(control, shown.default)),
        changed=shown.changed and not shown.secret,
        resettable=shown.source == "file" and shown.changed,
        forced_by=shown.env if disabled else "",
        is_set=shown.secret and shown.value is not None,
        restart=shown.takes_effect == "restart",
        note=note,
        error=error,
        rows=rows_of(path, control, text, errors, disabled=disabled),
    )


def said(path: str, text: str) -> str:
    """Return a text of a form as people read it."""
    control = controls()[path]
    if control.kind == "rows":
        rows = (
            ", ".join(f"{label(f'{path}.{name}')} {row[name]}" for name in row if row[name])
            for row in json.loads(text)
        )
        return "; ".join(rows) or _("none")
    if control.kind == "yaml":
        return text or _("none")
    if control.kind == "checkbox":
        return _("on") if text == "true" else _("off")
    if not text:
        return _("not set")
    if control.choices:
        return ", ".join(choice(each) for each in text.split("\n"))
    return text.replace("\n", ", ")
