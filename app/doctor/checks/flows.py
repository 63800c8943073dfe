"""The home's energy flows per hour, put together from whichever entities are mapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from app.doctor.checks.entity import HOURS, Entity
from app.settings import Settings

FLOWS: Final = (
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    "charge_kwh",
    "discharge_kwh",
    "load_kwh",
    "water_kwh",
)
# Counters are taken before a power: they miss nothing between two readings.
_COUNTED: Final = {
    "import_kwh": "grid_import_entity_id",
    "export_kwh": "grid_export_entity_id",
    "pv_kwh": "pv_entity_id",
    "charge_kwh": "battery_charge_entity_id",
    "discharge_kwh": "battery_discharge_entity_id",
    "load_kwh": "consumption_entity_id",
    "water_kwh": "water_heater_entity_id",
}
_OPPOSITES: Final = {
    "import_kwh": ("grid_power_entity_id", "grid_power_positive_is", "import"),
    "export_kwh": ("grid_power_entity_id", "grid_power_positive_is", "export"),
    "charge_kwh": ("battery_power_entity_id", "battery_power_positive_is", "charge"),
    "discharge_kwh": ("battery_power_entity_id", "battery_power_positive_is", "discharge"),
}
# Hours in which every flow of a balance is known; fewer prove nothing.
ENOUGH_HOURS: Final = 6


@dataclass(frozen=True, slots=True)
class Flows:
    """Columns of ``FLOWS`` per hour, kWh; null where a flow is not known in that hour.

    ``absent`` names the settings that would have to be mapped for the home's balance, ``used``
    tells for each flow the setting it came from. ``level`` is the battery's level at the start of
    each hour and its ``rise`` over it, None where it is not known.
    """

    frame: pl.DataFrame
    absent: tuple[str, ...]
    used: Mapping[str, str]
    level: pl.DataFrame | None

    @classmethod
    def of(cls, entities: Mapping[str, Entity], settings: Settings) -> Self:
        """Put the flows together; a home without battery or panels has none of theirs."""
        home = settings.home_assistant
        columns: dict[str, pl.Series] = {}
        used: dict[str, str] = {}
        for flow in FLOWS:
            if (counter := entities.get(_COUNTED[flow])) is not None:
                columns[flow], used[flow] = counter.hourly["kwh"], counter.role.key
            elif flow in _OPPOSITES and (signed := entities.get(_OPPOSITES[flow][0])) is not None:
                sign = 1 if getattr(home, _OPPOSITES[flow][1]) == _OPPOSITES[flow][2] else -1
                columns[flow], used[flow] = signed.one_way(sign=sign)["kwh"], signed.role.key
            elif flow in _nothing(settings):
                columns[flow] = pl.repeat(0.0, HOURS, eager=True)
            else:
                columns[flow] = pl.repeat(None, HOURS, dtype=pl.Float64, eager=True)
        absent = tuple(
            _wanted(flow) for flow in FLOWS if flow not in used and flow not in _nothing(settings)
        )
        soc = entities.get("battery_soc_entity_id")
        frame = pl.DataFrame(columns).cast(pl.Float64)
        return cls(frame, absent, used, soc.levels if soc else None)


def _nothing(settings: Settings) -> frozenset[str]:
    """Return the flows that this home does not have."""
    battery = ("charge_kwh", "discharge_kwh") if not settings.battery.capacity_kwh else ()
    panels = any(array.peak_power_kwp for array in settings.solar_arrays)
    heater = settings.water_heating.power_kw > 0
    counted_in = settings.home_assistant.consumption_includes_water_heater
    sun = () if panels else ("pv_kwh",)
    water = () if heater and not counted_in else ("water_kwh",)
    return frozenset((*battery, *sun, *water))


def _wanted(flow: str) -> str:
    signed = _OPPOSITES.get(flow)
    more = f" (or home_assistant.{signed[0]})" if signed else ""
    return f"home_assistant.{_COUNTED[flow]}{more}"


def implied(frame: pl.DataFrame, flow: str) -> pl.Series:
    """Return what all other flows say that one must have been, per hour, never negative."""
    brought = pl.sum_horizontal(
        "import_kwh", "pv_kwh", "discharge_kwh", ignore_nulls=False
    ).fill_null(float("nan"))
    taken = pl.sum_horizontal(
        "load_kwh", "water_kwh", "charge_kwh", "export_kwh", ignore_nulls=False
    ).fill_null(float("nan"))
    without = frame.with_columns(pl.lit(0.0).alias(flow))
    missing = without.select(missing=taken - brought)["missing"]
    sign = 1.0 if flow in {"import_kwh", "pv_kwh", "discharge_kwh"} else -1.0
    return (missing * sign).fill_nan(None).clip(lower_bound=0)
