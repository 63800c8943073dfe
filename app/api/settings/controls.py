"""Which control shows a setting, and how its value becomes text in a form and back again."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final, Literal

import yaml

from app.api.settings import config_view
from app.core.errors import SettingsError
from app.core.yaml_file import data_of
from app.settings.fields import setting_fields
from app.wording.i18n import _

Kind = Literal[
    "number", "text", "select", "zone", "checkbox", "time", "lines", "checks", "yaml", "rows",
    "secret",
]  # fmt: skip
Schema = Mapping[str, Any]
# Lists of choices whose order says something; of others only which are chosen.
_ORDERED: Final = {"prices.providers"}
_MAX_ROWS: Final = 50


class NotAValueError(ValueError):
    """The text of a field is no value; the message says why, in the language in force."""


@dataclass(frozen=True, slots=True)
class Control:
    """How a setting, or a column of a list of settings, is shown and read."""

    kind: Kind
    is_integer: bool = False
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    columns: tuple[tuple[str, "Control"], ...] = ()
    # What a new row holds in this column.
    at_first: str = ""


@cache
def controls() -> Mapping[str, Control]:
    """Return the control of every setting by its path."""
    whole = config_view.schema()
    made = {}
    for path in setting_fields():
        node, may_be_missing = _property(whole, path)
        made[path] = _control(path, node, whole, may_be_missing=may_be_missing)
    return made


def _property(whole: Schema, path: str) -> tuple[Schema, bool]:
    """Return the schema of a setting, and whether the group it is in may be missing."""
    node, may_be_missing = whole, False
    *groups, name = path.split(".")
    for group in groups:
        node, nullable = _plain(node["properties"][group], whole)
        may_be_missing = may_be_missing or nullable
    return node["properties"][name], may_be_missing


def _plain(node: Schema, whole: Schema) -> tuple[Schema, bool]:
    """Follow a reference and take null out of a choice; tell whether it was there."""
    kinds = node.get("anyOf", [node])
    nullable = any(each.get("type") == "null" for each in kinds)
    found: Schema = next(each for each in kinds if each.get("type") != "null")
    if "$ref" in found:
        found = whole["$defs"][found["$ref"].rpartition("/")[2]]
    return found, nullable


def _control(path: str, node: Schema, whole: Schema, *, may_be_missing: bool) -> Control:
    plain, nullable = _plain(node, whole)
    nullable = nullable or may_be_missing
    kind = plain.get("type")
    if plain.get("writeOnly"):
        return Control("secret", nullable=True)
    if kind == "array":
        return _list(path, _plain(plain["items"], whole)[0], whole)
    if kind == "boolean":
        return Control("checkbox")
    is_integer = kind == "integer"
    if "enum" in plain:
        choices = tuple(plain["enum"])
        return Control("select", is_integer=is_integer, nullable=nullable, choices=choices)
    if kind in {"integer", "number"}:
        return Control(
            "number",
            is_integer=is_integer,
            nullable=nullable,
            minimum=plain.get("minimum", plain.get("exclusiveMinimum")),
            maximum=plain.get("maximum"),
        )
    text: Kind = "time" if plain.get("format") == "time" else "text"
    return Control("zone" if path == "timezone" else text, nullable=nullable)


def _list(path: str, item: Schema, whole: Schema) -> Control:
    if item.get("type") != "object":
        ordered = "enum" not in item or path in _ORDERED
        return Control(
            "lines" if ordered else "checks",
            is_integer=item["type"] == "integer",
            choices=tuple(item.get("enum", ())),
        )
    columns = tuple(
        (name, _column(f"{path}.{name}", node, whole)) for name, node in item["properties"].items()
    )
    nested = any(column.kind in {"lines", "checks", "rows", "yaml"} for _, column in columns)
    return Control("yaml") if nested else Control("rows", columns=columns)


def _column(path: str, node: Schema, whole: Schema) -> Control:
    control = _control(path, node, whole, may_be_missing=False)
    return replace(control, at_first=text_of(control, node.get("default")))


def text_of(control: Control, value: Any) -> str:
    """Return a value, as JSON has it, as the text its control holds."""
    if value is None:
        return "[]" if control.kind == "rows" else ""
    if control.kind == "rows":
        return json.dumps(
            [{name: text_of(of, row.get(name)) for name, of in control.columns} for row in value]
        )
    if control.kind == "yaml":
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).strip() if value else ""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def value_of_text(control: Control, text: str) -> Any:
    """Return what a text says, as JSON has it; None takes the default.

    Raises ``NotAValueError`` for what is no value; whether it is a good one the settings say.
    """
    text = text.strip()
    match control.kind:
        case "rows":
            return _rows_value(control, json.loads(text))
        case "yaml":
            return _yaml_value(text)
        case "checkbox":
            return text == "true"
        case "lines" | "checks":
            parts = [part.strip() for part in text.replace(",", "\n").splitlines()]
            return [_number(part, control) for part in parts if part]
    if not text:
        if control.nullable:
            return None
        raise NotAValueError(_("Is empty: write a value, or take its default."))
    return _number(text, control)


def _number(text: str, control: Control) -> Any:
    """Return a number where one is wanted; what is none is left for the settings to refuse."""
    if control.is_integer:
        with suppress(ValueError):
            return int(text)
    if control.kind == "number":
        with suppress(ValueError):
            return float(text.replace(",", ".").replace("\u2212", "-"))
    return text


def _rows_value(control: Control, rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    made = []
    for row in rows[:_MAX_ROWS]:
        cells = {name: row.get(name, "").strip() for name, _ in control.columns}
        # What may be left empty is then not said; of anything else the settings ask for a value.
        made.append(
            {
                name: _number(cells[name], of)
                for name, of in control.columns
                if cells[name] or not of.nullable
            }
        )
    return made


def _yaml_value(text: str) -> Any:
    try:
        found = data_of(text.encode(), "")
    except SettingsError as error:
        raise NotAValueError(str(error).removeprefix(": ").removeprefix(", ")) from None
    return _as_json(found) if found is not None else []


def _as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value
