"""From rules with validity dates to the spans of days on which the same rules hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, Protocol, TypeVar

_DAY = timedelta(days=1)


class Dated(Protocol):
    """A rule with its first and last day."""

    @property
    def valid_from(self) -> date | None:
        """Its first day, None for ever before."""

    @property
    def valid_to(self) -> date | None:
        """Its last day, None for ever after."""

    @property
    def is_always(self) -> bool:
        """Whether it fits every slot of its days."""


R = TypeVar("R", bound=Dated)


@dataclass(frozen=True, slots=True)
class Segment(Generic[R]):
    """From ``start`` (None: for ever before) on these rules hold, the first that fits counts.

    ``expired``: no figure is known for these days, the last known rules go on.
    """

    start: date | None
    rules: tuple[R, ...]
    expired: bool = False


def segments(rules: Sequence[R]) -> tuple[Segment[R], ...]:
    """Return the spans in order of time; days before the first known figure have none."""
    starts = {rule.valid_from for rule in rules}
    starts |= {rule.valid_to + _DAY for rule in rules if rule.valid_to}
    found: list[Segment[R]] = []
    for start in sorted(starts, key=lambda day: day or date.min):
        valid = tuple(rule for rule in rules if _holds(rule, start))
        if valid:
            found.append(Segment(start, valid))
        elif found:
            found.append(Segment(start, found[-1].rules, expired=True))
    return tuple(found)


def gaps(rules: Sequence[Dated]) -> str:
    """Say where the rules leave a slot without a figure, between or beside them; else nothing."""
    spans = segments(rules)
    for index, span in enumerate(spans):
        since = f"from {span.start} on" if span.start else "from the beginning"
        if span.expired and index + 1 < len(spans):
            return f"{since} no rule is valid until {spans[index + 1].start}; close the gap"
        if not any(rule.is_always for rule in span.rules):
            return (
                f"{since} no rule fits outside the given months, days and hours; "
                "end the list with one that has none of them"
            )
    return ""


def _holds(rule: Dated, start: date | None) -> bool:
    if start is None:
        return rule.valid_from is None
    begun = rule.valid_from is None or rule.valid_from <= start
    return begun and (rule.valid_to is None or start <= rule.valid_to)
