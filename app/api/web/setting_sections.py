"""Which settings stand on which page: one table, and every group of settings is in it once."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from app.settings.fields import SettingField, setting_fields
from app.wording.i18n import marked

# The themes and the language have a page with a preview of their own at this address.
APPEARANCE: Final = "appearance"


@dataclass(frozen=True, slots=True)
class Section:
    """One page of settings: its address, its name, what it is about, and the groups on it."""

    key: str
    title: str
    about: str
    groups: tuple[str, ...]


SECTIONS: Final = (
    Section(
        "home",
        marked("Home & place"),
        marked("Where the home is and how much it may draw from the grid."),
        ("demo_home", "timezone", "location", "grid"),
    ),
    Section(
        "battery",
        marked("Battery"),
        marked("What the battery can hold, take and give, and what its use costs."),
        ("battery", "inverter"),
    ),
    Section(
        "water",
        marked("Hot water"),
        marked("What the heater needs on every day and when it may run."),
        ("water_heating",),
    ),
    Section(
        "sun",
        marked("Sun & forecasts"),
        marked("The panels on the roof, and how far forecasts are trusted."),
        ("solar_arrays", "solar_inverters", "forecasting", "open_meteo"),
    ),
    Section(
        "prices",
        marked("Prices & tariff"),
        marked("Your bidding zone, taxes and fees, and who is asked for prices."),
        (
            "nordpool",
            "pricing",
            "tariff",
            "prices",
            "elprisetjustnu",
            "hvakosterstrommen",
            "energi_data_service",
            "energy_charts",
            "entsoe",
            "tibber",
        ),
    ),
    Section(
        "planning",
        marked("Planning"),
        marked("What counts as cheap, what must pay, and how steady the plan is."),
        (
            "planner",
            "charging",
            "strategic_charging",
            "decision_thresholds",
            "s_index",
            "smoothing",
            "arbitrage",
            "manual_planning",
            "best_time",
        ),
    ),
    Section(
        "home-assistant",
        marked("Home Assistant"),
        marked("Its address, a token, and which sensor measures what."),
        ("home_assistant",),
    ),
    Section(
        "alerts",
        marked("Alerts & MQTT"),
        marked("When you are told that something is wrong and how; the broker of the home."),
        ("alerts", "mqtt"),
    ),
    Section(
        "service",
        marked("Service"),
        marked("How often it plans, who may log in, where data is kept."),
        ("automation", "access", "server", "database", "mariadb", "data_dir", "log_level", "debug"),
    ),
    Section(
        APPEARANCE,
        marked("Appearance"),
        marked("Theme, accent colour and language of these pages."),
        ("ui",),
    ),
)
GROUPS: Final = {
    "location": marked("Place"),
    "grid": marked("Grid connection"),
    "battery": marked("Battery"),
    "inverter": marked("Inverter"),
    "water_heating": marked("Water heater"),
    "forecasting": marked("Trust in forecasts"),
    "open_meteo": marked("Weather service"),
    "nordpool": marked("Bidding zone and Nord Pool"),
    "pricing": marked("Taxes and fees"),
    "tariff": marked("Tariff by date and hour"),
    "prices": marked("Who is asked for prices"),
    "elprisetjustnu": marked("elprisetjustnu.se"),
    "hvakosterstrommen": marked("hvakosterstrommen.no"),
    "energi_data_service": marked("Energi Data Service"),
    "energy_charts": marked("Energy-Charts"),
    "entsoe": marked("ENTSO-E"),
    "tibber": marked("Tibber"),
    "planner": marked("Engine"),
    "charging": marked("Cheap windows"),
    "strategic_charging": marked("Filling up when power is cheap and sun is scarce"),
    "decision_thresholds": marked("What using the battery must save"),
    "s_index": marked("Safety factor (S-index)"),
    "smoothing": marked("Shortest runs"),
    "arbitrage": marked("Selling to the grid"),
    "manual_planning": marked("Manual actions"),
    "best_time": marked("Finder of the best time"),
    "home_assistant": marked("Connection and sensors"),
    "alerts": marked("When you are told"),
    "alerts.webhook": marked("By webhook"),
    "alerts.ntfy": marked("By ntfy"),
    "mqtt": marked("MQTT broker"),
    "automation": marked("Planning by itself"),
    "access": marked("Access"),
    "server": marked("Address of this service"),
    "database": marked("Database"),
    "mariadb": marked("MariaDB"),
    "debug": marked("Debugging"),
    "ui": marked("Pages"),
}


def by_key(key: str) -> Section | None:
    """Return the section at an address."""
    return next((each for each in SECTIONS if each.key == key), None)


def section_of(path: str) -> Section:
    """Return the section a setting, or a group, stands in."""
    top = path.partition(".")[0]
    return next(each for each in SECTIONS if top in each.groups)


@cache
def fields_of(key: str) -> tuple[SettingField, ...]:
    """Return the settings of a section in the order of its groups."""
    section = by_key(key)
    return tuple(field for group in (section.groups if section else ()) for field in _of(group))


def _of(group: str) -> list[SettingField]:
    found = [
        field
        for path, field in setting_fields().items()
        if path == group or path.startswith(f"{group}.")
    ]
    # Addresses of services are the last thing that anybody has to change.
    return sorted(found, key=lambda field: field.path.endswith("base_url"))


def group_of_field(path: str) -> str:
    """Return the heading a setting stands under; empty for one that is in no group."""
    return path.rpartition(".")[0]
