"""The price providers behind one protocol, in the order the settings put them."""

from datetime import date, datetime
from typing import Protocol

import httpx

from app.ingest.prices.day import PriceDay
from app.ingest.prices.energi_data_service import EnergiDataServicePrices
from app.ingest.prices.energy_charts import EnergyChartsPrices
from app.ingest.prices.entsoe import EntsoePrices
from app.ingest.prices.nordpool import NordPoolPrices
from app.ingest.prices.own_file import OwnPrices
from app.ingest.prices.price_files import FilePrices
from app.ingest.prices.tibber import TibberPrices
from app.settings import Settings
from app.settings.prices import ProviderName, serving


class PriceProvider(Protocol):
    """Someone to ask for a delivery day of the home's bidding zone."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def source(self) -> str:
        """Its name for people."""

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Return the whole day, in the home's currency or in EUR.

        Raises ``NotPublishedYetError`` while the day is not out, ``DayRefusedError`` where the
        answer is not that whole day, another ``UpstreamError`` where there is no usable answer.
        """


def providers(settings: Settings) -> tuple[PriceProvider, ...]:
    """Return the providers that cover the home's area, in the order they are asked."""
    found = serving(settings.prices, area=settings.nordpool.price_area)
    return tuple(_provider(name, settings) for name in found)


def _provider(name: ProviderName, settings: Settings) -> PriceProvider:
    home = settings.nordpool
    made: dict[ProviderName, PriceProvider] = {
        "nordpool": NordPoolPrices(home),
        "elprisetjustnu": FilePrices(
            "elprisetjustnu", "elprisetjustnu.se", settings.elprisetjustnu, home, "SEK"
        ),
        "hvakosterstrommen": FilePrices(
            "hvakosterstrommen", "hvakosterstrommen.no", settings.hvakosterstrommen, home, "NOK"
        ),
        "energi_data_service": EnergiDataServicePrices(settings.energi_data_service, home),
        "energy_charts": EnergyChartsPrices(settings.energy_charts, home),
        "entsoe": EntsoePrices(settings.entsoe, home),
        "tibber": TibberPrices(settings.tibber, home),
        "file": OwnPrices(home, settings.data_dir),
    }
    return made[name]
