"""How far a strategic window buys in each of its slots, so that the target is met at least cost."""

from collections.abc import Sequence
from itertools import groupby

from app.planner.model.context import Context
from app.planner.model.energy_value import SlotTerms
from app.planner.model.levels import BUY, STORE


def targets_kwh(
    chosen: Sequence[bool],
    windows: Sequence[int | None],
    prices: Sequence[float],
    terms: Sequence[SlotTerms],
    ctx: Context,
) -> list[float]:
    """Return, per slot, the level to buy up to for the strategic target; 0 where there is none.

    What the window's later slots bring in for less (their sun, their cheaper hours) is left to
    them: buying at its first slots what the sun would fill by its end costs money twice.
    """
    strategic = ctx.settings.strategic_charging
    target_kwh = ctx.settings.battery.capacity_kwh * strategic.target_soc_percent / 100
    targets = [0.0] * len(chosen)
    for window, group in groupby(range(len(chosen)), key=lambda slot: windows[slot]):
        slots = [slot for slot in group if chosen[slot]]
        if window is None:
            continue
        for slot in slots:
            later = [other for other in slots if other > slot]
            sun_kwh = sum(_supply_kwh(terms[other], STORE) for other in later)
            cheaper_kwh = sum(
                _supply_kwh(terms[other], BUY) for other in later if prices[other] < prices[slot]
            )
            targets[slot] = max(0.0, target_kwh - sun_kwh - cheaper_kwh)
    return targets


def _supply_kwh(slot: SlotTerms, kind: int) -> float:
    """Return what a slot can bring in of one kind; a manual sale brings nothing."""
    return slot.supplies[kind][1] if slot.supplies else 0.0
