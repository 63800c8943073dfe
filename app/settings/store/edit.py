"""Write a change into the text of config.yaml and secrets.yaml, under the names they use.

What comes out is loaded and held against what was wanted before anybody sees it: a file that
means something else is never written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.errors import SettingsError
from app.settings import Settings
from app.settings.fields import plain_value, setting_fields, values_of
from app.settings.store import legacy, yaml_edit
from app.settings.store.changes import ConfigRefusedError, Wanted, pruned, target_tree
from app.settings.store.files import ConfigFiles, Contents
from app.settings.store.origins import misdirected
from app.settings.store.sources import LoadedSettings, settle

# Original names whose figure means more than the one setting: they give way to today's name.
_GIVE_WAY: Final[Mapping[str, tuple[str, ...]]] = {
    "grid.max_import_kw": ("system.grid.max_power_kw",),
    "grid.max_export_kw": (),
    "solar_arrays": ("system.solar_array", "system.has_solar"),
    "battery.capacity_kwh": ("system.has_battery",),
    "water_heating.power_kw": ("system.has_water_heater",),
    "water_heating.min_kwh_per_day": (
        "water_heating.min_hours_per_day",
        "water_heating.daily_duration_hours",
    ),
    "home_assistant.grid_power_positive_is": ("input_sensors.grid_power_inverted",),
    "home_assistant.battery_power_positive_is": ("input_sensors.battery_power_inverted",),
    "best_time.appliances": ("appliances",),
}
_OLD_GROUPS: Final[Mapping[str, str]] = {"battery": "system.battery"}
# An old name that goes can take a default with it that then has to be said.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Edited:
    """New contents, the settings they make, and the paths whose value changes."""

    contents: Contents
    loaded: LoadedSettings
    changed: tuple[str, ...]


def edit(
    files: ConfigFiles,
    contents: Contents,
    present: LoadedSettings,
    wanted: Wanted,
    *,
    trusted: Settings | None = None,
) -> Edited:
    """Return the files with the change in them; raises ``ConfigRefusedError``.

    ``trusted`` are the settings whose addresses the stored secrets were given for, where those are
    not what the files say now.
    """
    told = pruned(wanted, present, _target(files, present, wanted))
    target = _target(files, present, told)
    known = present.settings if trusted is None else trusted
    if problems := tuple(misdirected(known, target.settings, wanted.secrets)):
        raise ConfigRefusedError.listing(problems)
    before, after = values_of(present.settings), values_of(target.settings)
    pages = _Pages(contents)
    for path in told.cleared:
        pages.clear(path)
    for path in _leaves(told.values):
        pages.write(path, plain_value(target.settings, path))
    for _ in range(_ROUNDS):
        made = pages.contents()
        try:
            loaded = files.loaded(made)
        except SettingsError as error:
            raise ConfigRefusedError(f"the file this makes would not load: {error}") from None
        found = values_of(loaded.settings)
        wrong = [path for path, value in after.items() if found[path] != value]
        if not wrong and _said(loaded, "pricing") == _said(target, "pricing"):
            changed = tuple(path for path, value in after.items() if before[path] != value)
            return Edited(made, loaded, changed)
        for path in wrong:
            pages.clear(path)
            pages.write(path, plain_value(target.settings, path))
    raise ConfigRefusedError(
        f"{', '.join(wrong) or 'pricing'} cannot be written into {files.path} by itself; "
        "change the file by hand"
    )


def _target(files: ConfigFiles, present: LoadedSettings, wanted: Wanted) -> LoadedSettings:
    """Return the settings a change leads to, in memory only."""
    origin = {**present.origin, **wanted.origin}
    try:
        return settle((target_tree(wanted, present), [], origin), files.environ, files.path)
    except ConfigRefusedError:
        raise
    except SettingsError as error:
        if error.problems:
            raise ConfigRefusedError.listing(error.problems) from None
        raise ConfigRefusedError(str(error)) from None


def _said(loaded: LoadedSettings, group: str) -> set[str]:
    """Return which settings of a group the files give, whatever their value.

    A tariff pack stands over what ``pricing`` does not say.
    """
    given = loaded.given.get(group)
    return set(given) if isinstance(given, Mapping) else set()


def _leaves(values: Mapping[str, Any]) -> Iterator[str]:
    tree = dict(values)
    for path in setting_fields():
        if legacy.look(tree, path) is not None:
            yield path


class _Pages:
    """The texts being edited."""

    def __init__(self, contents: Contents) -> None:
        self._old = contents
        self._config = (contents.config or b"").decode()
        self._secrets = (contents.secrets or b"").decode()

    def contents(self) -> Contents:
        """Return what the files will hold; a file that is not there and not needed stays away."""
        try:
            config, secret = self._config.encode(), self._secrets.encode()
        except UnicodeEncodeError:
            raise ConfigRefusedError("a text holds half a character; send whole ones") from None
        return replace(
            self._old,
            config=config if config or self._old.config is not None else None,
            secrets=secret if secret or self._old.secrets is not None else None,
        )

    def write(self, path: str, value: Any) -> None:
        """Put a value where the file has it, under the name it has there, or at its own place."""
        for old in _GIVE_WAY.get(path, ()):
            self._remove(old)
        if setting_fields()[path].secret:
            for place in _places(path):
                self._config = yaml_edit.without(self._config, place)
            self._secrets = yaml_edit.with_value(self._secrets, tuple(path.split(".")), value)
            return
        written = False
        for place in _places(path):
            if yaml_edit.value_at(self._secrets, place):
                self._secrets = yaml_edit.with_value(self._secrets, place, value)
                written = True
            if yaml_edit.value_at(self._config, place):
                self._config = yaml_edit.with_value(self._config, place, value)
                written = True
        if not written:
            self._config = yaml_edit.with_value(self._config, tuple(path.split(".")), value)

    def clear(self, path: str) -> None:
        """Take a setting, or all of a group, out of both files."""
        for name in setting_fields():
            if name == path or name.startswith(f"{path}."):
                for old in _GIVE_WAY.get(name, ()):
                    self._remove(old)
                for place in _places(name):
                    self._config = yaml_edit.without(self._config, place)
                    self._secrets = yaml_edit.without(self._secrets, place)

    def _remove(self, path: str) -> None:
        self._config = yaml_edit.without(self._config, tuple(path.split(".")))


def _places(path: str) -> list[yaml_edit.Path]:
    """Return where a setting may stand: under its own name, and under original ones."""
    old = [
        was
        for was, now in legacy.RENAMED.items()
        if now == path and was not in _GIVE_WAY.get(path, ())
    ]
    names = [path, *old]
    for group, older in _OLD_GROUPS.items():
        names += [
            f"{older}.{name.removeprefix(f'{group}.')}"
            for name in names
            if name.startswith(f"{group}.")
        ]
    return [tuple(name.split(".")) for name in names]
