"""Slots whose cost is not convex: ways of running them that each are, and the choice among them.

A slot may sell dearer than it buys, be paid for burning energy, or lose for nothing what it would
have to pay for selling. Its cost then has a kink the wrong way, between buying and selling, say: on
either side of it the slot is as any other. So each side is a *way* with terms of its own, and with
a way chosen for every slot the value of stored energy is exact again.

The choice begins with the convex hull of a slot's ways, which is what the slot could do at best: of
the plan that is exact for the hulls only few slots stand between two ways (as many as the band cuts
the horizon into; Shapley and Folkman), the others have chosen already. Then single slots change
their way while the whole plan gets cheaper, priced exactly.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise, product
from math import inf

from app.planner.engine.ways import Ways
from app.planner.model.energy_value import (
    Curve,
    Piece,
    SlotTerms,
    cost_so_far,
    cost_to_go,
    least_cost,
    step_back,
)

_TINY = 1e-9
_WORTH_IT = 1e-7
_NEAR = 12
"""Slots with several ways that count as near each other: the dozen that follow."""
_MOST_LOOKS = 4000
"""Changes that are priced at most: about 0.1 ms each."""
_Point = tuple[float, float]


def hull(ways: Ways) -> SlotTerms:
    """Return the terms of a slot that could mix its ways: the convex hull of their costs."""
    if len(ways) == 1:
        return ways[0]
    points = sorted(point for way in ways for point in _points(way))
    lower: list[_Point] = []
    for point in points:
        while len(lower) > 1 and _turns_down(lower[-2], lower[-1], point):
            lower.pop()
        if lower and point[0] - lower[-1][0] <= _TINY:
            # Sorted, so the first of two points above each other is the lower one.
            continue
        lower.append(point)
    uses: list[Piece] = []
    supplies: list[Piece] = []
    idle_cost = lower[0][1]
    for (left, cost), (right, next_cost) in pairwise(lower):
        slope = (next_cost - cost) / (right - left)
        if left < 0:
            uses.append((slope, min(right, 0.0) - left))
        if right > 0:
            supplies.append((slope, right - max(left, 0.0)))
        if left <= 0 <= right:
            idle_cost = cost - slope * left
    return SlotTerms(tuple(uses), tuple(supplies), idle_cost)


def chosen(slots: Sequence[Ways], last: Curve, start_kwh: float) -> list[SlotTerms]:
    """Return one way of every slot, such that the whole horizon costs little."""
    open_slots = [slot for slot, ways in enumerate(slots) if len(ways) > 1]
    if not open_slots:
        return [ways[0] for ways in slots]
    hulls = [hull(ways) for ways in slots]
    curves = cost_to_go(hulls, last)
    picks: list[SlotTerms] = []
    stored_kwh = start_kwh
    for ways, relaxed, after in zip(slots, hulls, curves[1:], strict=True):
        end_kwh = _end_kwh(relaxed, after, stored_kwh)
        picks.append(min(ways, key=lambda way: _cost_of(way, end_kwh - stored_kwh)))
        stored_kwh = end_kwh
    return _Search(slots, open_slots, picks, last, start_kwh).run()


class _Search:
    """Single changes of way, each priced exactly from the curves before and after the slot."""

    def __init__(
        self,
        slots: Sequence[Ways],
        open_slots: list[int],
        picks: list[SlotTerms],
        last: Curve,
        start_kwh: float,
    ) -> None:
        self.slots, self.open_slots, self.picks, self.last = slots, open_slots, picks, last
        self.to_go = cost_to_go(picks, last)
        self.so_far = cost_so_far(picks, Curve(start_kwh, 0.0, ()), band=last)
        self.looks = 0
        self.cost = self._price({0: picks[0]})

    def run(self) -> list[SlotTerms]:
        """Change single slots, then two near each other, until nothing gets cheaper."""
        self._until_nothing_changes([(slot,) for slot in self.open_slots])
        near = [
            (slot, other)
            for index, slot in enumerate(self.open_slots)
            for other in self.open_slots[index + 1 : index + 1 + _NEAR]
        ]
        self._until_nothing_changes([*((slot,) for slot in self.open_slots), *near])
        return self.picks

    def _until_nothing_changes(self, places: Sequence[tuple[int, ...]]) -> None:
        """Go round the places until each was looked at in vain, or enough was tried."""
        since_change = 0
        for place in cycle(places):
            if since_change >= len(places) or self.looks >= _MOST_LOOKS:
                return
            since_change += 1
            for turned in product(*(self._others(slot) for slot in place)):
                change = dict(zip(place, turned, strict=True))
                self.looks += 1
                cost = self._price(change)
                if cost < self.cost - _WORTH_IT:
                    self._take(change, cost)
                    since_change = 0

    def _others(self, slot: int) -> list[SlotTerms]:
        return [way for way in self.slots[slot] if way is not self.picks[slot]]

    def _price(self, change: Mapping[int, SlotTerms]) -> float:
        """Return the least cost of the horizon with some slots run another way."""
        first, last = min(change), max(change)
        after = self.to_go[last + 1]
        segments, low_cost = list(after.segments), after.low_cost
        for slot in range(last, first - 1, -1):
            low_cost += step_back(segments, change.get(slot, self.picks[slot]), slot)
        return least_cost(self.so_far[first], segments, low_kwh=after.low_kwh, low_cost=low_cost)

    def _take(self, change: Mapping[int, SlotTerms], cost: float) -> None:
        for slot, way in change.items():
            self.picks[slot] = way
        self.cost = cost
        first, end = min(change), max(change) + 1
        self.to_go[:end] = cost_to_go(self.picks, self.to_go[end], end=end)[:-1]
        self.so_far[first:] = cost_so_far(
            self.picks, self.so_far[first], band=self.last, start=first
        )


def _pieces(way: SlotTerms) -> list[Piece]:
    """Return what a slot can do as (slope, kWh), from the most it can release upwards."""
    return sorted(piece for piece in (*way.uses, *way.supplies) if piece[1] > 0)


def _points(way: SlotTerms) -> list[_Point]:
    """Return the corners of a way's cost over the energy that it stores, kWh."""
    released_kwh = sum(kwh for _, kwh in way.uses)
    at, cost = -released_kwh, way.idle_cost - sum(value * kwh for value, kwh in way.uses if kwh)
    points = [(at, cost)]
    for slope, kwh in _pieces(way):
        at, cost = at + kwh, cost + slope * kwh
        points.append((at, cost))
    return points


def _cost_of(way: SlotTerms, stored_kwh: float) -> float:
    """Return what a way costs that stores so much; infinite beyond its reach."""
    points = _points(way)
    if not points[0][0] - _TINY <= stored_kwh <= points[-1][0] + _TINY:
        return inf
    for (left, cost), (right, next_cost) in pairwise(points):
        if stored_kwh <= right:
            return cost + (next_cost - cost) * (stored_kwh - left) / (right - left)
    return points[-1][1]


def _end_kwh(way: SlotTerms, after: Curve, stored_kwh: float) -> float:
    """Return the stored energy at a slot's end when it does what the value after it says."""
    end_kwh = stored_kwh - sum(kwh for _, kwh in way.uses)
    for slope, kwh in _pieces(way):
        end_kwh += min(kwh, max(0.0, after.level_above(slope, ties=False) - end_kwh))
    return end_kwh


def _turns_down(first: _Point, middle: _Point, last: _Point) -> bool:
    """Say whether the middle point lies on or above the line between the others."""
    return (middle[1] - first[1]) * (last[0] - first[0]) >= (last[1] - first[1]) * (
        middle[0] - first[0]
    )
