"""Choose when the water heater runs: the cheapest slots in at most N contiguous blocks.

An exact choice by dynamic programming over (slots placed, blocks opened): the cost of every slot
is known, so one pass over the slots finds the optimum of a day.
"""

import math
from collections.abc import Sequence

_Table = list[float]
_Choices = list[bool]


def cheapest_blocks(
    costs: Sequence[float], *, slots_needed: int, max_blocks: int, first_is_running: bool
) -> list[int]:
    """Return the indices of the cheapest ``slots_needed`` slots in at most ``max_blocks`` runs.

    ``costs`` are in currency per slot, in time order; ``inf`` marks a slot that may not heat.
    ``first_is_running`` says the heater is on already: going on uses the block it is in, and
    stopping has spent one of the blocks. When
    fewer slots fit than are needed, as many as possible are chosen.
    """
    usable = sum(math.isfinite(cost) for cost in costs)
    for wanted in range(min(slots_needed, usable), 0, -1):
        chosen = _choose(costs, wanted, max_blocks, first_is_running=first_is_running)
        if chosen is not None:
            return chosen
    return []


def _choose(
    costs: Sequence[float], wanted: int, max_blocks: int, *, first_is_running: bool
) -> list[int] | None:
    """Return the cheapest choice of exactly ``wanted`` slots, None if it does not fit.

    A state is ``placed * width + blocks``: one more slot of a block is ``width`` states on, the
    first slot of a new one ``width + 1``.
    """
    width = max_blocks + 1
    size = (wanted + 1) * width
    off, on = [math.inf] * size, [math.inf] * size
    if first_is_running:
        off[1] = on[1] = 0.0
    else:
        off[0] = 0.0
    ended: list[_Choices] = []
    continued: list[_Choices] = []
    for cost in costs:
        off, on, has_ended, has_continued = _advance(off, on, cost, width)
        ended.append(has_ended)
        continued.append(has_continued)
    blocks_used = range(wanted * width, size)
    best, is_on, state = min(
        (table[index], is_on, index)
        for is_on, table in ((False, off), (True, on))
        for index in blocks_used
    )
    if not math.isfinite(best):
        return None
    return _trace(state, is_on=is_on, width=width, ended=ended, continued=continued)


def _advance(
    off: _Table, on: _Table, cost: float, width: int
) -> tuple[_Table, _Table, _Choices, _Choices]:
    """Carry both tables over one slot and remember which way each state was reached."""
    opened = [math.inf] * (width + 1) + [value + cost for value in off[: -width - 1]]
    # A block count past the last column has wrapped into the next row: no such block.
    opened[::width] = [math.inf] * len(opened[::width])
    going = [math.inf] * width + [value + cost for value in on[:-width]]
    # Ties keep a running block going and prefer the earlier block.
    has_continued = [a <= b for a, b in zip(going, opened, strict=True)]
    has_ended = [a < b for a, b in zip(on, off, strict=True)]
    next_off = [min(a, b) for a, b in zip(on, off, strict=True)]
    next_on = [min(a, b) for a, b in zip(going, opened, strict=True)]
    return next_off, next_on, has_ended, has_continued


def _trace(
    state: int, *, is_on: bool, width: int, ended: list[_Choices], continued: list[_Choices]
) -> list[int]:
    """Walk the remembered choices back from the best end state."""
    chosen: list[int] = []
    for index in range(len(ended) - 1, -1, -1):
        if not is_on:
            is_on = ended[index][state]
            continue
        chosen.append(index)
        is_on = continued[index][state]
        state -= width if is_on else width + 1
    return chosen[::-1]
