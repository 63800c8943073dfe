"""The keys of the original Darkstar's configuration, translated to today's names."""

from collections.abc import Mapping
from typing import Any

from app.errors import SettingsError
from app.settings_groups import WaterHeating

Tree = dict[str, Any]

# Old dotted path -> new dotted path. Paths that kept their name are not listed.
RENAMED: Mapping[str, str] = {
    "system.location.latitude": "location.latitude",
    "system.location.longitude": "location.longitude",
    "system.inverter.max_power_kw": "inverter.max_power_kw",
    "system.grid.max_power_kw": "grid.max_import_kw",
    "battery.max_charge_power_kw": "battery.max_charge_kw",
    "battery.max_discharge_power_kw": "battery.max_discharge_kw",
    "battery.efficiency_percent": "battery.roundtrip_efficiency_percent",
    "battery_economics.battery_cycle_cost_kwh": "battery.wear_cost_per_kwh",
    "decision_thresholds.battery_use_margin_sek": "decision_thresholds.battery_use_margin_per_kwh",
    "decision_thresholds.battery_water_margin_sek": (
        "decision_thresholds.battery_water_margin_per_kwh"
    ),
    "decision_thresholds.export_profit_margin_sek": "arbitrage.export_profit_margin_per_kwh",
    "charging_strategy.charge_threshold_percentile": "charging.charge_threshold_percentile",
    "charging_strategy.cheap_price_tolerance_sek": "charging.cheap_price_tolerance_per_kwh",
    "charging_strategy.price_smoothing_sek_kwh": "charging.price_smoothing_per_kwh",
    "charging_strategy.block_consolidation_tolerance_sek": (
        "charging.block_consolidation_tolerance_per_kwh"
    ),
    "charging_strategy.consolidation_max_gap_slots": "charging.consolidation_max_gap_slots",
    "strategic_charging.price_threshold_sek": "strategic_charging.price_threshold_per_kwh",
    "s_index.days_ahead_for_sindex": "s_index.days_ahead",
    "arbitrage.export_fees_sek_per_kwh": "pricing.export_fees_per_kwh",
    "arbitrage.export_profit_margin_sek": "arbitrage.export_profit_margin_per_kwh",
    "arbitrage.future_price_guard_buffer_sek": "arbitrage.future_price_guard_buffer_per_kwh",
    "pricing.grid_transfer_fee_sek": "pricing.grid_transfer_fee_per_kwh",
    "pricing.energy_tax_sek": "pricing.energy_tax_per_kwh",
}
# Old dotted path -> why it has no effect any more.
WITHOUT_EFFECT: Mapping[str, str] = {
    "automation.write_to_mariadb": "every plan is written to the configured database",
    "water_heating.schedule_future_only": "slots already past are never planned",
}
_SOLAR = {"kwp": "peak_power_kwp", "azimuth": "azimuth_degrees", "tilt": "tilt_degrees"}
# What an original file meant when it said nothing about trust in forecasts.
_OLD_FORECASTING = {"pv_confidence_percent": 90, "load_safety_margin_percent": 110}


def translate(config: Tree) -> tuple[Tree, list[str], dict[str, str]]:
    """Return the configuration under today's names, what was renamed, and new -> old paths.

    Raises ``SettingsError`` where an old and a new name give one setting two values.
    """
    tree: Tree = {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if value is not None  # a group whose every line is commented out
    }
    notices: list[str] = []
    origin: dict[str, str] = {}
    _merge_system_battery(tree, notices)
    for old, reason in WITHOUT_EFFECT.items():
        if take(tree, old) is not None:
            notices.append(f"{old} has no effect: {reason}")
    _one_export_margin(tree, notices)
    _solar_arrays(tree, notices, origin)
    _water_hours(tree, notices, origin)
    export_limit = look(tree, "system.grid.max_power_kw")
    for old, new in RENAMED.items():
        value = take(tree, old)
        if value is None:
            continue
        _put(tree, new, value, old=old)
        origin[new] = old
        notices.append(f"{old} is now {new}")
    if export_limit is not None and look(tree, "grid.max_export_kw") is None:
        _put(tree, "grid.max_export_kw", export_limit, old="system.grid.max_power_kw")
    if notices:
        given = tree.get("forecasting", {})
        if isinstance(given, dict):
            tree["forecasting"] = {**_OLD_FORECASTING, **given}
    return tree, notices, origin


def look(tree: Tree, path: str) -> Any:
    """Return the value at a dotted path, None if there is none."""
    node: Any = tree
    for name in path.split("."):
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return node


def take(tree: Tree, path: str) -> Any:
    """Remove and return the value at a dotted path, dropping groups that become empty."""
    name, _, rest = path.partition(".")
    if not isinstance(tree, dict) or name not in tree:
        return None
    if not rest:
        return tree.pop(name)
    if not isinstance(tree[name], dict):
        return None
    tree[name] = dict(tree[name])
    value = take(tree[name], rest)
    if not tree[name]:
        del tree[name]
    return value


def _put(tree: Tree, path: str, value: Any, *, old: str) -> None:
    present = look(tree, path)
    if present is not None and present != value:
        raise SettingsError(
            f"{old} = {value} and {path} = {present} say different things; keep one"
        )
    *groups, name = path.split(".")
    for group in groups:
        inner = tree.get(group) or {}
        if not isinstance(inner, dict):
            raise SettingsError(f"{group}: is a group; write `name: value` lines below it")
        tree[group] = dict(inner)
        tree = tree[group]
    tree[name] = value


def _merge_system_battery(tree: Tree, notices: list[str]) -> None:
    """``system.battery.*`` and ``battery.*`` merge key by key; ``battery.*`` wins, and says so."""
    old = look(tree, "system.battery")
    new = tree.get("battery") or {}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    take(tree, "system.battery")
    notices.append("system.battery is now battery")
    notices.extend(
        f"system.battery.{key} = {old[key]} gives way to battery.{key} = {new[key]}"
        for key in sorted(old.keys() & new.keys())
        if old[key] != new[key]
    )
    tree["battery"] = {**old, **new}


def _one_export_margin(tree: Tree, notices: list[str]) -> None:
    """Keep one of the two places an original file has this margin: ``arbitrage`` wins."""
    kept, other = (
        f"{group}.export_profit_margin_sek" for group in ("arbitrage", "decision_thresholds")
    )
    values = look(tree, kept), look(tree, other)
    if None not in values and values[0] != values[1]:
        take(tree, other)
        notices.append(f"{other} = {values[1]} gives way to {kept} = {values[0]}")


def _solar_arrays(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """One array or a list of them, under the old field names."""
    old = take(tree, "system.solar_array")
    if old is None:
        return
    arrays = old if isinstance(old, list) else [old]
    renamed = [
        {_SOLAR.get(key, key): value for key, value in array.items()}
        if isinstance(array, dict)
        else array
        for array in arrays
    ]
    _put(tree, "solar_arrays", renamed, old="system.solar_array")
    origin["solar_arrays"] = "system.solar_array"
    for index in range(len(arrays)):
        place = f"system.solar_array.{index}" if isinstance(old, list) else "system.solar_array"
        origin[f"solar_arrays.{index}"] = place
        for key, name in _SOLAR.items():
            origin[f"solar_arrays.{index}.{name}"] = f"{place}.{key}"
    notices.append("system.solar_array is now solar_arrays")


def _water_hours(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """``min_hours_per_day`` counts where no energy is given: hours times heater power."""
    old, new = "water_heating.min_hours_per_day", "water_heating.min_kwh_per_day"
    hours = take(tree, old)
    if hours is None:
        return
    if look(tree, new) is not None:
        notices.append(f"{old} has no effect: {new} is given")
        return
    power_kw = look(tree, "water_heating.power_kw")
    power_kw = WaterHeating().power_kw if power_kw is None else power_kw
    numbers = isinstance(hours, int | float) and isinstance(power_kw, int | float)
    # What is not a number is passed on, to be refused under the name its owner wrote.
    _put(tree, new, hours * power_kw if numbers else hours, old=old)
    origin[new] = old
    notices.append(f"{old} is now {new} (hours x power_kw)")
