"""What battery, inverter and grid can do in one slot."""

import math
from dataclasses import dataclass

from app.core.frames import SLOT_HOURS
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Physical limits per slot: kWh stored for the band, kWh AC for the powers."""

    capacity_kwh: float
    floor_kwh: float
    ceiling_kwh: float
    charge_kwh: float
    discharge_kwh: float
    import_kwh: float
    export_kwh: float
    efficiency: float
    wear_per_kwh: float
    can_curtail: bool


def limits_of(settings: Settings) -> Limits:
    """Translate settings into limits per slot."""
    battery, inverter, grid = settings.battery, settings.inverter, settings.grid
    return Limits(
        capacity_kwh=battery.capacity_kwh,
        floor_kwh=battery.capacity_kwh * battery.min_soc_percent / 100,
        ceiling_kwh=battery.capacity_kwh * battery.max_soc_percent / 100,
        charge_kwh=min(battery.max_charge_kw, inverter.max_power_kw) * SLOT_HOURS,
        discharge_kwh=min(battery.max_discharge_kw, inverter.max_power_kw) * SLOT_HOURS,
        import_kwh=grid.max_import_kw * SLOT_HOURS,
        export_kwh=grid.max_export_kw * SLOT_HOURS,
        efficiency=math.sqrt(battery.roundtrip_efficiency_percent / 100),
        wear_per_kwh=battery.wear_cost_per_kwh,
        can_curtail=inverter.can_curtail_pv,
    )
