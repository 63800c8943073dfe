"""What each mapped entity is supposed to be: its kind, its limit, how long it may stand still."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.settings import Settings


class Kind(StrEnum):
    """How the numbers of an entity are to be read."""

    LEVEL = "level"  # percent
    ENERGY = "energy"  # a counter, or a power that is never negative
    SIGNED = "signed"  # a power with two directions
    DAILY = "daily"  # a counter that begins anew at the home's midnight
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True)
class Role:
    """One setting ``home_assistant.<key>``; hours are (amber, red) of standing still.

    ``still_power_hours`` counts while a power stays on one value other than zero,
    ``still_counter_hours`` while a counter counts nothing. None: that proves nothing.
    """

    key: str
    name: str
    kind: Kind
    limit_kw: Callable[[Settings], float] = lambda _: 0.0
    still_power_hours: tuple[float, float] | None = None
    still_counter_hours: tuple[float, float] | None = None

    @property
    def setting(self) -> str:
        """The setting's whole name."""
        return f"home_assistant.{self.key}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A role of this home, the entity that plays it, and the most it can carry (kW, 0 = none)."""

    role: Role
    entity_id: str
    limit_kw: float


# A living house changes its power every minute; two hours on the same watt is a stuck reading.
_LIVELY: Final = (2.0, 6.0)


def _grid_kw(settings: Settings) -> float:
    return max(settings.grid.max_import_kw, settings.grid.max_export_kw)


def _sun_kw(settings: Settings) -> float:
    return sum(array.peak_power_kwp for array in settings.solar_arrays)


def _battery_kw(settings: Settings) -> float:
    return max(settings.battery.max_charge_kw, settings.battery.max_discharge_kw)


ROLES: Final = (
    Role("battery_soc_entity_id", "Battery level", Kind.LEVEL),
    Role(
        "consumption_entity_id",
        "House consumption",
        Kind.ENERGY,
        lambda s: s.grid.max_import_kw + s.inverter.max_power_kw,
        _LIVELY,
        # A counter of whole kWh speaks every ten hours at 0.1 kW.
        (12.0, 20.0),
    ),
    Role("grid_power_entity_id", "Grid power", Kind.SIGNED, _grid_kw, _LIVELY),
    Role(
        "grid_import_entity_id",
        "Grid import",
        Kind.ENERGY,
        lambda s: s.grid.max_import_kw,
        _LIVELY,
    ),
    Role(
        "grid_export_entity_id",
        "Grid export",
        Kind.ENERGY,
        lambda s: s.grid.max_export_kw,
        _LIVELY,
    ),
    Role("pv_entity_id", "Sun", Kind.ENERGY, _sun_kw, _LIVELY),
    Role("battery_power_entity_id", "Battery power", Kind.SIGNED, _battery_kw, _LIVELY),
    Role(
        "battery_charge_entity_id",
        "Battery charge",
        Kind.ENERGY,
        lambda s: s.battery.max_charge_kw,
        _LIVELY,
    ),
    Role(
        "battery_discharge_entity_id",
        "Battery discharge",
        Kind.ENERGY,
        lambda s: s.battery.max_discharge_kw,
        _LIVELY,
    ),
    Role(
        "water_heater_entity_id",
        "Water heater",
        Kind.ENERGY,
        lambda s: s.water_heating.power_kw,
    ),
    Role(
        "water_heater_daily_entity_id",
        "Hot water today",
        Kind.DAILY,
        lambda s: s.water_heating.power_kw,
    ),
    Role(
        "outdoor_temperature_entity_id",
        "Outdoor temperature",
        Kind.TEMPERATURE,
        still_power_hours=(8.0, 16.0),
    ),
)


def mapped(settings: Settings) -> tuple[Mapped, ...]:
    """Return every role that has an entity, in the order people read them."""
    home = settings.home_assistant
    return tuple(
        Mapped(role, entity_id, role.limit_kw(settings))
        for role in ROLES
        if (entity_id := getattr(home, role.key))
    )
