"""Where on a page a refused setting is shown, and in which words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.api.settings.labels import label
from app.api.web.setting_sections import section_of
from app.core.errors import Problem
from app.settings.fields import setting_fields
from app.settings.store import legacy
from app.wording.i18n import _
from app.wording.told import told


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary on top of a form, and where it leads."""

    text: str
    href: str


def placed(
    problems: Sequence[Problem], ids: Sequence[str], origin: Mapping[str, str]
) -> tuple[dict[str, str], tuple[ErrorLine, ...]]:
    """Return the words for each field of a page, and the lines of the summary.

    ``ids`` are the paths of the page's fields and cells, ``origin`` leads from today's names to
    those the file uses: a refusal names what the file has.
    """
    today = {old: new for new, old in origin.items()} | dict(legacy.RENAMED)
    words: dict[str, str] = {}
    lines: list[ErrorLine] = []
    for problem in problems:
        field = today.get(problem.field, problem.field)
        at = _place(field, problem.reason, ids)
        text = _sentence(problem.reason)
        if at is None:
            lines.append(_elsewhere(field, text))
            continue
        if field.startswith(f"{at}.") and (rest := field[len(at) + 1 :]):
            text = f"{_within(rest)}: {text}"
        words[at] = f"{words[at]} {text}" if at in words else text
        line = text if text.startswith(f"“{_name(at)}”") else f"{_name(at)}: {text}"
        lines.append(ErrorLine(line, f"#{at}"))
    return words, tuple(lines)


def _place(field: str, reason: str, ids: Sequence[str]) -> str | None:
    """Return the field or cell that is meant: by its path, or the first the reason names."""
    if field in ids:
        return field
    held = [each for each in ids if field.startswith(f"{each}.")]
    if held:
        return max(held, key=len)
    if field in setting_fields():
        return None
    inside = [each for each in ids if not field or each.startswith(f"{field}.")]
    named = [
        (found.start(), each)
        for each in inside
        if (found := re.search(rf"\b{re.escape(each[len(field) :].lstrip('.'))}\b", reason))
    ]
    return min(named)[1] if named else None


def _sentence(reason: str) -> str:
    """Return a reason as a sentence, names of settings as people call them."""
    text = re.sub(r"\b[a-z]+(?:_[a-z0-9]+)+\b", _spoken, told(reason.strip()))
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?")) else ".")


def _spoken(found: re.Match[str]) -> str:
    """Return what a setting is called, where its name alone tells which it is."""
    paths = [path for path in setting_fields() if path.rpartition(".")[2] == found[0]]
    return f"“{label(paths[0])}”" if len(paths) == 1 else found[0]


def _within(rest: str) -> str:
    """Say which entry of a list, counted from one."""
    index, _dot, name = rest.partition(".")
    if not index.isdecimal():
        return rest
    entry = _("entry {number}", number=int(index) + 1)
    return f"{entry}, {name}" if name else entry


def _name(at: str) -> str:
    parts = [part for part in at.split(".") if not part.isdecimal()]
    numbers = [int(part) + 1 for part in at.split(".") if part.isdecimal()]
    path = ".".join(parts)
    if not numbers:
        return label(path)
    group = label(path.rpartition(".")[0])
    return f"{group} {numbers[0]}, {label(path)}"


def _elsewhere(field: str, text: str) -> ErrorLine:
    """Return a line for what is on another page, or on none."""
    known = field in setting_fields()
    if known:
        return ErrorLine(f"{label(field)}: {text}", f"/settings/{section_of(field).key}#{field}")
    named = re.search(r"\b[a-z_]+(?:\.[a-z_]+)+\b", text)
    if named and named[0] in setting_fields():
        return ErrorLine(text, f"/settings/{section_of(named[0]).key}#{named[0]}")
    return ErrorLine(text, "")
