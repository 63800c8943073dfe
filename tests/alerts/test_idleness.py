"""An idle battery is worth a word only where every day would have paid."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.alerts.idleness import Past, best_gain_per_kwh, idleness_of
from app.core.clock import day_slots
from app.settings import Settings

ZONE = ZoneInfo("Europe/Stockholm")
DAYS = [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
SETTINGS = Settings.model_validate({"battery": {"roundtrip_efficiency_percent": 80}})


def past(
    *, dear: float = 3.0, battery_kw: float = 0.0, is_manual: bool = False, flat_day: int = -1
) -> list[Past]:
    found = []
    for number, day in enumerate(DAYS):
        for slot in day_slots(day, ZONE):
            peak = 17 <= slot.astimezone(ZONE).hour < 20 and number != flat_day
            found.append(Past(slot, dear if peak else 1.0, 0.0, is_manual=False))
    found[100] = Past(found[100].slot_start, 1.0, battery_kw, is_manual)
    return found


def test_three_idle_days_with_a_missed_gain_are_found_over_a_change_of_the_clock() -> None:
    found = idleness_of(past(), DAYS, SETTINGS)
    assert found is not None
    assert found.is_missed
    # Bought at 1.00 with 80 % left, used at 3.00, wear 0.20.
    assert found.least_gain_per_kwh == pytest.approx(3 - 1 / 0.8 - 0.2)


@pytest.mark.parametrize(
    "slots",
    [
        past(battery_kw=0.5),
        past(is_manual=True),
        past(flat_day=1),
        past(dear=1.5),
    ],
    ids=["it worked", "the owner held it", "one day was flat", "no gain above the margin"],
)
def test_there_is_nothing_to_say_where(slots: list[Past]) -> None:
    found = idleness_of(slots, DAYS, SETTINGS)
    assert found is not None
    assert not found.is_missed


def test_days_that_are_not_known_prove_nothing() -> None:
    assert idleness_of(past()[:-30], DAYS, SETTINGS) is None
    assert idleness_of([], DAYS, SETTINGS) is None


def test_energy_is_bought_before_it_is_used() -> None:
    assert best_gain_per_kwh([3.0, 1.0], SETTINGS) == pytest.approx(1 - 1 / 0.8 - 0.2)
    assert best_gain_per_kwh([1.0, 3.0], SETTINGS) > 1.5
