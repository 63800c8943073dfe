"""Move purchased energy into longer contiguous blocks where that costs next to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_TINY_KWH = 1e-9


@dataclass(frozen=True, slots=True)
class Offer:
    """Slots that can stand in for each other: price per kWh and most energy (AC kWh) per slot."""

    prices: Sequence[float]
    most_kwh: Sequence[float]


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
    if total_kwh <= _TINY_KWH:
        return list(bought_kwh)
    allowed = _cost(bought_kwh, offer) + tolerance_per_kwh * total_kwh
    if starts_running:
        going_on = _block_from(
            0, total_kwh, offer, last=len(bought_kwh) - 1, max_gap_slots=max_gap_slots
        )
        if going_on is not None and _cost(going_on, offer) <= allowed + _TINY_KWH:
            return going_on
    whole = best_block(
        total_kwh, offer, first=0, last=len(bought_kwh) - 1, max_gap_slots=max_gap_slots
    )
    if whole is not None and _cost(whole, offer) <= allowed + _TINY_KWH:
        return whole
    return _merge_pairs(list(bought_kwh), offer, tolerance_per_kwh, max_gap_slots)


def best_block(
    total_kwh: float, offer: Offer, *, first: int, last: int, max_gap_slots: int
) -> list[float] | None:
    """Return the cheapest contiguous way to buy ``total_kwh``, None if no block holds it."""
    best: list[float] | None = None
    for begin in range(first, last + 1):
        block = _block_from(begin, total_kwh, offer, last=last, max_gap_slots=max_gap_slots)
        if block is not None and (
            best is None or _cost(block, offer) < _cost(best, offer) - _TINY_KWH
        ):
            best = block
    return best


def _block_from(
    begin: int, total_kwh: float, offer: Offer, *, last: int, max_gap_slots: int
) -> list[float] | None:
    """Return the shortest block from ``begin`` with the energy, its dearest slot part full."""
    held_kwh, gap_slots = 0.0, 0
    for end in range(begin, last + 1):
        if offer.most_kwh[end] <= _TINY_KWH:
            gap_slots += 1
            if end == begin or gap_slots > max_gap_slots:
                return None
            continue
        held_kwh += offer.most_kwh[end]
        if held_kwh >= total_kwh - _TINY_KWH:
            block = [0.0] * len(offer.prices)
            block[begin : end + 1] = offer.most_kwh[begin : end + 1]
            buying = [slot for slot in range(begin, end + 1) if offer.most_kwh[slot] > _TINY_KWH]
            dearest = max(buying, key=lambda slot: (offer.prices[slot], slot))
            block[dearest] -= max(0.0, held_kwh - total_kwh)
            return block if block[dearest] > 0 else None
    return None


def _merge_pairs(
    bought_kwh: list[float], offer: Offer, tolerance_per_kwh: float, max_gap_slots: int
) -> list[float]:
    """Merge neighbouring runs as long as the energy moved stays within the tolerance."""
    merged = True
    while merged:
        merged = False
        runs = runs_of([kwh > _TINY_KWH for kwh in bought_kwh])
        for (begin, left_end), (right, end) in pairwise(runs):
            gap_kwh = offer.most_kwh[left_end + 1 : right]
            if len(gap_kwh) <= max_gap_slots and max(gap_kwh) <= _TINY_KWH:
                continue
            pair_kwh = sum(bought_kwh[begin : end + 1])
            block = best_block(pair_kwh, offer, first=begin, last=end, max_gap_slots=max_gap_slots)
            now = _cost(bought_kwh[begin : end + 1], offer, offset=begin)
            if block and _cost(block, offer) <= now + tolerance_per_kwh * pair_kwh:
                bought_kwh[begin : end + 1] = block[begin : end + 1]
                merged = True
                break
    return bought_kwh


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


def _cost(energies: Sequence[float], offer: Offer, *, offset: int = 0) -> float:
    prices = offer.prices[offset : offset + len(energies)]
    return sum(kwh * price for kwh, price in zip(energies, prices, strict=True) if kwh)
