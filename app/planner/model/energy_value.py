"""The value of stored energy, as convex piecewise-linear functions merged slot by slot.

V(s), the *cost to go*, is the least cost from some instant to the end with s kWh stored; F(s), the
*cost so far*, is the least cost of standing at s. While export prices do not exceed import prices
both are convex, and -V'(s) is what one more stored kWh is worth: a staircase that falls with s.
A slot's uses (serve the house, heat, sell) and supplies (store surplus, buy) form a convex function
of the energy released, so passing a slot is an infimal convolution: the merge of two lists of
slopes (Rockafellar, Convex Analysis, section 16), cut to the band. Slopes are money per *stored*
kWh; the least cost of a plan through an instant is the minimum of F + V there.

Pieces and segments are plain tuples: with named ones a pass over 192 slots took 1.6 times as long.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from math import inf
from typing import NamedTuple

TERMINAL = -1
"""Slot index of energy that is left at the end of the horizon."""
_TINY_KWH = 1e-12

Segment = tuple[float, float, int]
"""A piece of a convex function: its slope, its width in stored kWh, the slot it stands for.

In a cost to go the slope is minus the value of the energy, so the dearest stair comes first.
"""

Piece = tuple[float, float]
"""One thing a slot can do with stored energy: its worth (or cost) per kWh, and how many kWh."""


class SlotTerms(NamedTuple):
    """What one slot offers: uses take energy out of the battery, supplies bring it in.

    ``idle_cost`` is what the slot costs with the battery off, in currency. ``forced`` says that the
    slot does all it offers, whatever that is worth: a manual charge or sale.
    """

    uses: tuple[Piece, ...]
    supplies: tuple[Piece, ...]
    idle_cost: float
    forced: bool = False


class Curve:
    """A convex function on [low_kwh, low_kwh + widths], ``low_cost`` at its left end.

    Not to be changed. A plain class: hundreds are made for a plan, and most are never looked into.
    """

    __slots__ = ("_levels", "low_cost", "low_kwh", "segments")

    def __init__(self, low_kwh: float, low_cost: float, segments: tuple[Segment, ...]) -> None:
        """Take the segments in rising order of their slope."""
        self.low_kwh = low_kwh
        self.low_cost = low_cost
        self.segments = segments
        self._levels: list[float] | None = None

    def levels(self) -> list[float]:
        """Return the stored energy at which each segment begins, and where the last one ends."""
        if self._levels is None:
            widths = [segment[1] for segment in self.segments]
            self._levels = list(accumulate(widths, initial=self.low_kwh))
        return self._levels

    def level_above(self, value_per_kwh: float, *, ties: bool) -> float:
        """Return the stored energy (kWh) below which every kWh is worth more than the value.

        With ``ties`` the kWh worth exactly the value count too.
        """
        key: tuple[float, ...] = (-value_per_kwh, inf) if ties else (-value_per_kwh,)
        return self.levels()[bisect_left(self.segments, key)]

    def stair_at(self, stored_kwh: float) -> int | None:
        """Return the index of the stair that ``stored_kwh`` stands on; None without any."""
        level_kwh = self.low_kwh
        for index, segment in enumerate(self.segments):
            level_kwh += segment[1]
            if level_kwh >= stored_kwh:
                return index
        return len(self.segments) - 1 if self.segments else None


def cost_to_go(terms: Sequence[SlotTerms], last: Curve, *, end: int | None = None) -> list[Curve]:
    """Return V before every slot up to ``end`` (all unless given), and V at ``end`` itself.

    ``last`` is V at ``end``; its domain is the band the battery may move in.
    """
    segments, low_cost = list(last.segments), last.low_cost
    result = [last]
    for slot in range((len(terms) if end is None else end) - 1, -1, -1):
        low_cost += step_back(segments, terms[slot], slot)
        result.append(Curve(last.low_kwh, low_cost, tuple(segments)))
    result.reverse()
    return result


def step_back(segments: list[Segment], terms: SlotTerms, slot: int) -> float:
    """Carry a cost to go over one slot, in place; return what its left end costs more."""
    uses, supplies, cost, forced = terms
    if forced:
        width_kwh = sum(segment[1] for segment in segments)
        uses, supplies = _within(uses, width_kwh), _within(supplies, width_kwh)
    supplied_kwh = used_kwh = 0.0
    stairs: list[Segment] = []
    # What is forced cannot give way to anything dearer or cheaper: it comes after the cuts.
    add = stairs.append if forced else partial(insort, segments)
    for price, kwh in supplies:
        if kwh > 0:
            add((-price, kwh, slot))
            supplied_kwh += kwh
            cost += price * kwh
    for value, kwh in uses:
        if kwh > 0:
            add((-value, kwh, slot))
            used_kwh += kwh
    # A supply moves the curve left (its dearest kWh are provided for), a use moves it right.
    cost += _cut_left(segments, supplied_kwh)
    _cut_right(segments, used_kwh)
    for stair in stairs:
        insort(segments, stair)
    return cost


def _within(pieces: Sequence[Piece], width_kwh: float) -> tuple[Piece, ...]:
    """Return the pieces cut to the band: no more can be forced into it, or out of it."""
    cut: list[Piece] = []
    for value, kwh in pieces:
        cut.append((value, min(kwh, width_kwh)))
        width_kwh -= cut[-1][1]
    return tuple(cut)


def cost_so_far(
    terms: Sequence[SlotTerms], first: Curve, *, band: Curve, start: int = 0
) -> list[Curve]:
    """Return F before every slot from ``start`` on; ``first`` is F before that one.

    Before the first slot of all only one level can be reached: a curve without segments.
    """
    low_kwh, low_cost, segments = first.low_kwh, first.low_cost, list(first.segments)
    floor_kwh, ceiling_kwh = band.low_kwh, band.levels()[-1]
    width_kwh = first.levels()[-1] - low_kwh
    result = [first]
    for slot in range(start, len(terms) - 1):
        uses, supplies, idle_cost, _ = terms[slot]
        low_cost += idle_cost
        for value, kwh in uses:
            if kwh > 0:
                insort(segments, (value, kwh, slot))
                low_kwh -= kwh
                width_kwh += kwh
                low_cost -= value * kwh
        for price, kwh in supplies:
            if kwh > 0:
                insort(segments, (price, kwh, slot))
                width_kwh += kwh
        below_kwh = floor_kwh - low_kwh
        if below_kwh > 0:
            low_cost += _cut_left(segments, below_kwh)
            low_kwh, width_kwh = floor_kwh, width_kwh - below_kwh
        above_kwh = low_kwh + width_kwh - ceiling_kwh
        if above_kwh > 0:
            _cut_right(segments, above_kwh)
            width_kwh -= above_kwh
        result.append(Curve(low_kwh, low_cost, tuple(segments)))
    return result


def least_cost(
    so_far: Curve, to_go: Sequence[Segment], *, low_kwh: float, low_cost: float
) -> float:
    """Return the minimum over the stored energy of F + V; V is given by its parts."""
    cost = so_far.low_cost + low_cost
    # Walk V up to where F begins, then both together until going on costs more than it saves.
    index, used_kwh = 0, so_far.low_kwh - low_kwh
    while index < len(to_go) and to_go[index][1] <= used_kwh:
        slope, width_kwh, _ = to_go[index]
        cost += slope * width_kwh
        used_kwh -= width_kwh
        index += 1
    if index < len(to_go) and used_kwh > 0:
        cost += to_go[index][0] * used_kwh
    for slope, width_kwh, _ in so_far.segments:
        left_kwh = width_kwh
        while left_kwh > _TINY_KWH and index < len(to_go):
            there_slope, there_kwh, _ = to_go[index]
            both = slope + there_slope
            if both >= 0:
                return cost
            free_kwh = there_kwh - used_kwh
            if free_kwh > left_kwh:
                cost += both * left_kwh
                used_kwh += left_kwh
                break
            cost += both * free_kwh
            left_kwh -= free_kwh
            used_kwh = 0.0
            index += 1
    return cost


def _cut_left(segments: list[Segment], amount_kwh: float) -> float:
    """Remove ``amount_kwh`` from the left end; return the cost of standing that much higher."""
    cost = 0.0
    gone = 0
    while amount_kwh > _TINY_KWH and gone < len(segments):
        slope, kwh, slot = segments[gone]
        if kwh > amount_kwh:
            segments[gone] = (slope, kwh - amount_kwh, slot)
            cost += slope * amount_kwh
            break
        cost += slope * kwh
        amount_kwh -= kwh
        gone += 1
    del segments[:gone]
    return cost


def _cut_right(segments: list[Segment], amount_kwh: float) -> None:
    """Remove ``amount_kwh`` from the right end."""
    while amount_kwh > _TINY_KWH and segments:
        slope, kwh, slot = segments[-1]
        if kwh > amount_kwh:
            segments[-1] = (slope, kwh - amount_kwh, slot)
            return
        amount_kwh -= kwh
        segments.pop()
