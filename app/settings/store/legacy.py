"""The configuration of the original Darkstar, translated to today's names.

A file is one of the original's if it has a name that only the original has. What has a counterpart
is taken over, everything else that is known of such files is named once with why it has no effect;
a name that nobody knows is left for the settings to refuse.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from app.core.errors import Problem, SettingsError
from app.settings.home import WaterHeating
from app.settings.store.legacy_names import (
    DEFAULTS,
    EMPTY,
    GIVING_WAY,
    ONLY_THERE,
    RENAMED,
    RUN_KWH,
    SOLAR,
    WITHOUT_EFFECT,
)

__all__ = ["RENAMED", "WITHOUT_EFFECT", "is_original", "look", "take", "translate"]

Tree = dict[str, Any]
_HOURS = ("water_heating.min_hours_per_day", "water_heating.daily_duration_hours")
# A part of the home that the original switches off, and what says so today.
_SWITCHES: Mapping[str, tuple[str, Any]] = {
    "system.has_solar": ("solar_arrays", []),
    "system.has_battery": ("battery.capacity_kwh", 0),
    "system.has_water_heater": ("water_heating.power_kw", 0),
}
_SIGNS: Mapping[str, tuple[str, str]] = {
    "input_sensors.grid_power_inverted": ("home_assistant.grid_power_positive_is", "export"),
    "input_sensors.battery_power_inverted": (
        "home_assistant.battery_power_positive_is",
        "discharge",
    ),
}
# Closer than this to a known name of its group, an unknown one is a typo (difflib's ratio); later
# originals have max_ac_power_kw (0.89) beside max_power_kw.
_SLIP_RATIO = 0.9


def translate(config: Tree, *, is_whole: bool = True) -> tuple[Tree, list[str], dict[str, str]]:
    """Return the configuration under today's names, what was renamed, and new -> old paths.

    A whole file of the original keeps the original's defaults where today's are others; a part of
    one says nothing of them. Raises ``SettingsError`` where an old and a new name give one setting
    two values.
    """
    notices: list[str] = []
    origin: dict[str, str] = {}
    if not is_original(config):
        # A group whose every line is commented out is none.
        return {key: value for key, value in config.items() if value is not None}, notices, origin
    tree = _without_nulls(config, notices)
    _merge_system_battery(tree, notices, origin)
    _solar_arrays(tree, notices, origin)
    _water_hours(tree, notices, origin)
    _switches(tree, notices, origin)
    _appliances(tree, notices, origin)
    _s_index_mode(tree, notices)
    export_limit = look(tree, "system.grid.max_power_kw")
    for old, new in (*_first_places(), *((old, RENAMED[old]) for old in GIVING_WAY)):
        value = take(tree, old)
        if value is not None:
            _rename(tree, old, new, value, notices, origin)
    if export_limit is not None and look(tree, "grid.max_export_kw") is None:
        _put(tree, "grid.max_export_kw", export_limit, old="system.grid.max_power_kw")
    _tell_the_rest(tree, notices)
    for group, values in DEFAULTS.items() if is_whole else ():
        given = tree.get(group, {})
        if isinstance(given, dict):
            tree[group] = {**values, **given}
    return tree, notices, origin


def is_original(config: Mapping[str, Any]) -> bool:
    """Tell whether a configuration has a name that only the original has."""
    tree = dict(config)
    names = (*RENAMED, *WITHOUT_EFFECT, *ONLY_THERE, *_HOURS)
    return any(_has(tree, path) for path in names)


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


def _has(tree: Any, path: str) -> bool:
    """Tell whether a path is there, be it empty."""
    *groups, name = path.split(".")
    node = look(tree, ".".join(groups)) if groups else tree
    return isinstance(node, dict) and name in node


def _without_nulls(config: Tree, notices: list[str], prefix: str = "") -> Tree:
    """Return a copy without what is empty: the original took its own default for it."""
    kept: Tree = {}
    for name, value in config.items():
        if value is None:
            if prefix or name in ONLY_THERE:
                notices.append(f"{prefix}{name} has no effect: {EMPTY}")
        elif isinstance(value, dict):
            kept[name] = _without_nulls(value, notices, f"{prefix}{name}.")
        else:
            kept[name] = value
    return kept


def _first_places() -> Iterator[tuple[str, str]]:
    return ((old, new) for old, new in RENAMED.items() if old not in GIVING_WAY)


def _rename(
    tree: Tree, old: str, new: str, value: Any, notices: list[str], origin: dict[str, str]
) -> None:
    present = look(tree, new)
    if old in GIVING_WAY and present is not None and present != value:
        place = origin.get(new, new)
        notices.append(f"{old} = {value} gives way to {place} = {present}")
        return
    notices.append(f"{old} is now {new}")
    if value == "" and old.startswith("input_sensors."):
        return  # a sensor that the home does not have
    _put(tree, new, value, old=old)
    origin.setdefault(new, old)


def _switches(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """Take a part of the home that is switched off as not there, and turned signs as such."""
    for old, (new, none) in _SWITCHES.items():
        if (given := take(tree, old)) is None:
            continue
        notices.append(f"{old} is now {new}")
        if given is False:
            take(tree, new)
            _put(tree, new, none, old=old)
            origin[new] = old
    for old, (new, turned) in _SIGNS.items():
        if (given := take(tree, old)) is None:
            continue
        notices.append(f"{old} is now {new}")
        if given is True and look(tree, new) is None:
            _put(tree, new, turned, old=old)
            origin[new] = old


def _appliances(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """Appliances become presets of the best-time finder, with a typical kWh where one is known."""
    old, new = "appliances", "best_time.appliances"
    given = look(tree, old)
    if not isinstance(given, dict) or not given or look(tree, new) is not None:
        return
    made: list[Tree] = []
    for key, each in given.items():
        if not isinstance(each, dict) or "duration_hours" not in each:
            continue
        run = {"name": each.get("label", key), "hours": each["duration_hours"]}
        index = len(made)
        made.append(run | ({"kwh": RUN_KWH[key]} if key in RUN_KWH else {}))
        for path, name in (("label", "name"), ("duration_hours", "hours")):
            if take(tree, f"{old}.{key}.{path}") is not None:
                notices.append(f"{old}.{key}.{path} is now {new}.{index}.{name}")
                origin[f"{new}.{index}.{name}"] = f"{old}.{key}.{path}"
    if made:
        _put(tree, new, made, old=old)
        origin[new] = old


def _s_index_mode(tree: Tree, notices: list[str]) -> None:
    """Later originals have a third mode, made from the same figures as the dynamic one."""
    path = "s_index.mode"
    if look(tree, path) == "probabilistic":
        take(tree, path)
        notices.append(f"{path} = probabilistic gives way to {path} = dynamic")
        _put(tree, path, "dynamic", old=path)


def _tell_the_rest(tree: Tree, notices: list[str]) -> None:
    """Take out what has no effect any more, and say of every name why."""
    for path, why in (*WITHOUT_EFFECT.items(), *ONLY_THERE.items()):
        if (value := take(tree, path)) is None:
            continue
        leaves = list(_leaves(value, path))
        if path in ONLY_THERE:
            _refuse_typos(leaves)
        notices.extend(f"{leaf} has no effect: {why}" for leaf in leaves)


def _leaves(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield path
        return
    for name, inner in value.items():
        yield from _leaves(inner, f"{path}.{name}")


def _refuse_typos(leaves: Sequence[str]) -> None:
    """Refuse a name that is all but one that would be taken over: its value must not be lost."""
    for leaf in leaves:
        group, _, name = leaf.rpartition(".")
        known = [old.rpartition(".")[2] for old in RENAMED if old.startswith(f"{group}.")]
        if close := get_close_matches(name, known, n=1, cutoff=_SLIP_RATIO):
            meant = f"no such setting; did you mean {group}.{close[0]}?"
            raise SettingsError.listing((Problem(leaf, None, meant),))


def _merge_system_battery(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """``system.battery.*`` and ``battery.*`` merge key by key; ``battery.*`` wins, and says so."""
    old, new = look(tree, "system.battery"), tree.get("battery") or {}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    take(tree, "system.battery")
    merged = dict(new)
    known = {_today(key): (f"battery.{key}", value) for key, value in new.items()}
    # A name that gives way comes last.
    for key in sorted(old, key=lambda key: f"battery.{key}" in GIVING_WAY):
        place, path, value = f"system.battery.{key}", _today(key), old[key]
        other, present = known.setdefault(path, (place, value))
        if other == place:
            merged[path.partition(".")[2]], origin[path] = value, place
        if present == value:
            notices.append(f"{place} is now {path}")
        else:
            notices.append(f"{place} = {value} gives way to {other} = {present}")
    tree["battery"] = merged


def _today(key: str) -> str:
    return RENAMED.get(f"battery.{key}", f"battery.{key}")


def _solar_arrays(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """One array or a list of them, under the old field names."""
    old = take(tree, "system.solar_array")
    if old is None:
        return
    arrays = old if isinstance(old, list) else [old]
    renamed = [
        {SOLAR.get(key, key): value for key, value in array.items()}
        if isinstance(array, dict)
        else array
        for array in arrays
    ]
    _put(tree, "solar_arrays", renamed, old="system.solar_array")
    origin["solar_arrays"] = "system.solar_array"
    for index in range(len(arrays)):
        place = f"system.solar_array.{index}" if isinstance(old, list) else "system.solar_array"
        origin[f"solar_arrays.{index}"] = place
        for key, name in SOLAR.items():
            origin[f"solar_arrays.{index}.{name}"] = f"{place}.{key}"
        given = arrays[index] if isinstance(arrays[index], dict) else {}
        notices.extend(
            f"{place}.{key} is now solar_arrays.{index}.{SOLAR.get(key, key)}" for key in given
        )


def _water_hours(tree: Tree, notices: list[str], origin: dict[str, str]) -> None:
    """``min_hours_per_day`` counts where no energy is given: hours times heater power."""
    new = "water_heating.min_kwh_per_day"
    old = next((each for each in _HOURS if look(tree, each) is not None), None)
    if old is None:
        return
    hours = take(tree, old)
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
