"""Which entity may play which part: the home's parts in plain words, fitting entities first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.doctor.checks.entity_day import UNITS
from app.doctor.checks.roles import ROLES, Kind, Role
from app.ingest.home.ha_discovery import KnownEntity
from app.settings import Settings
from app.wording import words
from app.wording.i18n import _, marked

# What a name of such an entity holds, in the languages of our homes.
_HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "battery_soc_entity_id": (
        "soc",
        "state_of_charge",
        "battery_level",
        "batteriniv",
        "batterylev",
    ),
    "consumption_entity_id": ("house", "home", "consum", "load", "forbruk", "forbrug", "hus"),
    "grid_power_entity_id": ("grid", "net", "meter", "active_power"),
    "grid_import_entity_id": ("import", "grid", "buy", "kop"),
    "grid_export_entity_id": ("export", "grid", "sell", "salj", "return", "feed"),
    "pv_entity_id": ("pv", "solar", "sun", "sol", "yield", "production"),
    "battery_power_entity_id": ("batt",),
    "battery_charge_entity_id": ("charge", "laddn"),
    "battery_discharge_entity_id": ("discharge", "urladdn"),
    "water_heater_entity_id": ("water", "heater", "boiler", "varmvatten", "beredare", "varmtvann"),
    "water_heater_daily_entity_id": ("water", "heater", "boiler", "varmvatten", "beredare"),
    "outdoor_temperature_entity_id": ("outdoor", "outside", "ute", "utomhus"),
}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "battery_soc_entity_id": (
        marked("Battery level"),
        marked("In %. Without it Darkstar does not know what is stored, and leaves it alone."),
    ),
    "consumption_entity_id": (
        marked("House consumption"),
        marked("What the house uses: a counter in kWh, or a power in W or kW."),
    ),
    "pv_entity_id": (marked("Sun"), marked("What the panels make. It corrects the sun forecast.")),
    "grid_power_entity_id": (
        marked("Grid power"),
        marked("One sensor for both directions; or give the two counters below."),
    ),
    "grid_import_entity_id": (marked("Grid import"), marked("What you buy, counter or power.")),
    "grid_export_entity_id": (marked("Grid export"), marked("What you sell, counter or power.")),
    "battery_power_entity_id": (
        marked("Battery power"),
        marked("One sensor for both directions; or give the two below."),
    ),
    "battery_charge_entity_id": (marked("Battery charge"), marked("What goes into it.")),
    "battery_discharge_entity_id": (marked("Battery discharge"), marked("What comes out of it.")),
    "water_heater_entity_id": (marked("Water heater"), marked("What the heater uses.")),
    "water_heater_daily_entity_id": (
        marked("Hot water today"),
        marked("A counter in kWh that begins anew at midnight."),
    ),
    "outdoor_temperature_entity_id": (marked("Outdoor temperature"), marked("In °C.")),
}
_SIGNS: Final[Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "grid_power_entity_id": (
        "home_assistant.grid_power_positive_is",
        (("import", marked("buying")), ("export", marked("selling"))),
    ),
    "battery_power_entity_id": (
        "home_assistant.battery_power_positive_is",
        (("charge", marked("charging")), ("discharge", marked("discharging"))),
    ),
}
_NEEDED: Final = ("battery_soc_entity_id", "consumption_entity_id")
_CLASSES: Final = {
    Kind.LEVEL: ("battery",),
    Kind.ENERGY: ("energy", "power"),
    Kind.SIGNED: ("power",),
    Kind.DAILY: ("energy",),
    Kind.TEMPERATURE: ("temperature",),
}
SIGN_PATHS: Final = tuple(path for path, _choices in _SIGNS.values())
ENTITY_PATHS: Final = tuple(role.setting for role in ROLES)
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RoleView:
    """One part to fill: who may play it, and which way is positive where it has two."""

    key: str
    name: str
    id: str
    label: str
    help: str
    value: str
    error: str
    groups: tuple[tuple[str, Options], ...]
    sign_name: str
    sign_value: str
    signs: Options
    is_needed: bool


def role_of(key: str) -> Role | None:
    """Return the role of a key, None where there is none."""
    return next((role for role in ROLES if role.key == key), None)


def roles_asked(settings: Settings) -> tuple[Role, ...]:
    """Return the parts this home has: no battery, no battery sensors."""
    absent = {
        "battery": not settings.battery.capacity_kwh,
        "water": not settings.water_heating.power_kw,
        "pv": not settings.solar_arrays,
    }
    order = (*_NEEDED, *(role.key for role in ROLES if role.key not in _NEEDED))
    found = sorted(ROLES, key=lambda role: order.index(role.key))
    return tuple(role for role in found if not absent.get(role.key.split("_", 1)[0], False))


def role_view(
    role: Role,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    entities: Iterable[KnownEntity],
) -> RoleView:
    """Return one part with the entities that could play it; the rest has the wrong unit."""
    label, text = _WORDS[role.key]
    value = values.get(role.setting, "")
    sign_name, signs = _SIGNS.get(role.key, ("", ()))
    return RoleView(
        key=role.key,
        name=role.setting,
        id=role.setting.replace(".", "-"),
        label=_(label),
        help=_(text),
        value=value,
        error=errors.get(role.setting, ""),
        groups=_groups(role, value, list(entities)),
        sign_name=sign_name,
        sign_value=values.get(sign_name, ""),
        signs=tuple((each, _(said)) for each, said in signs),
        is_needed=role.key in _NEEDED,
    )


def _groups(role: Role, value: str, entities: list[KnownEntity]) -> tuple[tuple[str, Options], ...]:
    fitting = [each for each in entities if each.unit in UNITS[role.kind]]
    likely = [each for each in fitting if _is_likely(each, role)]
    rest = [each for each in fitting if each not in likely]
    groups = [(_("Looks right"), _options(likely)), (_("Has the right unit"), _options(rest))]
    if value and value not in {each.entity_id for each in fitting}:
        now = next((_said(each) for each in entities if each.entity_id == value), value)
        groups.insert(0, (_("Chosen now"), ((value, now),)))
    return tuple((name, options) for name, options in groups if options)


def _is_likely(entity: KnownEntity, role: Role) -> bool:
    if entity.device_class and entity.device_class not in _CLASSES[role.kind]:
        return False
    named = f"{entity.entity_id} {entity.name}".lower()
    if role.key == "battery_charge_entity_id" and "discharge" in named:
        return False
    return any(hint in named for hint in _HINTS[role.key])


def _options(entities: list[KnownEntity]) -> Options:
    ordered = sorted(entities, key=lambda each: each.name.casefold())
    return tuple((each.entity_id, _said(each)) for each in ordered)


def _said(entity: KnownEntity) -> str:
    now = words.plain(f"{entity.text} {entity.unit}".strip())
    named = entity.name
    if named != entity.entity_id:
        named = f"{named} ({entity.entity_id})"
    return f"{now}: {named}" if now else named
