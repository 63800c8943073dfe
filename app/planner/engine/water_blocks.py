"""Choose when the water heater runs: the cheapest slots in at most N contiguous blocks.

An exact choice by dynamic programming over (slots placed, blocks opened): the cost of every slot
is known, so one pass over the slots finds the optimum of a day.
"""

import math
from collections.abc import Sequence
from functools import partial

_Table = list[float]


def cheapest_blocks(
    costs: Sequence[float],
    *,
    slots_needed: int,
    slots_at_most: int,
    max_blocks: int,
    first_is_running: bool,
) -> list[int]:
    """Return the indices of the cheapest ``slots_needed`` slots in at most ``max_blocks`` runs.

    ``costs`` are in currency per slot, in time order; ``inf`` marks a slot that may not heat.
    ``first_is_running`` says the heater is on already: going on uses the block it is in, and
    stopping has spent one of the blocks. When fewer slots fit than are needed, as many as possible
    are chosen; where using power is paid for (a cost below zero) more than needed, up to
    ``slots_at_most``.
    """
    usable = sum(math.isfinite(cost) for cost in costs)
    least, most = min(slots_needed, usable), min(slots_at_most, usable)
    choose = partial(_choose, costs, max_blocks, first_is_running=first_is_running)
    if least <= 0:
        return []
    if most <= least or not any(cost < 0 for cost in costs):
        # Nobody pays for power: a slot more never makes it cheaper.
        return choose(least, least)
    chosen = choose(least, least, may_exceed=True)
    return chosen if len(chosen) <= most else choose(least, most)


def _choose(
    costs: Sequence[float],
    max_blocks: int,
    least: int,
    most: int,
    *,
    first_is_running: bool,
    may_exceed: bool = False,
) -> list[int]:
    """Return the cheapest choice of ``least`` to ``most`` slots, of as many as fit if fewer do.

    A state is ``placed * width + blocks``. One more slot of a block is ``width`` states on, the
    first slot of a new one ``width + 1``. With ``may_exceed`` the last row means *enough* and leads
    to itself as well. One table holds every count up to ``most``: looking for fewer slots one by
    one took seconds where a small heater had little room.
    """
    # The block in progress counts although none of its slots may be among these.
    width = (max_blocks if may_exceed else min(max_blocks, most + first_is_running)) + 1
    size = (most + 1) * width
    off, on = [math.inf] * size, [math.inf] * size
    if first_is_running:
        off[1] = on[1] = 0.0
    else:
        off[0] = 0.0
    before: list[tuple[_Table, _Table]] = []
    for cost in costs:
        before.append((off, on))
        off, on = _advance(off, on, cost, width, may_exceed=may_exceed)
    is_on, state = _cheapest_end(off, on, width, least=least)
    chosen: list[int] = []
    for index in range(len(costs) - 1, -1, -1):
        off, on = before[index]
        if is_on:
            chosen.append(index)
            is_on, state = _came_from(state, off, on, costs[index], width, may_exceed=may_exceed)
        else:
            is_on = on[state] < off[state]
    return chosen[::-1]


def _cheapest_end(off: _Table, on: _Table, width: int, *, least: int) -> tuple[bool, int]:
    """Return the cheapest last state with at least ``least`` slots, else with the most there are.

    No slot at all is always possible.
    """
    rows = [range(least * width, len(on))]
    rows += [range(placed * width, (placed + 1) * width) for placed in range(least - 1, -1, -1)]
    for row in rows:
        best, is_on, state = min(
            (table[index], is_on, index)
            for is_on, table in ((False, off), (True, on))
            for index in row
        )
        if math.isfinite(best):
            return is_on, state
    return False, 0


def _advance(
    off: _Table, on: _Table, cost: float, width: int, *, may_exceed: bool
) -> tuple[_Table, _Table]:
    """Carry both tables over one slot: off stays or ends a block, on goes on or opens one."""
    top = len(on) - width
    opened = [math.inf] * (width + 1) + [value + cost for value in off[: -width - 1]]
    # A block count past the last column has wrapped into the next row: no such block.
    opened[::width] = [math.inf] * (top // width + 1)
    going = [math.inf] * width + [value + cost for value in on[:-width]]
    for state in range(top, top + width) if may_exceed else ():
        going[state] = min(going[state], on[state] + cost)
        if state > top:
            opened[state] = min(opened[state], off[state - 1] + cost)
    return list(map(min, on, off)), list(map(min, going, opened))


def _came_from(
    state: int, off: _Table, on: _Table, cost: float, width: int, *, may_exceed: bool
) -> tuple[bool, int]:
    """Return the cheapest state before a heated slot; ties go on with a block, fewest slots."""
    top = len(on) - width
    ways = [(on[state - width] + cost, 0, True, state - width)] if state >= width else []
    if state % width and state > width:
        ways.append((off[state - width - 1] + cost, 1, False, state - width - 1))
    if may_exceed and state >= top:
        ways.append((on[state] + cost, 2, True, state))
        if state > top:
            ways.append((off[state - 1] + cost, 3, False, state - 1))
    _, _, is_on, before = min(ways)
    return is_on, before
