"""How a recorded value is known: the words of ``observed_slot.quality``, best first."""

from collections.abc import Iterable
from typing import Final

MEASURED: Final = "measured"
"""Read from a meter, the whole slot."""
STATISTICS: Final = "statistics"
"""Filled in later from Home Assistant's five-minute statistics of the meter."""
RESET: Final = "reset"
"""The counter was reset in this slot: only what it counted since is in the value."""
BOUNDED: Final = "bounded"
"""The meters said something impossible (below zero, above 100 %): cut to what can be."""
ESTIMATED: Final = "estimated"
"""Spread evenly over a silence or from an hour, or taken from the plan."""
GAP: Final = "gap"
"""Nothing is known, or less than nine tenths of the slot: the value is null."""

BEST_FIRST: Final = (MEASURED, STATISTICS, RESET, BOUNDED, ESTIMATED, GAP)


def worst(qualities: Iterable[str]) -> str:
    """Return how a value is known that is made of several."""
    return max(qualities, key=BEST_FIRST.index)


def is_better(quality: str, than: str) -> bool:
    """Whether the one way of knowing is better than the other."""
    return BEST_FIRST.index(quality) < BEST_FIRST.index(than)
