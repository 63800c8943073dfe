"""Every setting as a settings page shows it: path, unit, words, default, and how it is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.settings import Settings
from app.settings.problems import holds_secret
from app.settings.words import WORDS

ENV_PREFIX: Final = "DARKSTAR_"
# Opened once, when the process starts.
NEED_A_RESTART: Final = (
    "access.trusted_proxies",
    "data_dir",
    "database",
    "log_level",
    "mariadb",
    "mqtt",
    "server",
)
_UNITS: Final = {
    "_per_kwh": "currency/kWh",
    "_kwh_per_day": "kWh/day",
    "_kwp": "kWp",
    "_kwh": "kWh",
    "_kw": "kW",
    "_percent": "%",
    "_minutes": "min",
    "_hours": "h",
    "_days": "days",
    "_degrees": "°",
    "_slots": "slots",
    "_ratio": "ratio",
    "_c": "°C",
    "min_on_slots_charge": "slots",
    "min_off_slots_charge": "slots",
    "min_on_slots_discharge": "slots",
    "min_off_slots_discharge": "slots",
    "min_on_slots_export": "slots",
}
_NAMED_UNITS: Final = {
    "location.latitude": "°",
    "location.longitude": "°",
    "water_heating.max_blocks_per_day": "blocks/day",
    "water_heating.plan_days_ahead": "days",
    "automation.plan_every_minutes": "min",
    "arbitrage.export_percentile_threshold": "%",
    "charging.charge_threshold_percentile": "%",
    "forecasting.fallback_daily_load_kwh": "kWh/day",
}


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting; ``values`` of a group's list are one setting."""

    path: str
    info: FieldInfo
    default: Any
    secret: bool
    unit: str
    words: str
    needs_restart: bool

    @property
    def env(self) -> str:
        """The environment variable that forces it."""
        return ENV_PREFIX + self.path.replace(".", "__").upper()


@cache
def setting_fields() -> Mapping[str, SettingField]:
    """Return every setting by its dotted path, in the order of the model."""
    return {
        path: SettingField(
            path=path,
            info=info,
            default=_default(path, info),
            secret=holds_secret(info.annotation),
            unit=_unit(path),
            words=info.description or WORDS.get(path, ""),
            needs_restart=needs_restart(path),
        )
        for path, info in _walk(Settings, "")
    }


def needs_restart(path: str) -> bool:
    """Tell whether a change of the setting waits for the next start of the service."""
    return any(path == each or path.startswith(f"{each}.") for each in NEED_A_RESTART)


def group_of(kind: Any) -> type[BaseModel] | None:
    """Return the group a field holds, None where it holds a value."""
    kinds = (kind, *get_args(kind))
    if Ellipsis in kinds:
        return None
    return next((each for each in kinds if _is_model(each)), None)


def value_of(settings: BaseModel, path: str) -> Any:
    """Return the value at a path; a setting of a group that is not there is None."""
    value: Any = settings
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def plain_value(settings: BaseModel, path: str) -> Any:
    """Return the value as JSON data, secrets in clear: for files, never for an answer."""
    value = value_of(settings, path)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return [_plain_item(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def values_of(settings: BaseModel) -> dict[str, Any]:
    """Return every setting's value, comparable."""
    return {path: value_of(settings, path) for path in setting_fields()}


def _plain_item(item: Any) -> Any:
    if isinstance(item, SecretStr):
        return item.get_secret_value()
    # What a rule does not say means something else than its default.
    return item.model_dump(mode="json", exclude_unset=True) if _is_instance(item) else item


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, info in model.model_fields.items():
        if group := group_of(info.annotation):
            yield from _walk(group, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", info


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_instance(item: Any) -> bool:
    return isinstance(item, BaseModel)


def _default(path: str, info: FieldInfo) -> Any:
    group = path.rpartition(".")[0]
    given = group and value_of(Settings(), group) is None
    default = info.get_default(call_default_factory=True) if given else value_of(Settings(), path)
    return None if default is PydanticUndefined else default


def _unit(path: str) -> str:
    """Return the unit a setting's name says it has, empty for a number without one or a text."""
    if path in _NAMED_UNITS:
        return _NAMED_UNITS[path]
    return next((unit for ending, unit in _UNITS.items() if path.endswith(ending)), "")
