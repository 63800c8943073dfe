"""Whether a plan that commands nothing is right to: a flat day is, a missed gain is not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.core.clock import day_slots, local_day
from app.settings import Settings

# Less battery power than this is a rounding of nothing, kW.
_NOTHING_KW = 0.01
# A day of which less is known proves nothing: the service may have been off.
_KNOWN_RATIO = 0.9


@dataclass(frozen=True, slots=True)
class Past:
    """One slot that is over, as it was planned last; powers in kW at the AC side."""

    slot_start: datetime
    import_price_per_kwh: float
    battery_kw: float
    is_manual: bool


@dataclass(frozen=True, slots=True)
class Idleness:
    """The days looked at: whether the battery did nothing although every one would have paid."""

    days: int
    is_missed: bool
    least_gain_per_kwh: float


def idleness_of(past: Sequence[Past], days: Sequence[date], settings: Settings) -> Idleness | None:
    """Judge the local ``days``, oldest first; None if one of them is not known well enough."""
    by_day: dict[date, list[Past]] = defaultdict(list)
    for slot in past:
        by_day[local_day(slot.slot_start, settings.zone)].append(slot)
    if any(len(by_day[day]) < _KNOWN_RATIO * len(day_slots(day, settings.zone)) for day in days):
        return None
    prices = ([slot.import_price_per_kwh for slot in by_day[day]] for day in days)
    least = min(best_gain_per_kwh(each, settings) for each in prices)
    worked = any(slot.battery_kw > _NOTHING_KW or slot.is_manual for slot in past)
    margin = settings.decision_thresholds.battery_use_margin_per_kwh
    return Idleness(len(days), not worked and least > margin, least)


def best_gain_per_kwh(prices: Sequence[float], settings: Settings) -> float:
    """Return what one kWh out of the battery gains at best, bought before it is used.

    Losses and wear are taken off; negative when every use would cost.
    """
    battery = settings.battery
    efficiency = battery.roundtrip_efficiency_percent / 100
    cheapest, best = prices[0], float("-inf")
    for price in prices:
        cheapest = min(cheapest, price)
        best = max(best, price - cheapest / efficiency)
    return best - battery.wear_cost_per_kwh
