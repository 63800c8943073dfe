"""Does this home use more when it is cold? Decided on days the answer was not made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

# Below this a home in these latitudes begins to be heated; 15 to 18 degrees measure alike.
HEATING_BELOW_C: Final = 17.0
# Three weeks of days, each forecast from those before it, decide; two were too few to tell a
# heated home from chance, four no better.
HELD_OUT_DAYS: Final = 21
LEAST_HELD_OUT_DAYS: Final = 10
LEAST_DAYS_BEFORE: Final = 8
# The error must shrink by a twentieth: a home without electric heating is then taken for one with
# it on one day in ten, a heated one is recognised on all but warm days.
WORTHWHILE_RATIO: Final = 0.95
# The response to cold changes slower than habits do.
SLOPE_HALF_LIFE_DAYS: Final = 28.0
_FLAT: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Day:
    """One whole day: its class, heating degrees, and mean use of its slots in kWh."""

    day: date
    is_free: bool
    heating_degrees: float
    mean_kwh: float


def heating_degrees(mean_c: float) -> float:
    """Return by how many degrees a day's mean temperature asks for heating."""
    return max(0.0, HEATING_BELOW_C - mean_c)


def slope(days: Sequence[Day], *, half_life_days: float, pooling_days: float) -> float:
    """Return kWh per slot and heating degree, 0 where leaving the temperature out is as good.

    Each of the last days is forecast from those before it, once with and once without. The two
    other arguments are those of the profile, so that what competes is what is used.
    """
    ordered = sorted(days, key=lambda each: each.day)
    first = max(LEAST_DAYS_BEFORE, len(ordered) - HELD_OUT_DAYS)
    if len(ordered) - first < LEAST_HELD_OUT_DAYS:
        return 0.0
    without = with_it = 0.0
    for index in range(first, len(ordered)):
        before, held_out = ordered[:index], ordered[index]
        per_degree = _fit(before)
        for rate in (0.0, per_degree):
            guess = _level(before, held_out, rate, half_life_days, pooling_days)
            error = abs(guess + rate * held_out.heating_degrees - held_out.mean_kwh)
            if rate == 0.0:
                without += error
            if rate == per_degree:
                with_it += error
    return _fit(ordered) if with_it < WORTHWHILE_RATIO * without else 0.0


def weight(newest: date, day: date, half_life_days: float) -> float:
    """Return how much a day counts: half as much for every ``half_life_days`` it is older."""
    return float(0.5 ** ((newest - day).days / half_life_days))


def _fit(days: Sequence[Day]) -> float:
    """Return the weighted least-squares slope within day classes; heating never saves energy."""
    product = square = 0.0
    newest = days[-1].day
    for is_free in (False, True):
        own = [
            (weight(newest, each.day, SLOPE_HALF_LIFE_DAYS), each)
            for each in days
            if each.is_free is is_free
        ]
        total = sum(share for share, _ in own)
        if not total:
            continue
        mean_degrees = sum(share * each.heating_degrees for share, each in own) / total
        mean_kwh = sum(share * each.mean_kwh for share, each in own) / total
        for share, each in own:
            degrees = each.heating_degrees - mean_degrees
            product += share * degrees * (each.mean_kwh - mean_kwh)
            square += share * degrees * degrees
    return max(0.0, product / square) if square > _FLAT else 0.0


def _level(
    before: Sequence[Day], of: Day, rate: float, half_life_days: float, pooling_days: float
) -> float:
    """Return the mean use of a day of this class without what ``rate`` explains."""
    all_weight = all_kwh = own_weight = own_squares = own_kwh = 0.0
    newest = before[-1].day
    for each in before:
        share = weight(newest, each.day, half_life_days)
        kwh = share * (each.mean_kwh - rate * each.heating_degrees)
        all_weight, all_kwh = all_weight + share, all_kwh + kwh
        if each.is_free is of.is_free:
            own_weight, own_kwh = own_weight + share, own_kwh + kwh
            own_squares += share * share
    if not own_weight:
        return all_kwh / all_weight
    days = own_weight**2 / own_squares
    trust = days / (days + pooling_days)
    return trust * own_kwh / own_weight + (1 - trust) * all_kwh / all_weight
