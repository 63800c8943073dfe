"""The home itself: settings, typed, frozen, with units in the names; defaults live here.

Prices and money are in ``nordpool.currency`` (SEK unless configured).
"""

from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Percent = Annotated[float, Field(ge=0, le=100)]
Kilowatt = Annotated[float, Field(ge=0, le=1000)]
MoneyPerKwh = Annotated[float, Field(ge=-100, le=100)]
Margin = Annotated[float, Field(ge=0, le=100)]
SlotCount = Annotated[int, Field(ge=0, le=96)]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone; write e.g. Europe/Stockholm")
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class Group(BaseModel):
    """A frozen group of settings that refuses unknown keys and non-finite numbers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class Location(Group):
    """Where the home is, in degrees (WGS 84)."""

    latitude: float = Field(default=59.3293, ge=-90, le=90)
    longitude: float = Field(default=18.0686, ge=-180, le=180)


class SolarInverter(Group):
    """An inverter that only serves panels: what it can give on the AC side."""

    name: str = Field(min_length=1, max_length=32)
    max_power_kw: float = Field(gt=0, le=1000)


class SolarArray(Group):
    """One plane of solar panels; azimuth is the compass bearing it faces, 180 = south.

    ``inverter`` names one of ``solar_inverters``; without it the panels feed the home's own.
    """

    peak_power_kwp: float = Field(default=8.5, ge=0, le=1000)
    azimuth_degrees: float = Field(default=180, ge=0, le=360)
    tilt_degrees: float = Field(default=35, ge=0, le=90)
    inverter: str | None = None


class Inverter(Group):
    """The home's inverter (AC side) of battery and panels, and whether it can throttle PV.

    With ``max_power_kw`` 0 there is none, and nothing limits the panels that name no other.
    """

    max_power_kw: Kilowatt = 10
    can_curtail_pv: bool = True


class Grid(Group):
    """Main fuse and feed-in limit."""

    max_import_kw: Kilowatt = 25
    max_export_kw: Kilowatt = 25


class Battery(Group):
    """Usable battery seen from the AC side; wear is charged per kWh drawn from the cells."""

    capacity_kwh: float = Field(default=10, ge=0, le=10_000)
    min_soc_percent: Percent = 15
    max_soc_percent: Percent = 95
    max_charge_kw: Kilowatt = 5
    max_discharge_kw: Kilowatt = 5
    roundtrip_efficiency_percent: float = Field(default=95, gt=0, le=100)
    wear_cost_per_kwh: Margin = 0.20

    @model_validator(mode="after")
    def _soc_band_is_in_order(self) -> Self:
        # Both the same is a battery that stays where it is, and plans.
        if self.min_soc_percent > self.max_soc_percent:
            raise ValueError(
                f"min_soc_percent ({self.min_soc_percent:g}) must not be above "
                f"max_soc_percent ({self.max_soc_percent:g}); swap them"
            )
        return self


class WaterHeating(Group):
    """The water heater; ``power_kw`` 0 means there is none.

    Where using power is paid for it may take more than it needs, up to ``max_kwh_per_day``: twice
    the minimum unless given, which a tank of 200 litres can hold.
    """

    power_kw: Kilowatt = 3
    min_kwh_per_day: float = Field(default=6, ge=0, le=200)
    max_kwh_per_day: float | None = Field(default=None, ge=0, le=400)
    max_blocks_per_day: int = Field(default=2, ge=1, le=24)
    defer_up_to_hours: float = Field(default=3, ge=0, le=12)
    plan_days_ahead: int = Field(default=1, ge=0, le=2)
