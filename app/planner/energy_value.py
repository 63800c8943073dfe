"""The value of stored energy, as a curve that is merged slot by slot from the end backwards.

Let V(s) be the least cost from some instant to the end of the horizon with s kWh stored. While
export prices do not exceed import prices V is convex and piecewise linear, and -V'(s) is what one
more stored kWh is worth: a staircase that falls with s. Going one slot back adds that slot's uses
(serve the house, sell) and supplies (store surplus, buy) to the staircase and cuts it to the band:
the infimal convolution of two convex piecewise-linear functions is the merge of their sorted
slopes (Rockafellar, Convex Analysis, section 16). All values are money per *stored* kWh.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

TERMINAL = -1
"""Slot index of energy that is left at the end of the horizon."""


class Segment(NamedTuple):
    """A stair: ``kwh`` of stored energy worth ``-minus_value`` each, used (or bought) in ``slot``.

    The sign is turned so that the natural order of tuples puts the dearest stair first.
    """

    minus_value: float
    kwh: float
    slot: int


class Piece(NamedTuple):
    """One thing a slot can do with stored energy: its worth (or cost) per kWh, and how much."""

    value_per_kwh: float
    kwh: float


@dataclass(frozen=True, slots=True)
class SlotTerms:
    """What one slot offers: uses take energy out of the battery, supplies bring it in."""

    uses: tuple[Piece, ...]
    supplies: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The staircase above ``base_kwh``, dearest stair first; valid at the end of one slot."""

    base_kwh: float
    segments: tuple[Segment, ...]

    def level_above(self, value_per_kwh: float, *, ties: bool) -> float:
        """Return the stored energy (kWh) below which every kWh is worth more than the value.

        With ``ties`` the kWh worth exactly the value count too.
        """
        key = (-value_per_kwh,)
        find = bisect_right if ties else bisect_left
        index = find(self.segments, key, key=lambda segment: (segment.minus_value,))
        return self.base_kwh + sum(segment.kwh for segment in self.segments[:index])

    def at(self, stored_kwh: float) -> Segment | None:
        """Return the stair of the kWh at ``stored_kwh``, None when the band has no width."""
        level_kwh = self.base_kwh
        for segment in self.segments:
            level_kwh += segment.kwh
            if level_kwh > stored_kwh + 1e-9:
                return segment
        return self.segments[-1] if self.segments else None


def curves(terms: Sequence[SlotTerms], *, base_kwh: float, last: Sequence[Segment]) -> list[Curve]:
    """Return for every slot the curve at its *end*; ``last`` is the curve after the final slot.

    ``base_kwh`` is the least energy the battery may hold; the widths in ``last`` sum to the band.
    """
    stairs = sorted(last)
    result: list[Curve] = []
    for slot in range(len(terms) - 1, -1, -1):
        result.append(Curve(base_kwh=base_kwh, segments=tuple(stairs)))
        _merge(stairs, terms[slot], slot)
    result.reverse()
    return result


def _merge(stairs: list[Segment], terms: SlotTerms, slot: int) -> None:
    """Add the slot's stairs and cut the curve back to the band, in place."""
    used_kwh = supplied_kwh = 0.0
    for value, kwh in terms.uses:
        if kwh > 0:
            insort(stairs, Segment(-value, kwh, slot))
            used_kwh += kwh
    for cost, kwh in terms.supplies:
        if kwh > 0:
            insort(stairs, Segment(-cost, kwh, slot))
            supplied_kwh += kwh
    # A supply moves the whole curve left (its dearest kWh are provided for), a use moves it right.
    _cut(stairs, supplied_kwh, end=0)
    _cut(stairs, used_kwh, end=-1)


def _cut(stairs: list[Segment], amount_kwh: float, *, end: int) -> None:
    """Remove ``amount_kwh`` from one end of the staircase."""
    while amount_kwh > 0 and stairs:
        segment = stairs[end]
        if segment.kwh > amount_kwh:
            stairs[end] = segment._replace(kwh=segment.kwh - amount_kwh)
            return
        amount_kwh -= segment.kwh
        stairs.pop(end)
