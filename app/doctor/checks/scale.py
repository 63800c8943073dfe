"""Scale: watts labelled kW, a level written 0 to 1, watt-hours labelled kWh, settings too small."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from app.doctor.checks.entity import Entity
from app.doctor.checks.report import Finding, Verdict
from app.doctor.checks.roles import Kind

# Hours are means: a fuse carries a little more, a setting is often rounded down.
ABOVE_LIMIT = 1.25
# An hour this far above the limit is no matter of a setting. The second highest is looked at: a
# single glitch spoils one hour, a wrong unit all of them.
FAR_ABOVE_LIMIT = 5.0
# Single readings beyond this are glitches that Darkstar drops.
SPIKE = 3.0
# No house with a fridge lives on less in its usual hour.
LEAST_LOAD_KW = 0.02
_NOTHING_KW = 0.001
_FULL_PERCENT = 100.5
_UP = {"Wh": "kWh", "kWh": "MWh", "W": "kW", "kW": "MW"}
_DOWN = {big: small for small, big in _UP.items()}


def level(entity: Entity) -> Iterator[Finding]:
    """Say whether a charge level is in percent, 0 to 100."""
    if entity.role.kind is not Kind.LEVEL or entity.bounds is None:
        return
    low, high = entity.bounds
    name = entity.answer.mapped.entity_id
    if 0 < high <= 1:
        yield Finding(
            "scale",
            Verdict.RED,
            f"the highest level in 24 h is {high:g} %: it is written as 0 to 1",
            high,
            "%",
            f"multiply {name} by 100 with a template sensor in %, and map that one to "
            f"{entity.role.setting}",
        )
    elif high > _FULL_PERCENT or low < 0:
        yield Finding(
            "scale",
            Verdict.RED,
            f"between {low:g} and {high:g} %, outside 0 to 100",
            high,
            "%",
            f"map the charge level in % to {entity.role.setting}; {name} measures something else",
        )
    else:
        yield Finding("scale", Verdict.GREEN, f"between {low:g} and {high:g} %", high, "%")


def power(entity: Entity) -> Iterator[Finding]:
    """Say whether what flowed fits what the fuse, the inverter or the panels can carry."""
    kw = entity.hourly["kwh"].drop_nulls().abs()
    if kw.is_empty() or not entity.limit_kw:
        return
    flowing = kw.filter(kw > _NOTHING_KW)
    usual = float(flowing.median() or 0)  # type: ignore[arg-type]
    most = float(kw.max() or 0)  # type: ignore[arg-type]
    second = float(kw.sort(descending=True)[:2].min() or 0)  # type: ignore[arg-type]
    yield _power(entity, usual, (second, most), float(flowing.sum()))


def _power(entity: Entity, usual: float, high: tuple[float, float], total: float) -> Finding:
    second, most = high
    unit, limit = entity.answer.unit, entity.limit_kw
    if second > FAR_ABOVE_LIMIT * limit and unit in _DOWN:
        proof = f"{second:.0f} kW over an hour where {limit:g} kW is the most"
        return _wrong_unit(entity, proof, second, _DOWN[unit])
    few = entity.role.key == "consumption_entity_id" and usual < LEAST_LOAD_KW
    if few and unit in _UP and usual * 1000 <= limit:
        proof = (
            f"a usual hour has {usual * 1000:.1f} W, {total:.2f} kWh in 24 h: no house uses less"
        )
        return _wrong_unit(entity, proof, usual, _UP[unit])
    idle = entity.role.key == "pv_entity_id" and 0 < most * 1000 <= 2 * limit
    if idle and unit in _UP:
        return Finding(
            "scale",
            Verdict.AMBER,
            f"the best hour brought {most * 1000:.0f} W of {limit:g} kWp",
            most,
            "kW",
            f"snow or darkness explain it; otherwise the unit of {entity.answer.mapped.entity_id} "
            f"must be {_UP[unit]}, not {unit}",
        )
    return _spikes(entity) or _above(entity, most, total)


def _wrong_unit(entity: Entity, proof: str, usual: float, right: str) -> Finding:
    return Finding(
        "scale",
        Verdict.RED,
        proof,
        round(usual, 4),
        "kW",
        f"the values look like {right}: correct the unit of {entity.answer.mapped.entity_id} in "
        f"Home Assistant to {right}, or map another entity to {entity.role.setting}",
    )


def _above(entity: Entity, most: float, total: float) -> Finding:
    limit = entity.limit_kw
    proof = f"{total:.1f} kWh in 24 h, at most {most:.1f} kW over an hour"
    if most <= ABOVE_LIMIT * limit:
        return Finding("scale", Verdict.GREEN, proof, round(most, 3), "kW")
    return Finding(
        "scale",
        Verdict.AMBER,
        f"{proof}; the settings say {limit:g} kW at most",
        round(most, 3),
        "kW",
        f"raise {_LIMIT_SETTINGS[entity.role.key]}, or map another entity",
    )


_LIMIT_SETTINGS = {
    "consumption_entity_id": "grid.max_import_kw or inverter.max_power_kw",
    "grid_power_entity_id": "grid.max_import_kw or grid.max_export_kw",
    "grid_import_entity_id": "grid.max_import_kw",
    "grid_export_entity_id": "grid.max_export_kw",
    "pv_entity_id": "solar_arrays: peak_power_kwp",
    "battery_power_entity_id": "battery.max_charge_kw or battery.max_discharge_kw",
    "battery_charge_entity_id": "battery.max_charge_kw",
    "battery_discharge_entity_id": "battery.max_discharge_kw",
    "water_heater_entity_id": "water_heating.power_kw",
    "water_heater_daily_entity_id": "water_heating.power_kw",
}


def _spikes(entity: Entity) -> Finding | None:
    """Say when single readings of a power are beyond anything the home can carry."""
    if not entity.is_power:
        return None
    beyond = entity.steps.filter(pl.col("kw").abs() > SPIKE * entity.limit_kw)
    if beyond.is_empty():
        return None
    highest = float(beyond["kw"].abs().max() or 0)  # type: ignore[arg-type]
    minutes = float(
        beyond.select((pl.col("end") - pl.col("begin")) / timedelta(minutes=1)).to_series().sum()
    )
    return Finding(
        "scale",
        Verdict.AMBER,
        f"{beyond.height} readings of up to {highest:.0f} kW, {minutes:.0f} min together",
        highest,
        "kW",
        f"glitches of the device: they are dropped; a filter sensor over "
        f"{entity.answer.mapped.entity_id} removes them in Home Assistant",
    )
