"""What one plan does differently from another, as ranges of slots that changed in the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from app.db.run_changes import COMPARED_POWERS, NOTICEABLE_KW
from app.db.tables.models import HistorySlot


@dataclass(frozen=True, slots=True)
class Doing:
    """What a plan does in a range of slots: one word, mean powers in kW, cost in currency."""

    classification: str
    is_manual: bool
    charge_kw: float
    discharge_kw: float
    export_kw: float
    water_kw: float
    cost: float


@dataclass(frozen=True, slots=True)
class SlotChange:
    """A range ``[start, end)`` that the later plan treats in another way than the earlier one."""

    start: datetime
    end: datetime
    slots: int
    before: Doing
    after: Doing


@dataclass(frozen=True, slots=True)
class Span:
    """A range ``[start, end)`` of slots."""

    start: datetime
    end: datetime
    slots: int


@dataclass(frozen=True, slots=True)
class SlotChanges:
    """Two plans compared over the slots both have; money in currency, charge level in percent.

    ``cost_difference`` is what the later plan costs more over all common slots (negative: less),
    ``soc_difference_percent`` how much fuller the battery is at their end. ``only_before`` and
    ``only_after`` are the slots that one of the plans does not have.
    """

    changes: tuple[SlotChange, ...]
    common: Span | None
    cost_difference: float
    soc_difference_percent: float
    only_before: tuple[Span, ...]
    only_after: tuple[Span, ...]


Pair = tuple[HistorySlot, HistorySlot]


def compare(before: Sequence[HistorySlot], after: Sequence[HistorySlot]) -> SlotChanges:
    """Compare two plans, each oldest slot first."""
    earlier = {slot.slot_start: slot for slot in before}
    later = {slot.slot_start: slot for slot in after}
    pairs = [(earlier[start], later[start]) for start in earlier if start in later]
    changed = [pair for pair in pairs if _differs(*pair)]
    last = pairs[-1] if pairs else None
    return SlotChanges(
        changes=tuple(_change(run) for run in _merged(changed)),
        common=_span([one for one, _ in pairs]) if pairs else None,
        cost_difference=sum(two.planned_cost - one.planned_cost for one, two in pairs),
        soc_difference_percent=last[1].soc_projected - last[0].soc_projected if last else 0.0,
        only_before=_spans([slot for slot in before if slot.slot_start not in later]),
        only_after=_spans([slot for slot in after if slot.slot_start not in earlier]),
    )


def _differs(one: HistorySlot, two: HistorySlot) -> bool:
    if (one.classification, one.is_manual) != (two.classification, two.is_manual):
        return True
    return any(abs(getattr(one, kw) - getattr(two, kw)) >= NOTICEABLE_KW for kw in COMPARED_POWERS)


def _kind(pair: Pair) -> tuple[object, ...]:
    """Return what makes two changes the same kind of change."""
    return tuple(
        (slot.classification, slot.is_manual, slot.water_kw >= NOTICEABLE_KW) for slot in pair
    )


def _merged(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Return the pairs in runs of neighbours that change in the same way."""
    runs = [[pair] for pair in pairs[:1]]
    for last, pair in pairwise(pairs):
        if last[0].slot_end == pair[0].slot_start and _kind(last) == _kind(pair):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return runs


def _change(pairs: Sequence[Pair]) -> SlotChange:
    before, after = ([pair[side] for pair in pairs] for side in (0, 1))
    span = _span(before)
    return SlotChange(span.start, span.end, span.slots, _doing(before), _doing(after))


def _doing(slots: Sequence[HistorySlot]) -> Doing:
    means = {kw: sum(getattr(slot, kw) for slot in slots) / len(slots) for kw in COMPARED_POWERS}
    return Doing(
        classification=slots[0].classification,
        is_manual=slots[0].is_manual,
        cost=sum(slot.planned_cost for slot in slots),
        **means,
    )


def _spans(slots: Sequence[HistorySlot]) -> tuple[Span, ...]:
    """Return slots as unbroken ranges."""
    runs = [[slot] for slot in slots[:1]]
    for last, slot in pairwise(slots):
        if last.slot_end == slot.slot_start:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return tuple(_span(run) for run in runs)


def _span(slots: Sequence[HistorySlot]) -> Span:
    return Span(slots[0].slot_start, slots[-1].slot_end, len(slots))
