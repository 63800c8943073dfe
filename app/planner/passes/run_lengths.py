"""Find actions that run, or rest, for less than the owner's minimum."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from app.planner.passes.consolidation import runs_of
from app.settings import Smoothing

# The inverter follows the meter when it serves the house and when it stores its sun: one mode.
# Selling keeps the battery discharging, so serving the house before or after it is no new start.
ON_WORDS = {
    "charge": ("charge",),
    "discharge": ("discharge", "pv_charge", "export"),
    "export": ("export",),
}
DRAWS = ("discharge", "export")


class Span(NamedTuple):
    """Slots ``first`` to ``last`` in which ``word`` is on, or off, for too short a time."""

    word: str
    first: int
    last: int


def short_runs(
    labels: Sequence[str], fixed: Sequence[bool], smoothing: Smoothing, *, running: str | None
) -> list[Span]:
    """Return every run below its minimum; not the one in progress, at the edge or by hand."""
    shortest = {
        "charge": smoothing.min_on_slots_charge,
        "discharge": smoothing.min_on_slots_discharge,
        "export": smoothing.min_on_slots_export,
    }
    found = []
    for word, words in ON_WORDS.items():
        for first, last in runs_of([label in words for label in labels]):
            ongoing = first == 0 and running in words
            at_edge = last == len(labels) - 1
            if last - first + 1 >= shortest[word] or ongoing or at_edge:
                continue
            if not any(fixed[first : last + 1]) and word in labels[first : last + 1]:
                found.append(Span(word, first, last))
    return found


def short_gaps(labels: Sequence[str], fixed: Sequence[bool], smoothing: Smoothing) -> list[Span]:
    """Return every rest between two runs of charging, or of drawing, below its minimum."""
    shortest = {
        "charge": smoothing.min_off_slots_charge,
        "discharge": smoothing.min_off_slots_discharge,
    }
    found = []
    for word, least in shortest.items():
        wanted = DRAWS if word == "discharge" else (word,)
        runs = [
            (first, last)
            for first, last in runs_of([label in ON_WORDS[word] for label in labels])
            if any(label in wanted for label in labels[first : last + 1])
        ]
        for (_, before), (after, _) in pairwise(runs):
            if after - before - 1 < least and not any(fixed[before : after + 1]):
                found.append(Span(word, before + 1, after - 1))
    return found
