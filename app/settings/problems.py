"""Say what is wrong with a configuration in its owner's words, and never show a secret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import Problem, SettingsError

_FIXES = {
    "string_type": "; put it in quotes",
    "float_parsing": "; write the number alone, with a decimal point: the unit is in the name",
    "int_parsing": "; write the number alone: the unit is in the name",
    "model_type": "; write its settings as `name: value` lines below it",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting: whether it must stay secret, and whether it stands inside a list."""

    secret: bool
    in_list: bool


def holds_secret(kind: Any) -> bool:
    """Tell whether a field's type is a secret, at whatever depth: checked ones are wrapped."""
    return kind is SecretStr or any(holds_secret(each) for each in get_args(kind))


def leaves(
    model: type[BaseModel], prefix: str = "", *, in_list: bool = False
) -> Iterator[tuple[str, Leaf]]:
    """Yield the dotted path of every setting and group of the model."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        kinds = (field.annotation, *get_args(field.annotation))
        yield path, Leaf(secret=holds_secret(field.annotation), in_list=in_list)
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                listed = in_list or Ellipsis in kinds
                yield from leaves(kind, f"{path}.", in_list=listed)


def refusal(
    error: ValidationError, model: type[BaseModel], origin: Mapping[str, str]
) -> SettingsError:
    """Return the error that lists each problem as ``field.path = value: reason; fix``."""
    known = dict(leaves(model))
    problems = tuple(_problem(detail, known, origin) for detail in error.errors(include_url=False))
    return SettingsError.listing(problems)


def hint(name: str, known: Iterator[str] | list[str]) -> str:
    """Return ``; did you mean ...?`` if a known name is close, else nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _problem(detail: ErrorDetails, known: Mapping[str, Leaf], origin: Mapping[str, str]) -> Problem:
    parts = [str(part) for part in detail["loc"]]
    path = ".".join(parts)
    plain = ".".join(part for part in parts if not part.isdigit())
    reason = _reason(detail, plain, known)
    leaf = known.get(plain)
    value: Any = detail["input"]
    # What stands under an unknown name may be a secret whose name was mistyped.
    shown = (
        leaf is not None and isinstance(value, str | int | float) and not _is_group(plain, known)
    )
    if not shown or leaf is None or detail["type"] == "missing":
        return Problem(origin.get(path, path), None, reason)
    masked = leaf.secret or "@" in str(value)
    return Problem(origin.get(path, path), "***" if masked else repr(value)[:80], reason)


def _is_group(path: str, known: Mapping[str, Leaf]) -> bool:
    return any(name.startswith(f"{path}.") for name in known)


def _reason(detail: ErrorDetails, path: str, known: Mapping[str, Leaf]) -> str:
    if detail["type"] == "extra_forbidden":
        near = hint(path, list(known))
        return f"no such setting{near or '; config.default.yaml lists them all'}"
    if detail["type"] == "missing":
        return "is missing; add it"
    reason = detail["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return reason + _FIXES.get(detail["type"], "")
