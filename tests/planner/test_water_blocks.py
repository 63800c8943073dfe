"""The heater's slots are the cheapest choice there is, checked against trying every choice."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from app.planner.water_blocks import cheapest_blocks


def blocks_in(slots: tuple[int, ...] | list[int]) -> int:
    return sum(slot - 1 not in slots for slot in slots)


def cheapest_by_trying(costs: list[float], wanted: int, max_blocks: int) -> tuple[int, float]:
    usable = [slot for slot, cost in enumerate(costs) if math.isfinite(cost)]
    for count in range(min(wanted, len(usable)), 0, -1):
        totals = [
            sum(costs[slot] for slot in slots)
            for slots in itertools.combinations(usable, count)
            if blocks_in(slots) <= max_blocks
        ]
        if totals:
            return count, min(totals)
    return 0, 0.0


@given(
    costs=st.lists(
        st.one_of(st.sampled_from([1.0, 2.0, math.inf]), st.floats(-1, 3)), min_size=1, max_size=9
    ),
    wanted=st.integers(1, 5),
    max_blocks=st.integers(1, 3),
)
def test_the_chosen_blocks_are_the_cheapest_possible(
    costs: list[float], wanted: int, max_blocks: int
) -> None:
    chosen = cheapest_blocks(
        costs, slots_needed=wanted, max_blocks=max_blocks, first_is_running=False
    )
    count, total = cheapest_by_trying(costs, wanted, max_blocks)
    assert len(chosen) == count
    assert blocks_in(chosen) <= max_blocks
    assert math.isclose(sum(costs[slot] for slot in chosen), total, abs_tol=1e-9)


def test_a_running_block_is_gone_on_with_where_that_costs_the_same() -> None:
    chosen = cheapest_blocks([1.0] * 6, slots_needed=3, max_blocks=1, first_is_running=True)
    assert chosen == [0, 1, 2]
