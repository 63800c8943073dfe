"""The steps of the wizard in their order, and what each of the plain ones asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.api.setup.fields import BATTERY, GRID, WATER, Spec, roof, stored, text_of
from app.api.setup.form import FieldView, GroupView, Sent, Step, field_view, number_of, read_fields
from app.api.setup.place import PLACE, place_groups, place_sent, place_values
from app.api.setup.places import CITIES
from app.settings import Settings
from app.settings.fields import plain_value
from app.settings.store.state import Seen
from app.wording.i18n import _, marked

_STEPS: Final = (
    ("/setup", marked("Start")),
    ("/setup/place", marked("Place and price")),
    ("/setup/battery", marked("Battery")),
    ("/setup/water", marked("Hot water")),
    ("/setup/sun", marked("Sun and fuse")),
    ("/setup/home-assistant", marked("Sensors")),
    ("/setup/plan", marked("First plan")),
)
_TITLES: Final = {
    "place": marked("Where is your home?"),
    "battery": marked("Is there a battery?"),
    "water": marked("Does Darkstar heat your water?"),
    "sun": marked("Are there solar panels?"),
}
_LEADS: Final = {
    "place": marked("The place tells the sun forecast, the price area tells what power costs."),
    "battery": marked("Every figure stands on its label or in its data sheet."),
    "water": marked("An electric water heater runs when power is cheapest."),
    "sun": marked("One entry for each plane of the roof; then what the wires can carry."),
}
_HAS: Final = {
    "battery": ("battery.capacity_kwh", marked("Battery")),
    "water": ("water_heating.power_kw", marked("Electric water heater that Darkstar plans")),
    "sun": ("solar_arrays", marked("Solar panels")),
}
_ROOFS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class StepView:
    """Everything ``setup_step.html`` may use."""

    key: str
    title: str
    lead: str
    has: str
    has_label: str
    groups: tuple[GroupView, ...]
    problems: tuple[tuple[str, str, str], ...]
    cities: tuple[str, ...]
    city: str
    version: str
    can_add: bool


def steps(path: str) -> tuple[Step, ...]:
    """Return the progress list for the page asked for."""
    hrefs = [href for href, _name in _STEPS]
    at = hrefs.index(path) if path in hrefs else 0
    return tuple(
        Step(href, _(name), number + 1, number == at, number < at)
        for number, (href, name) in enumerate(_STEPS)
    )


def beside(key: str) -> tuple[str, str]:
    """Return the addresses of the step before and the one after."""
    hrefs = [href for href, _name in _STEPS]
    at = hrefs.index(f"/setup/{key}")
    return hrefs[at - 1], hrefs[min(at + 1, len(hrefs) - 1)]


def specs_of(key: str, values: Mapping[str, str]) -> tuple[Spec, ...]:
    """Return the fields a step asks; how many roofs, the values tell."""
    if key == "place":
        return PLACE
    if key == "sun":
        return (*(spec for index in range(roofs_in(values)) for spec in roof(index)), *GRID)
    return BATTERY if key == "battery" else WATER


def roofs_in(values: Mapping[str, str]) -> int:
    """Return how many roofs a form shows."""
    return next(
        (n for n in range(_ROOFS_MAX, 0, -1) if f"solar_arrays.{n - 1}.peak_power_kwp" in values), 1
    )


def values_of(key: str, settings: Settings) -> dict[str, str]:
    """Return a step's fields as the settings have them."""
    if key == "place":
        return place_values(settings)
    if key == "sun":
        arrays = plain_value(settings, "solar_arrays")
        shown = settings.solar_arrays
        roofs = {
            spec.path: text_of(plain_value(shown[index], spec.name))
            for index in range(len(arrays))
            for spec in roof(index)
        }
        return {**roofs, **stored(settings, GRID), "has": "yes" if arrays else "no"}
    found = stored(settings, specs_of(key, {}))
    return found | {"has": "yes" if number_of(found[_HAS[key][0]]) else "no"}


def sent_of(key: str, form: Mapping[str, str], settings: Settings) -> Sent:
    """Return what a step's form asks to change."""
    if key == "place":
        return place_sent(form, settings)
    if key == "sun":
        return _sun(form, settings)
    if form.get("has") == "no":
        path = _HAS[key][0]
        return Sent({path: 0} if plain_value(settings, path) else {})
    return read_fields(specs_of(key, form), form, settings)


def _sun(form: Mapping[str, str], settings: Settings) -> Sent:
    rest = read_fields(GRID, form, settings)
    before = plain_value(settings, "solar_arrays")
    arrays: list[dict[str, Any]] = []
    errors = dict(rest.errors)
    for index in range(roofs_in(form) if form.get("has") != "no" else 0):
        named = {spec.name: spec.path for spec in roof(index)}
        if not form.get(named["peak_power_kwp"], "").strip():
            continue
        found = {name: number_of(form.get(path, "")) for name, path in named.items()}
        errors |= {
            named[name]: _("Write a number here.") for name, value in found.items() if value is None
        }
        # What the wizard does not ask, such as the array's own inverter, stays.
        arrays.append({**(before[index] if index < len(before) else {}), **found})
    whole = [each.model_dump(mode="json") for each in settings.solar_arrays]
    same = [_complete(each) for each in arrays] == [_complete(each) for each in whole]
    return Sent(dict(rest.changes) if same else {**rest.changes, "solar_arrays": arrays}, errors)


def _complete(array: Mapping[str, Any]) -> dict[str, Any]:
    return {"inverter": None, **array}


def step_view(
    key: str, values: Mapping[str, str], errors: Mapping[str, str], seen: Seen
) -> StepView:
    """Return a step's page."""
    specs = specs_of(key, values)
    fields = {spec.path: field_view(spec, values, errors, seen) for spec in specs}
    labels = {path: each.label for path, each in fields.items()}
    return StepView(
        key=key,
        title=_(_TITLES[key]),
        lead=_(_LEADS[key]),
        has=values.get("has", "") if key in _HAS else "",
        has_label=_(_HAS[key][1]) if key in _HAS else "",
        groups=_groups(key, fields, values, seen),
        problems=tuple(
            (f"#{path.replace('.', '-')}" if path in labels else "", labels.get(path, ""), text)
            for path, text in errors.items()
        ),
        cities=tuple(city.name for city in CITIES) if key == "place" else (),
        city=values.get("city", ""),
        version=seen.version,
        can_add=key == "sun" and roofs_in(values) < _ROOFS_MAX,
    )


def _groups(
    key: str, fields: Mapping[str, FieldView], values: Mapping[str, str], seen: Seen
) -> tuple[GroupView, ...]:
    if key == "place":
        return place_groups(fields, seen)
    if key != "sun":
        return (GroupView("", "", "if-yes", tuple(fields.values())),)
    roofs = tuple(
        GroupView(
            _("Roof {number}", number=index + 1),
            "",
            "if-yes row",
            tuple(fields[spec.path] for spec in roof(index)),
        )
        for index in range(roofs_in(values))
    )
    rest = tuple(fields[spec.path] for spec in GRID)
    return (*roofs, GroupView(_("Inverter and fuse"), "", "row", rest))
