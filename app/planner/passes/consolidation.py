"""Move purchased energy into longer contiguous blocks where that costs next to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.planner.model.battery import TINY_KWH

_TINY_COST = 1e-9


@dataclass(frozen=True, slots=True)
class Offer:
    """Slots that can stand in for each other: price per kWh and most energy (AC kWh) per slot."""

    prices: Sequence[float]
    most_kwh: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Block:
    """Energy bought from slot ``begin`` on, AC kWh a slot, and what it costs."""

    begin: int
    kwh: list[float]
    cost: float

    def among(self, slots: int) -> list[float]:
        """Return the purchases of all ``slots``, zero outside the block."""
        after = slots - self.begin - len(self.kwh)
        return [0.0] * self.begin + self.kwh + [0.0] * after


def consolidate(
    bought_kwh: Sequence[float],
    offer: Offer,
    *,
    tolerance_per_kwh: float,
    max_gap_slots: int,
    starts_running: bool,
) -> list[float]:
    """Return the purchases merged into one block, or pairwise, where money allows.

    Merging may cost at most ``tolerance_per_kwh`` more per kWh moved. A block may reach over
    ``max_gap_slots`` slots that can buy nothing and still count as one. ``starts_running``
    says that charging is already on in the first slot, so that a block that goes on is taken
    before a cheaper one that would stop and start again.
    """
    total_kwh = sum(bought_kwh)
    if total_kwh <= TINY_KWH:
        return list(bought_kwh)
    last = len(bought_kwh) - 1
    allowed = _cost(bought_kwh, offer, begin=0) + tolerance_per_kwh * total_kwh + _TINY_COST
    if starts_running:
        going_on = _block_from(0, total_kwh, offer, last=last, max_gap_slots=max_gap_slots)
        if going_on is not None and going_on.cost <= allowed:
            return going_on.among(len(bought_kwh))
    whole = best_block(total_kwh, offer, first=0, last=last, max_gap_slots=max_gap_slots)
    if whole is not None and whole.cost <= allowed:
        return whole.among(len(bought_kwh))
    return _merge_pairs(list(bought_kwh), offer, tolerance_per_kwh, max_gap_slots)


def best_block(
    total_kwh: float, offer: Offer, *, first: int, last: int, max_gap_slots: int
) -> _Block | None:
    """Return the cheapest contiguous way to buy ``total_kwh``, None if no block holds it."""
    best: _Block | None = None
    for begin in range(first, last + 1):
        block = _block_from(begin, total_kwh, offer, last=last, max_gap_slots=max_gap_slots)
        if block is not None and (best is None or block.cost < best.cost - _TINY_COST):
            best = block
    return best


def _block_from(
    begin: int, total_kwh: float, offer: Offer, *, last: int, max_gap_slots: int
) -> _Block | None:
    """Return the shortest block from ``begin`` with the energy, its dearest slot part full."""
    held_kwh, gap_slots = 0.0, 0
    for end in range(begin, last + 1):
        if offer.most_kwh[end] <= TINY_KWH:
            gap_slots += 1
            if end == begin or gap_slots > max_gap_slots:
                return None
            continue
        held_kwh += offer.most_kwh[end]
        if held_kwh >= total_kwh - TINY_KWH:
            kwh = list(offer.most_kwh[begin : end + 1])
            buying = [slot for slot in range(begin, end + 1) if offer.most_kwh[slot] > TINY_KWH]
            dearest = max(buying, key=lambda slot: (offer.prices[slot], slot))
            kwh[dearest - begin] -= max(0.0, held_kwh - total_kwh)
            # Next to nothing left in a slot that could buy: a hole, so this is no block.
            if kwh[dearest - begin] <= TINY_KWH:
                return None
            return _Block(begin, kwh, _cost(kwh, offer, begin=begin))
    return None


def _merge_pairs(
    bought_kwh: list[float], offer: Offer, tolerance_per_kwh: float, max_gap_slots: int
) -> list[float]:
    """Merge neighbouring runs as long as the energy moved stays within the tolerance.

    Every look at a pair either leaves one run fewer or one pair fewer to look at, so there are at
    most twice as many looks as runs; a pair that was left alone is looked at again only after one
    of its runs has changed.
    """
    settled: list[tuple[int, int]] = []
    waiting = runs_of([kwh > TINY_KWH for kwh in bought_kwh])[::-1]
    while waiting:
        right = waiting.pop()
        if not settled:
            settled.append(right)
            continue
        left = settled[-1]
        merged = _merged(left, right, bought_kwh, offer, tolerance_per_kwh, max_gap_slots)
        if merged is None:
            settled.append(right)
            continue
        first, last = left[0], right[1]
        bought_kwh[first : last + 1] = merged.among(last + 1)[first:]
        settled.pop()
        waiting.append((merged.begin, merged.begin + len(merged.kwh) - 1))
    return bought_kwh


def _merged(
    left: tuple[int, int],
    right: tuple[int, int],
    bought_kwh: Sequence[float],
    offer: Offer,
    tolerance_per_kwh: float,
    max_gap_slots: int,
) -> _Block | None:
    """Return the two runs as one block; None where they count as one already, or money forbids."""
    gap_kwh = offer.most_kwh[left[1] + 1 : right[0]]
    if len(gap_kwh) <= max_gap_slots and max(gap_kwh) <= TINY_KWH:
        return None
    first, last = left[0], right[1]
    pair_kwh = bought_kwh[first : last + 1]
    allowed = _cost(pair_kwh, offer, begin=first) + tolerance_per_kwh * sum(pair_kwh) + _TINY_COST
    block = best_block(sum(pair_kwh), offer, first=first, last=last, max_gap_slots=max_gap_slots)
    return block if block is not None and block.cost <= allowed else None


def runs_of(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return (first, last) of every run of True."""
    runs: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if not flag:
            continue
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _cost(energies: Sequence[float], offer: Offer, *, begin: int) -> float:
    """Return what energies (AC kWh) cost, the first of them in slot ``begin``."""
    prices = offer.prices[begin : begin + len(energies)]
    return sum(kwh * price for kwh, price in zip(energies, prices, strict=True) if kwh)
