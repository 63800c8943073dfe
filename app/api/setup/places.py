"""Places to begin from: cities with their coordinates, price area, currency and time zone."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class City:
    """A city and what goes with it; degrees to a hundredth, about a kilometre."""

    name: str
    latitude: float
    longitude: float
    area: str
    currency: str
    zone: str

    def values(self) -> dict[str, str]:
        """Return what it puts into the form."""
        return {
            "location.latitude": str(self.latitude),
            "location.longitude": str(self.longitude),
            "nordpool.price_area": self.area,
            "nordpool.currency": self.currency,
            "timezone": self.zone,
        }


_SWEDEN, _NORWAY, _DENMARK = "Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen"
CITIES: Final = (
    City("Luleå", 65.58, 22.15, "SE1", "SEK", _SWEDEN),
    City("Kiruna", 67.86, 20.23, "SE1", "SEK", _SWEDEN),
    City("Umeå", 63.83, 20.26, "SE2", "SEK", _SWEDEN),
    City("Sundsvall", 62.39, 17.31, "SE2", "SEK", _SWEDEN),
    City("Stockholm", 59.33, 18.07, "SE3", "SEK", _SWEDEN),
    City("Göteborg", 57.71, 11.97, "SE3", "SEK", _SWEDEN),
    City("Linköping", 58.41, 15.62, "SE3", "SEK", _SWEDEN),
    City("Malmö", 55.6, 13.0, "SE4", "SEK", _SWEDEN),
    City("Lund", 55.7, 13.19, "SE4", "SEK", _SWEDEN),
    City("Växjö", 56.88, 14.81, "SE4", "SEK", _SWEDEN),
    City("Oslo", 59.91, 10.75, "NO1", "NOK", _NORWAY),
    City("Kristiansand", 58.15, 8.0, "NO2", "NOK", _NORWAY),
    City("Stavanger", 58.97, 5.73, "NO2", "NOK", _NORWAY),
    City("Trondheim", 63.43, 10.4, "NO3", "NOK", _NORWAY),
    City("Tromsø", 69.65, 18.96, "NO4", "NOK", _NORWAY),
    City("Bergen", 60.39, 5.32, "NO5", "NOK", _NORWAY),
    City("Aarhus", 56.16, 10.2, "DK1", "DKK", _DENMARK),
    City("København", 55.68, 12.57, "DK2", "DKK", _DENMARK),
    City("Helsinki", 60.17, 24.94, "FI", "EUR", "Europe/Helsinki"),
    City("Oulu", 65.01, 25.47, "FI", "EUR", "Europe/Helsinki"),
    City("Tallinn", 59.44, 24.75, "EE", "EUR", "Europe/Tallinn"),
    City("Riga", 56.95, 24.11, "LV", "EUR", "Europe/Riga"),
    City("Vilnius", 54.69, 25.28, "LT", "EUR", "Europe/Vilnius"),
    City("Amsterdam", 52.37, 4.9, "NL", "EUR", "Europe/Amsterdam"),
    City("Brussels", 50.85, 4.35, "BE", "EUR", "Europe/Brussels"),
    City("Paris", 48.86, 2.35, "FR", "EUR", "Europe/Paris"),
    City("Wien", 48.21, 16.37, "AT", "EUR", "Europe/Vienna"),
)
AREAS: Final = tuple(dict.fromkeys(city.area for city in CITIES))
ZONES: Final = tuple(dict.fromkeys(city.zone for city in CITIES))


def cities_in(area: str) -> str:
    """Return the cities of a price area, to tell it by."""
    return ", ".join(city.name for city in CITIES if city.area == area)


def city_named(name: str) -> City | None:
    """Return the city of a name, None where there is none."""
    return next((city for city in CITIES if city.name == name), None)
