"""What a form of settings says: which texts differ from those it was shown with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from starlette.datastructures import FormData

from app.api.settings.config_view import config_of
from app.api.settings.controls import NotAValueError, controls, text_of, value_of_text
from app.api.web.setting_sections import fields_of
from app.core.errors import Problem
from app.settings.fields import plain_value
from app.settings.store.changes import ConfigRefusedError
from app.settings.store.state import Seen

_VERSION, _WAS = "version", "was"
_MAX_INDEX: Final = 99


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person changed on a page and not yet saved: texts by path, and as they were shown."""

    version: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, section: str, form: FormData) -> Self:
        """Read a page's form; raises ``ConfigRefusedError`` where it is none of this page."""
        was = _was(str(form.get(_WAS, "")))
        texts = {
            path: text
            for path, text in _texts(section, form)
            if text != was.get(path, "" if controls()[path].kind == "secret" else None)
        }
        return cls(str(form.get(_VERSION, "")), texts, was)

    def without(self, path: str) -> Self:
        """Return the draft without what it says of one setting."""
        return replace(self, texts={p: text for p, text in self.texts.items() if p != path})

    def with_rows(self, path: str, present: str, change: str) -> Self:
        """Return the draft with a row added (``change`` is empty) or the one of an index gone."""
        rows = json.loads(self.texts.get(path, present))
        if change.isdecimal():
            del rows[int(change) : int(change) + 1]
        else:
            rows.append({name: of.at_first for name, of in controls()[path].columns})
        return replace(self, texts={**self.texts, path: json.dumps(rows)})

    def tree(self) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        """Return the changes as the configuration takes them, and what is no value."""
        tree: dict[str, Any] = {}
        problems: list[Problem] = []
        for path, text in self.texts.items():
            try:
                value = value_of_text(controls()[path], text)
            except NotAValueError as error:
                problems.append(Problem(path, None, str(error)))
                continue
            *groups, name = path.split(".")
            node = tree
            for group in groups:
                node = node.setdefault(group, {})
            node[name] = value
        return tree, tuple(problems)


def present_texts(section: str, seen: Seen) -> dict[str, str]:
    """Return every setting of a page as its control shows it; of secrets nothing."""
    shown = {each.path: each.value for each in config_of(seen, {}).meta.fields}
    texts: dict[str, str] = {}
    for path in (setting.path for setting in fields_of(section)):
        control, value = controls()[path], shown[path]
        if control.kind == "yaml":
            value = plain_value(seen.loaded.settings, path)
        texts[path] = "" if control.kind == "secret" else text_of(control, value)
    return texts


def _was(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ConfigRefusedError("this is not the form of a settings page; load the page again")
    return found


def _texts(section: str, form: FormData) -> Iterator[tuple[str, str]]:
    """Yield what the form says of the settings of its page; what it does not hold is left."""
    for setting in fields_of(section):
        path, control = setting.path, controls()[setting.path]
        given = [each for each in form.getlist(path) if isinstance(each, str)]
        if not given:
            continue
        if control.kind == "rows":
            yield path, json.dumps(list(_rows(path, form)))
        elif control.kind == "checks":
            yield path, "\n".join(filter(None, given))
        else:
            # A box that is not ticked sends only what stands before it.
            yield path, given[-1].replace("\r\n", "\n").strip()


def _rows(path: str, form: FormData) -> Iterator[dict[str, str]]:
    columns = [name for name, _ in controls()[path].columns]
    for index in range(_MAX_INDEX):
        cells = {name: str(form.get(f"{path}.{index}.{name}", "")).strip() for name in columns}
        if f"{path}.{index}.{columns[0]}" not in form:
            return
        yield cells
