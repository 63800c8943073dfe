"""The heater's slots are the cheapest choice there is, checked against trying every choice."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from app.planner.engine.water_blocks import cheapest_blocks


def blocks_in(slots: tuple[int, ...] | list[int]) -> int:
    return sum(slot - 1 not in slots for slot in slots)


def cheapest_by_trying(costs: list[float], wanted: int, max_blocks: int) -> tuple[int, float]:
    """Return how many slots are needed at least, and the least cost of that many or more."""
    usable = [slot for slot, cost in enumerate(costs) if math.isfinite(cost)]
    for least in range(min(wanted, len(usable)), 0, -1):
        totals = [
            sum(costs[slot] for slot in slots)
            for count in range(least, len(usable) + 1)
            for slots in itertools.combinations(usable, count)
            if blocks_in(slots) <= max_blocks
        ]
        if totals:
            return least, min(totals)
    return 0, 0.0


@given(
    costs=st.lists(
        st.one_of(st.sampled_from([-1.0, 1.0, 2.0, math.inf]), st.floats(-1, 3)),
        min_size=1,
        max_size=9,
    ),
    wanted=st.integers(1, 5),
    max_blocks=st.integers(1, 3),
)
def test_the_chosen_blocks_are_the_cheapest_possible(
    costs: list[float], wanted: int, max_blocks: int
) -> None:
    chosen = cheapest_blocks(
        costs, slots_needed=wanted, slots_at_most=9, max_blocks=max_blocks, first_is_running=False
    )
    least, total = cheapest_by_trying(costs, wanted, max_blocks)
    assert len(chosen) >= least
    assert blocks_in(chosen) <= max_blocks
    assert math.isclose(sum(costs[slot] for slot in chosen), total, abs_tol=1e-9)


def test_heating_more_than_needed_needs_to_be_paid_for() -> None:
    costs = [1.0, -2.0, 0.5, -2.0, 0.0]

    def chosen(costs: list[float], *, max_blocks: int, most: int = 9) -> list[int]:
        return cheapest_blocks(
            costs,
            slots_needed=1,
            slots_at_most=most,
            max_blocks=max_blocks,
            first_is_running=False,
        )

    assert chosen(costs, max_blocks=1) == [1, 2, 3]
    assert chosen(costs, max_blocks=2) == [1, 3]
    assert chosen(costs, max_blocks=1, most=2) == [1]
    assert chosen([1.0, 0.0], max_blocks=1) == [1]


def test_a_running_block_is_gone_on_with_where_that_costs_the_same() -> None:
    chosen = cheapest_blocks(
        [1.0] * 6, slots_needed=3, slots_at_most=9, max_blocks=1, first_is_running=True
    )
    assert chosen == [0, 1, 2]
