"""One control of a settings form as the template draws it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from app.api.settings.controls import Control
from app.api.settings.labels import choice, label
from app.wording.i18n import _

Option = tuple[str, str, bool]
# Aliases and offsets, which nobody lives in.
_NOT_PLACES: Final = ("Etc/", "posix/", "right/", "SystemV/", "US/")


@dataclass(frozen=True, slots=True)
class InputView:
    """A control: ``name`` is also its id; ``described`` names what explains it."""

    name: str
    label: str
    kind: str
    text: str
    options: tuple[Option, ...]
    bounds: tuple[tuple[str, str], ...]
    required: bool
    disabled: bool
    invalid: bool
    described: str
    error: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """One entry of a list of settings."""

    title: str
    index: int
    cells: tuple[InputView, ...]


def input_of(
    path: str, control: Control, text: str, *, disabled: bool, error: str, described: str = ""
) -> InputView:
    """Return the control of a setting, or of a cell, with the text it holds."""
    plain = ".".join(part for part in path.split(".") if not part.isdecimal())
    said = f"{path}-error {described}" if error else described
    return InputView(
        name=path,
        label=label(plain),
        kind=control.kind,
        text=text,
        options=_options(control, text),
        bounds=_bounds(control),
        required=control.kind in {"number", "text"} and not control.nullable and bool(text),
        disabled=disabled,
        invalid=bool(error),
        described=said.strip(),
        error=error,
        example=_example(path) if control.kind == "yaml" else "",
    )


def _example(path: str) -> str:
    """Return two rules as somebody might write them: dearer by day, or a rate."""
    if path.endswith("vat"):
        return "- percent: 25"
    return '- hours: ["06-22"]\n  per_kwh: 0.55\n- per_kwh: 0.20'


def rows_of(
    path: str, control: Control, text: str, errors: Mapping[str, str], *, disabled: bool
) -> tuple[RowView, ...]:
    """Return the entries of a list of settings."""
    return tuple(
        RowView(
            title=f"{label(path)} {index + 1}",
            index=index,
            cells=tuple(
                input_of(
                    f"{path}.{index}.{name}",
                    column,
                    row.get(name, ""),
                    disabled=disabled,
                    error=errors.get(f"{path}.{index}.{name}", ""),
                )
                for name, column in control.columns
            ),
        )
        for index, row in enumerate(json.loads(text) if control.kind == "rows" else [])
    )


def _bounds(control: Control) -> tuple[tuple[str, str], ...]:
    """Return min, max and step of a number as attributes."""
    if control.kind != "number":
        return ()
    given = {"min": control.minimum, "max": control.maximum}
    found = {name: f"{value:g}" for name, value in given.items() if value is not None}
    return tuple({**found, "step": "1" if control.is_integer else "any"}.items())


def _options(control: Control, text: str) -> tuple[Option, ...]:
    if control.kind == "zone":
        return tuple((zone, zone, zone == text) for zone in sorted({*_places(), text}))
    chosen = text.split("\n") if control.kind == "checks" else [text]
    options = [(str(each), choice(str(each)), str(each) in chosen) for each in control.choices]
    if control.kind == "lines":
        return tuple(options)
    if control.choices and text not in {*map(str, control.choices), ""} and len(chosen) == 1:
        options.append((text, text, True))
    # Of a list of ticks none is a choice, too.
    if control.kind == "select" and (control.nullable or not text):
        options.insert(0, ("", _("not set"), not text))
    return tuple(options)


@cache
def _places() -> frozenset[str]:
    places = {name for name in available_timezones() if "/" in name}
    return frozenset(name for name in places if not name.startswith(_NOT_PLACES)) | {"UTC"}
