"""A step's form: read as it was sent, only what changed kept, every error put to its field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.api.setup.fields import Spec, tree_of, unit_of
from app.core.errors import DarkstarError, SettingsError
from app.service.services import Services
from app.service.settings import ConfigDesk
from app.settings import Settings
from app.settings.fields import plain_value, setting_fields
from app.settings.store import legacy
from app.settings.store.state import Seen
from app.wording import i18n, words
from app.wording.i18n import _

_MINUS: Final = "\u2212"


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the wizard, and which it is."""

    href: str
    name: str
    number: int
    is_current: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field; ``locked`` names the environment variable that forces it."""

    name: str
    id: str
    label: str
    help: str
    kind: str
    unit: str
    value: str
    error: str
    locked: str
    options: tuple[tuple[str, str], ...]
    suggestions: tuple[str, ...]
    described_by: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Fields that belong together; ``css`` says when they are shown."""

    legend: str
    note: str
    css: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form asks to change, by dotted path, and what is wrong with it, by field."""

    changes: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)


def number_of(text: str) -> float | int | None:
    """Return the number a person wrote, with a comma or a point; None if it is none."""
    plain = text.strip().replace(_MINUS, "-").replace("\u202f", "").replace(" ", "")
    try:
        value = float(plain.replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def locked_by(seen: Seen, path: str) -> str:
    """Return the environment variable that forces a setting, empty if none does."""
    forced = legacy.look(dict(seen.loaded.forced), path) is not None
    return setting_fields()[path].env if forced and path in setting_fields() else ""


def read_fields(specs: tuple[Spec, ...], form: Mapping[str, str], settings: Settings) -> Sent:
    """Return the fields whose value is another than the setting's; a field not sent stays."""
    changes: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for spec in specs:
        if spec.path not in form:
            continue
        text = form[spec.path].strip()
        if not text and spec.kind == "secret":
            continue
        value: Any = text
        if not text:
            value = None
        elif spec.kind == "number":
            value = number_of(text)
        if value is None and not (spec.optional and not text):
            errors[spec.path] = _("Write a number here.") if text else _("Fill this in.")
        elif _differs(value, plain_value(settings, spec.path)):
            changes[spec.path] = value
    return Sent(changes, errors)


def _differs(value: Any, present: Any) -> bool:
    return bool(value != present and text_as_stored(value) != text_as_stored(present))


def text_as_stored(value: Any) -> str:
    """Return a value as a choice names it: 180 and 180.0 are one."""
    number = number_of(str(value)) if isinstance(value, float | int | str) else None
    return str(value if number is None else number)


def field_view(
    spec: Spec, values: Mapping[str, str], errors: Mapping[str, str], seen: Seen
) -> FieldView:
    """Return a field with its value, error and unit."""
    at = spec.path.replace(".", "-")
    value, error = values.get(spec.path, ""), errors.get(spec.path, "")
    if spec.kind == "number" and number_of(value) is not None:
        value = value.replace(".", i18n.decimal_mark())
    options = tuple((text_as_stored(each), _(label)) for each, label in spec.choices)
    if spec.kind == "choice":
        value = text_as_stored(value)
        if value not in dict(options):
            options = ((value, value or _("not chosen")), *options)
    return FieldView(
        name=spec.path,
        id=at,
        label=_(spec.label),
        help=_(spec.help),
        kind=spec.kind,
        unit=unit_of(spec, seen.loaded.settings.nordpool.currency),
        value=value,
        error=error,
        locked=locked_by(seen, spec.path),
        options=options,
        suggestions=spec.suggestions,
        described_by=f"{at}-help {at}-error" if error else f"{at}-help",
    )


async def save(
    desk: ConfigDesk, deps: Services, sent: Sent, *, version: str | None, by: str
) -> None:
    """Write the changes and put them in force; raises what the desk says against them."""
    if not sent.changes:
        return
    saved = await desk.save(tree_of(sent.changes), if_version=version, by=by)
    if saved.changed:
        deps.events.publish("config")


def errors_of(error: DarkstarError, specs: tuple[Spec, ...], seen: Seen) -> dict[str, str]:
    """Return what the desk refused by field, in the words of the form; ``""`` is the whole form."""
    if not isinstance(error, SettingsError) or not error.problems:
        return {"": words.sentence(str(error))}
    names = {old: new for new, old in seen.loaded.origin.items()}
    found: dict[str, str] = {}
    for problem in error.problems:
        path = names.get(problem.field, problem.field)
        at = path if any(spec.path == path for spec in specs) else _meant(problem.reason, specs)
        text = words.sentence(_named(problem.reason, specs))
        found[at] = f"{found[at]} {text}" if at in found else text
    return found


def _meant(reason: str, specs: tuple[Spec, ...]) -> str:
    """Return the first field that a reason about several names."""
    places = {spec.path: reason.find(spec.name) for spec in specs if spec.name in reason}
    return min(places, key=lambda path: places[path], default="")


def _named(reason: str, specs: tuple[Spec, ...]) -> str:
    """Return a reason with the fields called as the form calls them."""
    for spec in sorted(specs, key=lambda each: -len(each.name)):
        reason = reason.replace(spec.path, f"“{_(spec.label)}”")
        reason = reason.replace(spec.name, f"“{_(spec.label)}”")
    return reason
