"""The configuration as data for an answer: secrets masked, every setting explained."""

from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from app.api.settings.schemas import ConfigMetaOut, ConfigOut, SettingOut
from app.settings import Settings
from app.settings.fields import SettingField, group_of, setting_fields, value_of
from app.settings.store import legacy
from app.settings.store.sources import LoadedSettings
from app.settings.store.state import Seen

SET = "set"


def config_of(seen: Seen, waiting: dict[str, str]) -> ConfigOut:
    """Return the settings by group, and what is known of each."""
    loaded = seen.loaded
    tree = loaded.settings.model_dump(mode="json")
    fields = [
        _setting(field, loaded, legacy.look(tree, path)) for path, field in setting_fields().items()
    ]
    for setting in fields:
        if setting.secret:
            _mask(tree, setting.path, setting.value)
    meta = ConfigMetaOut.model_validate(
        {
            "version": seen.version,
            "file": loaded.config_path.name if loaded.config_path else None,
            "file_error": seen.error,
            "notices": list(loaded.notices),
            "waiting": waiting,
            "fields": fields,
        }
    )
    return ConfigOut.model_validate({**tree, "meta": meta})


def _setting(field: SettingField, loaded: LoadedSettings, shown: Any) -> SettingOut:
    value = value_of(loaded.settings, field.path)
    return SettingOut(
        path=field.path,
        value=(SET if value else None) if field.secret else shown,
        default=None if field.secret else _json(field),
        unit=field.unit,
        help=field.words,
        source=_source(field.path, loaded),
        env=field.env,
        secret=field.secret,
        changed=value is not None and value != field.default,
        takes_effect="restart" if field.needs_restart else "next plan",
    )


def _source(path: str, loaded: LoadedSettings) -> Literal["env", "file", "default"]:
    if legacy.look(dict(loaded.forced), path) is not None:
        return "env"
    return "file" if legacy.look(dict(loaded.given), path) is not None else "default"


def _mask(tree: dict[str, Any], path: str, shown: Any) -> None:
    group, _, name = path.rpartition(".")
    inner = legacy.look(tree, group) if group else tree
    if isinstance(inner, dict):
        inner[name] = shown


@cache
def _defaults() -> dict[str, Any]:
    return Settings().model_dump(mode="json")


def _json(field: SettingField) -> Any:
    found = legacy.look(_defaults(), field.path)
    return field.default if found is None else found


@cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of all settings, with units, words and when a change counts."""
    made = Settings.model_json_schema()
    for path, field in setting_fields().items():
        *groups, name = path.split(".")
        model: type[BaseModel] = Settings
        for group in groups:
            inner = group_of(model.model_fields[group].annotation)
            assert inner is not None  # noqa: S101 - the fields are walked the same way
            model = inner
        properties = made["$defs"][model.__name__]["properties"] if groups else made["properties"]
        entry = properties[name]
        entry["description"] = field.words
        entry["x-takes-effect"] = "restart" if field.needs_restart else "next plan"
        entry["x-env"] = field.env
        if field.unit:
            entry["x-unit"] = field.unit
    return made
