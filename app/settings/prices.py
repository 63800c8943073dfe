"""Where day-ahead prices come from: one order of providers, one group of settings for each.

Area and currency are the home's: ``nordpool.price_area`` and ``nordpool.currency``.
"""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from app.settings.home import Group
from app.settings.services import WebAddress

ProviderName = Literal[
    "nordpool",
    "elprisetjustnu",
    "hvakosterstrommen",
    "energi_data_service",
    "energy_charts",
    "entsoe",
    "tibber",
    "file",
]
_SWEDEN = frozenset({"SE1", "SE2", "SE3", "SE4"})
_NORWAY = frozenset({"NO1", "NO2", "NO3", "NO4", "NO5"})
_DENMARK = frozenset({"DK1", "DK2"})

# None: whatever area the home is in. Energy-Charts: the zones it passes on under CC BY 4.0.
COVERS: dict[ProviderName, frozenset[str] | None] = {
    "nordpool": None,
    "elprisetjustnu": _SWEDEN,
    "hvakosterstrommen": _NORWAY,
    "energi_data_service": _DENMARK | {"SE3", "SE4"},
    "energy_charts": _DENMARK | {"SE4", "NO2", "AT", "BE", "FR", "NL"},
    "entsoe": _SWEDEN | _NORWAY | _DENMARK | {"FI", "EE", "LV", "LT", "AT", "BE", "FR", "NL"},
    "tibber": _SWEDEN | _NORWAY | {"NL"},
    "file": None,
}


class Prices(Group):
    """Which providers are asked, in this order; those that do not cover the area are passed over.

    A provider that quotes in EUR only serves a home with another currency by the last exchange
    rate that another provider published, not older than ``exchange_rate_max_age_days``.
    """

    providers: tuple[ProviderName, ...] = Field(
        default=("nordpool", "elprisetjustnu", "hvakosterstrommen", "energi_data_service"),
        min_length=1,
    )
    exchange_rate_max_age_days: int = Field(default=7, ge=1, le=60)

    @field_validator("providers")
    @classmethod
    def _each_once(cls, providers: tuple[ProviderName, ...]) -> tuple[ProviderName, ...]:
        twice = [name for at, name in enumerate(providers) if name in providers[:at]]
        if twice:
            raise ValueError(f"{twice[0]} is listed twice; keep the place it should have")
        return providers


class Elprisetjustnu(Group):
    """Swedish spot prices, one file a day and area; no key."""

    base_url: WebAddress = "https://www.elprisetjustnu.se"


class Hvakosterstrommen(Group):
    """Norwegian spot prices, one file a day and area; no key."""

    base_url: WebAddress = "https://www.hvakosterstrommen.no"


class EnergiDataService(Group):
    """Energinet's open data: Denmark and the Swedish areas beside it; no key."""

    base_url: WebAddress = "https://api.energidataservice.dk"


class EnergyCharts(Group):
    """Fraunhofer ISE's collection, in EUR; asked only for zones under a free licence."""

    base_url: WebAddress = "https://api.energy-charts.info"


class Entsoe(Group):
    """The transparency platform of the grid operators, in EUR; ``token`` is the security token."""

    base_url: WebAddress = "https://web-api.tp.entsoe.eu"
    token: SecretStr | None = None


class Tibber(Group):
    """The home's own contract at Tibber; ``home_id`` is needed where the account has several."""

    base_url: WebAddress = "https://api.tibber.com"
    token: SecretStr | None = None
    home_id: str | None = Field(default=None, pattern=r"^[0-9A-Za-z-]{1,64}$")


def require_providers(prices: Prices, *, area: str, entsoe: Entsoe, tibber: Tibber) -> None:
    """Refuse an order in which nobody can serve the home, or a listed provider lacks its token."""
    for name, token in (("entsoe", entsoe.token), ("tibber", tibber.token)):
        if name in prices.providers and token is None:
            raise ValueError(
                f"prices.providers lists {name}, but {name}.token is not set; "
                "put it into secrets.yaml or take the provider out"
            )
    if not serving(prices, area=area):
        able = sorted(name for name in COVERS if _covers(name, area))
        raise ValueError(
            f"prices.providers: none of {', '.join(prices.providers)} covers {area}; "
            f"add one of {', '.join(able)}"
        )


def serving(prices: Prices, *, area: str) -> tuple[ProviderName, ...]:
    """Return the providers that cover an area, in the order they are asked."""
    return tuple(name for name in prices.providers if _covers(name, area))


def _covers(name: ProviderName, area: str) -> bool:
    areas = COVERS[name]
    return areas is None or area in areas
