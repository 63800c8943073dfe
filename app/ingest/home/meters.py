"""Which sensor measures which quantity of the home, and which part of its value that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import UTC_TIME
from app.ingest.home import slot_flows
from app.ingest.home.charge_level import Reach, without_jumps
from app.ingest.home.consumption import CELSIUS, ENERGY_UNITS, FAHRENHEIT, POWER_UNITS
from app.ingest.home.slot_flows import FLOW, Part
from app.settings import HomeAssistant

SOC: Final = "soc_percent"
TEMPERATURE: Final = "temperature_c"
# The house with whatever its meter counts: the load is made from it and from the heater.
CONSUMPTION: Final = "consumption_kwh"
ENERGIES: Final = (
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    CONSUMPTION,
    "water_kwh",
    "charge_kwh",
    "discharge_kwh",
)
MEASURED_SLOTS: Final = pl.Schema({"quantity": pl.String(), **FLOW})
_PERCENT: Final = "%"


class MeterUnitError(UpstreamError):
    """A sensor is in a unit that does not fit what it is mapped as."""

    code = "meter_unit"


@dataclass(frozen=True, slots=True)
class Meter:
    """A quantity and the entity (or topic) that measures it.

    ``reach`` bounds how fast a charge level can move; what it forbids is left out.
    """

    quantity: str
    key: str
    part: Part = Part.WHOLE
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What one sensor recorded: ``POINTS``, in ``unit``; known up to ``until``."""

    points: pl.DataFrame
    unit: str
    until: datetime


_SENSORS: Final = {
    "battery_soc": SOC,
    "grid_import": "import_kwh",
    "grid_export": "export_kwh",
    "pv": "pv_kwh",
    "consumption": CONSUMPTION,
    "water_heater": "water_kwh",
    "battery_charge": "charge_kwh",
    "battery_discharge": "discharge_kwh",
    "outdoor_temperature": TEMPERATURE,
}


def mapped(home: HomeAssistant, *, reach: Reach | None = None) -> tuple[Meter, ...]:
    """Return the meters of Home Assistant's entities; without a battery there is no ``reach``."""
    names = (*_SENSORS, "grid_power", "battery_power")
    keys = {name: getattr(home, f"{name}_entity_id") for name in names}
    keys["water_heater"] = keys["water_heater"] or home.water_heater_daily_entity_id
    return meters_of(keys, home, reach=reach)


def meters_of(
    keys: Mapping[str, str | None], home: HomeAssistant, *, reach: Reach | None = None
) -> tuple[Meter, ...]:
    """Return the meters of what is mapped; one of its own wins over a part of a signed power."""
    found = [
        Meter(quantity, key, reach=reach if quantity == SOC else None)
        for name, quantity in _SENSORS.items()
        if (key := keys.get(name))
    ]
    imports = home.grid_power_positive_is == "import"
    charges = home.battery_power_positive_is == "charge"
    signed = (
        *_both("import_kwh", "export_kwh", keys.get("grid_power"), first_is_positive=imports),
        *_both("charge_kwh", "discharge_kwh", keys.get("battery_power"), first_is_positive=charges),
    )
    own = {meter.quantity for meter in found}
    return (*found, *(meter for meter in signed if meter.quantity not in own))


def _both(
    first: str, second: str, key: str | None, *, first_is_positive: bool
) -> tuple[Meter, ...]:
    if key is None:
        return ()
    parts = (Part.POSITIVE, Part.NEGATIVE)
    return tuple(
        Meter(quantity, key, part)
        for quantity, part in zip(
            (first, second), parts if first_is_positive else parts[::-1], strict=True
        )
    )


def measured(meter: Meter, record: Record, slots: pl.Series, *, most_kwh: float) -> pl.DataFrame:
    """Return what a meter says of each slot it knows (``MEASURED_SLOTS``).

    Raises ``MeterUnitError`` where its unit does not fit the quantity.
    """
    flow = _flow(meter, record, slots, most_kwh=most_kwh)
    return flow.filter(pl.col("slot_start").is_in(slots.implode())).select(
        pl.lit(meter.quantity).alias("quantity"), *FLOW.names()
    )


def _flow(meter: Meter, record: Record, slots: pl.Series, *, most_kwh: float) -> pl.DataFrame:
    unit, points = record.unit, record.points
    if meter.quantity == SOC and unit == _PERCENT:
        if meter.reach is not None:
            points = without_jumps(points, meter.reach, until=record.until)
        return slot_flows.soc_at_ends(points, slots)
    if meter.quantity == TEMPERATURE and unit in {CELSIUS, FAHRENHEIT}:
        value = pl.col("value")
        celsius = (value - 32) / 1.8 if unit == FAHRENHEIT else value
        return slot_flows.averaged(points.with_columns(value=celsius), until=record.until)
    if meter.quantity in ENERGIES:
        if unit in ENERGY_UNITS and meter.part is Part.WHOLE:
            return slot_flows.counted(points, unit=unit, most_kwh=most_kwh)
        if unit in POWER_UNITS:
            return slot_flows.powered(
                points, unit=unit, part=meter.part, until=record.until, most_kwh=most_kwh
            )
    raise MeterUnitError(unit_problem(meter, unit))


def unit_problem(meter: Meter, unit: str) -> str:
    """Return what is wrong with a meter's unit, and what is needed."""
    needed = "an energy (Wh, kWh, MWh) or a power (W, kW, MW)"
    if meter.part is not Part.WHOLE:
        needed = "a power (W, kW, MW), whose sign says the direction,"
    needed = {SOC: "a state of charge in %", TEMPERATURE: "a temperature in °C"}.get(
        meter.quantity, needed
    )
    return f"{meter.key} has unit {unit!r}; {needed} is needed for {meter.quantity}"


def nothing() -> pl.DataFrame:
    """Return ``MEASURED_SLOTS`` without a row."""
    return pl.DataFrame(schema=MEASURED_SLOTS)


def confirmed(points: pl.DataFrame, *, at: datetime, value: float | None) -> pl.DataFrame:
    """Add what the sensor says now: that an unchanged value still holds is in no history."""
    last = points["at"].max()
    if isinstance(last, datetime) and last >= at:
        return points
    now = pl.DataFrame({"at": [at], "value": [value]}, schema={"at": UTC_TIME, "value": pl.Float64})
    return pl.concat([points, now])


def stacked(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return ``MEASURED_SLOTS`` of several meters in one frame."""
    return pl.concat([nothing(), *frames])
