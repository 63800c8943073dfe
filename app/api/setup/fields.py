"""What the wizard asks: the few settings a new home cannot do without, in its owner's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from app.settings import Settings
from app.settings.fields import plain_value, setting_fields
from app.wording.i18n import marked

Kind = Literal["number", "text", "choice", "secret"]


@dataclass(frozen=True, slots=True)
class Spec:
    """One field: where it is stored, what it is called, where its owner finds the figure.

    An ``optional`` field left empty goes back to the default; ``choices`` are (value, words).
    """

    path: str
    label: str
    help: str
    kind: Kind = "number"
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    suggestions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def unit_of(spec: Spec, currency: str) -> str:
    """Return the unit a field is asked in, with the home's currency."""
    if spec.path.startswith("solar_arrays."):
        return "kWp" if spec.name == "peak_power_kwp" else "°"
    known = setting_fields().get(spec.path)
    return known.unit.replace("currency", currency) if known else ""


def text_of(value: Any) -> str:
    """Return a stored value as it stands in a field."""
    return "" if value is None else str(value)


def stored(settings: Settings, specs: tuple[Spec, ...]) -> dict[str, str]:
    """Return what the settings say, by field; secrets stay where they are."""
    return {
        spec.path: "" if spec.kind == "secret" else text_of(plain_value(settings, spec.path))
        for spec in specs
    }


BATTERY: Final = (
    Spec(
        "battery.capacity_kwh",
        marked("Usable capacity"),
        marked("What the label or data sheet of the battery says, e.g. 10."),
    ),
    Spec(
        "battery.min_soc_percent",
        marked("Never empty it below"),
        marked("Most makers advise 10 to 20. What lies below is left for a power cut."),
    ),
    Spec(
        "battery.max_soc_percent",
        marked("Never fill it above"),
        marked("Typically 90 to 100. A little less than full lets the cells age slower."),
    ),
    Spec(
        "battery.max_charge_kw",
        marked("Charging power"),
        marked("The most it takes, by the data sheet of battery or inverter, e.g. 5."),
    ),
    Spec(
        "battery.max_discharge_kw",
        marked("Discharging power"),
        marked("The most it gives, often the same as it takes."),
    ),
    Spec(
        "battery.roundtrip_efficiency_percent",
        marked("Efficiency there and back"),
        marked("How much of a stored kWh comes out again. Typically 85 to 95."),
    ),
    Spec(
        "battery.wear_cost_per_kwh",
        marked("Wear"),
        marked(
            "What a kWh drawn from the cells costs in ageing: the price of the battery, divided by "
            "all the kWh it will give in its life. Typically 0.10 to 0.50 kronor, 0.01 to 0.05 "
            "euro. The planner only uses the battery where it earns more than that."
        ),
    ),
)
WATER: Final = (
    Spec(
        "water_heating.power_kw",
        marked("Power of the heater"),
        marked("What the label on the tank says, e.g. 3. For a heat pump, what it draws."),
    ),
    Spec(
        "water_heating.min_kwh_per_day",
        marked("Energy a day"),
        marked("Typically 2 kWh for each person, so 6 to 8 for a family."),
    ),
    Spec(
        "water_heating.max_blocks_per_day",
        marked("Runs a day at most"),
        marked("Into how many runs the heating may be split. 2 suits most tanks."),
    ),
    Spec(
        "water_heating.defer_up_to_hours",
        marked("May finish after midnight by"),
        marked("How far into the night today's heating may be put off, e.g. 3."),
    ),
)
GRID: Final = (
    Spec(
        "inverter.max_power_kw",
        marked("Inverter"),
        marked("The AC power of the inverter of battery and panels, by its label. 0 = none."),
    ),
    Spec(
        "grid.max_import_kw",
        marked("Main fuse"),
        marked("Three-phase: 16 A is 11 kW, 20 A is 14, 25 A is 17, 35 A is 24."),
    ),
    Spec(
        "grid.max_export_kw",
        marked("Feed-in limit"),
        marked("What your grid company lets you feed in, often the same as the main fuse."),
    ),
)
COMPASS: Final = (
    ("0", marked("north")),
    ("45", marked("north-east")),
    ("90", marked("east")),
    ("112.5", marked("east-south-east")),
    ("135", marked("south-east")),
    ("157.5", marked("south-south-east")),
    ("180", marked("south")),
    ("202.5", marked("south-south-west")),
    ("225", marked("south-west")),
    ("247.5", marked("west-south-west")),
    ("270", marked("west")),
    ("315", marked("north-west")),
)


def roof(index: int) -> tuple[Spec, ...]:
    """Return the fields of one plane of panels."""
    at = f"solar_arrays.{index}"
    return (
        Spec(
            f"{at}.peak_power_kwp",
            marked("Peak power"),
            marked("Number of panels times their watts: 20 panels of 400 W are 8. Empty = none."),
        ),
        Spec(
            f"{at}.azimuth_degrees",
            marked("Faces"),
            marked("The way the panels look; a map of your roof shows it."),
            "choice",
            COMPASS,
        ),
        Spec(
            f"{at}.tilt_degrees",
            marked("Tilt"),
            marked("0 is flat, 90 a wall; most roofs have 20 to 45."),
        ),
    )


def tree_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by dotted path as a tree of groups."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *groups, name = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree
