"""From what the meters said to one row a slot: the load made from them, the best kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from app.core.slot_quality import BOUNDED, ESTIMATED, GAP, is_better, worst
from app.db.observed import QUANTITIES
from app.ingest.home.meters import CONSUMPTION
from app.settings import Settings

LOAD: Final = "load_kwh"
WATER: Final = "water_kwh"
PRICES: Final = ("import_price_per_kwh", "export_price_per_kwh")
# Two meters are read at slightly different instants; more than this below zero is another fault.
_BELOW_ZERO_KWH: Final = 0.05


@dataclass(frozen=True, slots=True)
class Known:
    """A value (null for a gap) and how it is known (a word of ``slot_quality``)."""

    value: float | None
    quality: str


_GAP: Final = Known(None, GAP)
Slots = dict[datetime, dict[str, Known]]


@dataclass(frozen=True, slots=True)
class HomeParts:
    """What the home has, and which quantities are mapped: what is missing beyond that is a gap."""

    mapped: frozenset[str]
    has_heater: bool
    has_battery: bool
    has_pv: bool
    meter_counts_heater: bool

    @classmethod
    def of(cls, settings: Settings, mapped: Iterable[str]) -> "HomeParts":
        """Return the parts of the home that the settings describe."""
        return cls(
            mapped=frozenset(mapped),
            has_heater=settings.water_heating.power_kw > 0,
            has_battery=settings.battery.capacity_kwh > 0,
            has_pv=bool(settings.solar_arrays),
            meter_counts_heater=settings.home_assistant.consumption_includes_water_heater,
        )

    @property
    def balance(self) -> dict[str, int] | None:
        """What adds up to the house's use, with its sign; None where a meter of it is missing."""
        needed = {"import_kwh": 1, "export_kwh": -1}
        needed |= {"pv_kwh": 1} if self.has_pv else {}
        needed |= {"charge_kwh": -1, "discharge_kwh": 1} if self.has_battery else {}
        return needed if needed.keys() <= self.mapped else None


def by_slot(frame: pl.DataFrame) -> Slots:
    """Return ``MEASURED_SLOTS`` by slot and quantity."""
    found: Slots = {}
    for quantity, slot_start, value, quality in frame.iter_rows():
        found.setdefault(slot_start, {})[quantity] = Known(value, quality)
    return found


def completed(
    measured: Mapping[str, Known], *, planned_water_kwh: float | None, parts: HomeParts
) -> dict[str, Known]:
    """Return every quantity of one slot: gaps named, water from the plan, the load made."""
    found = dict.fromkeys(parts.mapped, _GAP) | dict(measured)
    total = found.pop(CONSUMPTION, None)
    if found.get(WATER, _GAP).quality == GAP and parts.has_heater and planned_water_kwh is not None:
        found[WATER] = Known(planned_water_kwh, ESTIMATED)
    includes_heater = parts.meter_counts_heater
    if total is None and parts.balance is not None:
        total, includes_heater = _balance(found, parts.balance), True
    if total is not None:
        heated = parts.has_heater and includes_heater
        found[LOAD] = _without(total, found.get(WATER, _GAP)) if heated else total
    return found


def _balance(found: Mapping[str, Known], signs: Mapping[str, int]) -> Known:
    values = [(found[name].value, sign) for name, sign in signs.items()]
    total_kwh = 0.0
    for value, sign in values:
        if value is None:
            return _GAP
        total_kwh += sign * value
    return _at_least_zero(total_kwh, worst(found[name].quality for name in signs))


def _without(total: Known, water: Known) -> Known:
    """Return the house without the heater."""
    if total.value is None or water.value is None:
        return _GAP
    # A heater that the plan had off was off; one that it had on may have found its tank hot.
    is_sure = water.value == 0
    quality = total.quality if is_sure else worst((total.quality, water.quality))
    return _at_least_zero(total.value - water.value, quality)


def _at_least_zero(value: float, quality: str) -> Known:
    if value < -_BELOW_ZERO_KWH:
        return Known(0.0, worst((quality, BOUNDED)))
    return Known(max(0.0, value), quality)


def row(
    slot_start: datetime,
    found: Mapping[str, Known],
    *,
    before: Mapping[str, Any] | None,
    source: str,
    now: datetime,
) -> dict[str, Any]:
    """Return a row of ``observed_slot``: what was known better ``before`` is kept."""
    kept = dict(found)
    for name, quality in (before["quality"] if before else {}).items():
        if name not in kept or is_better(quality, kept[name].quality):
            kept[name] = Known(before[name] if before else None, quality)
    return {
        "slot_start": slot_start,
        **{name: kept[name].value if name in kept else None for name in QUANTITIES},
        "quality": {name: kept[name].quality for name in QUANTITIES if name in kept},
        "source": source,
        "recorded_at": now,
    }
