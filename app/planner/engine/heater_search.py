"""Place the heater with the exact value of stored energy as judge.

What heating costs in a slot depends on what the battery does, and the other way round. So each
day's blocks are chosen exactly for the marginal cost of heat at the present plan, the choice is
priced exactly, and the marginal costs are taken anew, until nothing gets cheaper; then single
slots move while that pays. Everything is priced through ``energy_value``: a change between two
slots needs only the slots between them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, nsmallest
from itertools import islice
from typing import Self

from app.planner.engine.water_days import DayTask
from app.planner.model.energy_value import (
    Curve,
    SlotTerms,
    cost_so_far,
    cost_to_go,
    least_cost,
    step_back,
)

_WORTH_IT = 1e-7
_ROUNDS = 3
_CHANGES = 12
_TRIED = 16
_CHEAPEST = 8
_AVERAGED = 8


@dataclass(frozen=True, slots=True)
class Heater:
    """What every slot offers with the heater off and on, and the curve after the last slot.

    ``leans`` says that somewhere only the battery and the main fuse together carry the heat.
    """

    off: Sequence[SlotTerms]
    on: Sequence[SlotTerms]
    last: Curve
    start_kwh: float
    leans: bool = False


class Schedule:
    """A heater schedule with the exact curves around it."""

    def __init__(
        self,
        heater: Heater,
        on: list[bool],
        terms: list[SlotTerms],
        to_go: list[Curve],
        so_far: list[Curve],
    ) -> None:
        """Take the parts as they are; ``of`` builds them."""
        self.heater, self.on, self.terms = heater, on, terms
        self.to_go, self.so_far = to_go, so_far
        self.cost = self.price(())

    @classmethod
    def of(cls, heater: Heater, on: Sequence[bool]) -> Self:
        """Build the curves of a schedule."""
        pairs = zip(heater.off, heater.on, on, strict=True)
        terms = [hot if is_on else cold for cold, hot, is_on in pairs]
        start = Curve(heater.start_kwh, 0.0, ())
        so_far = cost_so_far(terms, start, band=heater.last)
        return cls(heater, list(on), terms, cost_to_go(terms, heater.last), so_far)

    def price(self, toggled: Sequence[int]) -> float:
        """Return the least cost of the horizon with some slots' heat turned over."""
        first, end = (min(toggled), max(toggled) + 1) if toggled else (0, 0)
        after = self.to_go[end]
        segments, low_cost = list(after.segments), after.low_cost
        for slot in range(end - 1, first - 1, -1):
            terms = self.terms[slot]
            if slot in toggled:
                terms = (self.heater.off if self.on[slot] else self.heater.on)[slot]
            low_cost += step_back(segments, terms, slot)
        return least_cost(self.so_far[first], segments, low_kwh=after.low_kwh, low_cost=low_cost)

    def heat_costs(self, slots: Sequence[int]) -> list[float]:
        """Return what heat costs in each slot: what it adds where off, what it saves where on."""
        return [(self.cost - self.price((slot,))) * (1 if self.on[slot] else -1) for slot in slots]

    def turned(self, slots: Sequence[int]) -> "Schedule":
        """Return the schedule with some slots turned over; only what they touch is built anew."""
        if not slots:
            return self
        on, terms = list(self.on), list(self.terms)
        for slot in slots:
            on[slot] = not on[slot]
            terms[slot] = (self.heater.on if on[slot] else self.heater.off)[slot]
        first, end = min(slots), max(slots) + 1
        to_go = cost_to_go(terms, self.to_go[end], end=end) + self.to_go[end + 1 :]
        so_far = self.so_far[:first] + cost_so_far(
            terms, self.so_far[first], band=self.heater.last, start=first
        )
        return Schedule(self.heater, on, terms, to_go, so_far)


def improve(
    heater: Heater, days: Sequence[tuple[DayTask, Sequence[int]]], fixed: Sequence[int]
) -> list[list[int]]:
    """Return better slots for every day, given the days' tasks and present slots.

    ``fixed`` slots heat whatever happens. A day keeps the slots it needs (fewer only where so many
    did not fit at first), and gets more only where using power is paid for.
    """
    chosen = [list(slots) for _, slots in days]
    on = set(fixed).union(*chosen) if chosen else set(fixed)
    state = Schedule.of(heater, [slot in on for slot in range(len(heater.off))])
    # A day is looked at again only after something has changed, be it by itself.
    waiting = list(range(len(days)))
    for visit in range(_ROUNDS * len(days)):
        if not waiting:
            break
        index = waiting.pop(0)
        task, at_first = days[index]
        taken = set(fixed).union(*chosen[:index], *chosen[index + 1 :])
        window = [slot for slot in task.window if slot not in taken]
        day = _Day(task, window, least=min(task.wanted, len(at_first)))
        before = state.cost
        first = visit < len(days)
        state, chosen[index] = _improve_day(state, day, chosen[index], afresh=first)
        if state.cost < before - _WORTH_IT:
            waiting += [other for other in range(len(days)) if other not in waiting]
    return chosen


@dataclass(frozen=True, slots=True)
class _Day:
    """A day's task with the slots that other days have left it, and how many it must get."""

    task: DayTask
    window: list[int]
    least: int

    @property
    def running(self) -> list[int]:
        return list(self.task.window[: self.task.running])

    def blocks(self, costs: list[float]) -> list[int]:
        """Return the cheapest blocks at these marginal costs; running slots stay."""
        # Rounding must not make free heat look paid for: more than needed has to be worth it.
        priced = zip(self.window, costs, strict=True)
        known = {slot: cost + _WORTH_IT for slot, cost in priced}
        return self.task.cheapest(known, least=self.least)

    def changes(self, chosen: list[int], costs: list[float]) -> Iterator[tuple[int, ...]]:
        """Yield the slots to turn over for every allowed small change, most promising first."""
        known = dict(zip(self.window, costs, strict=True))
        loose = [slot for slot in chosen if slot not in self.running]
        free = [slot for slot in self.window if slot not in chosen]
        # Beside a block or among the cheapest: all 90 took 2 ms a look and found nothing more.
        near = {slot + step for slot in chosen for step in (-1, 1)}
        cheapest = set(nsmallest(_CHEAPEST, free, key=lambda slot: known[slot]))
        free = [slot for slot in free if slot in near or slot in cheapest]
        found: list[tuple[float, tuple[int, ...]]] = [
            (known[there] - known[here], (here, there)) for here in loose for there in free
        ]
        if len(chosen) < self.task.most:
            found += [(known[there], (there,)) for there in free if known[there] < -_WORTH_IT]
        if len(chosen) > self.least:
            found += [(-known[here], (here,)) for here in loose if known[here] > 0]
        heapify(found)
        while found:
            _, turned = heappop(found)
            if self._fits(set(chosen) ^ set(turned)):
                yield turned

    def _fits(self, slots: set[int]) -> bool:
        return sum(slot - 1 not in slots for slot in slots) <= self.task.max_blocks


def _improve_day(
    state: Schedule, day: _Day, chosen: list[int], *, afresh: bool
) -> tuple[Schedule, list[int]]:
    """Choose this day's blocks anew, then make small changes while they pay."""
    if not day.window or day.least <= day.task.running:
        return state, chosen
    # First as if the day had no heat yet, then around the best found so far.
    if afresh:
        picks = day.blocks(state.turned(chosen).heat_costs(day.window))
        state, chosen = _better(state, day, chosen, picks)
        if state.heater.leans:
            state, chosen = _averaged(state, day, chosen)
    costs = state.heat_costs(day.window)
    before = state.cost
    state, chosen = _better(state, day, chosen, day.blocks(costs))
    for _ in range(_CHANGES):
        if state.cost < before:
            before, costs = state.cost, state.heat_costs(day.window)
        better = next(
            (
                turned
                for turned in islice(day.changes(chosen, costs), _TRIED)
                if state.price(turned) < state.cost - _WORTH_IT
            ),
            None,
        )
        if better is None:
            break
        state, chosen = state.turned(better), sorted(set(chosen) ^ set(better))
    return state, chosen


def _averaged(state: Schedule, day: _Day, chosen: list[int]) -> tuple[Schedule, list[int]]:
    """Choose the blocks for the mean of the marginal costs at every choice so far.

    Where the battery helps to carry the heat, its help ends at some slot, and what the next one
    costs jumps there: chosen for the latest costs alone, blocks swing from one place to another.
    """
    total = [0.0] * len(day.window)
    at, there = state, chosen
    for count in range(1, _AVERAGED + 1):
        costs = at.heat_costs(day.window)
        total = [known + cost for known, cost in zip(total, costs, strict=True)]
        picks = day.blocks([cost / count for cost in total])
        turned = sorted(set(there) ^ set(picks))
        if len(picks) < day.least or not turned:
            continue
        at, there = at.turned(turned), picks
        if at.cost < state.cost - _WORTH_IT:
            state, chosen = at, there
    return state, chosen


def _better(
    state: Schedule, day: _Day, chosen: list[int], picks: list[int]
) -> tuple[Schedule, list[int]]:
    """Take the picks if they make the whole plan cheaper."""
    turned = sorted(set(chosen) ^ set(picks))
    if len(picks) >= day.least and turned and state.price(turned) < state.cost - _WORTH_IT:
        return state.turned(turned), picks
    return state, chosen
