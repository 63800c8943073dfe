"""Energy-Charts of Fraunhofer ISE: day-ahead prices in EUR, where their licence is free."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

import httpx
from pydantic import BaseModel, Field

from app.core.errors import NotPublishedYetError
from app.ingest.http.client import NotFoundError, Question
from app.ingest.prices.day import PriceDay, Refusal, Wanted, whole_day
from app.ingest.prices.reply import asked_json, evenly, in_the_day, validated
from app.settings import EnergyCharts, NordPool

SOURCE = "Energy-Charts"
_FREE, _UNIT = "CC BY 4.0", "EUR/MWh"


# Within the years a datetime can hold.
_Seconds = Annotated[int, Field(ge=0, le=2**33)]


class _Reply(BaseModel):
    license_info: str
    unix_seconds: list[_Seconds]
    price: list[float | None]
    unit: str


@dataclass(frozen=True, slots=True)
class EnergyChartsPrices:
    """Prices in EUR per MWh; no key."""

    settings: EnergyCharts
    home: NordPool
    name: ClassVar = "energy_charts"
    source: ClassVar = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while it is not there."""
        wanted = Wanted(day, self.home.price_area, "EUR", SOURCE, asked_at)
        params = {"bzn": wanted.area, "start": day.isoformat(), "end": day.isoformat()}
        question = Question(f"{self.settings.base_url}/price", params=params)
        try:
            reply = await asked_json(client, question, source=SOURCE)
        except NotFoundError as error:
            raise NotPublishedYetError(f"{SOURCE} has no prices for {day} yet") from error
        return await asyncio.to_thread(parse_day, reply, wanted)


def parse_day(reply: Any, wanted: Wanted) -> PriceDay:
    """Accept a reply only if its licence is free, its unit known and the day whole.

    The reply names no area; that it is the zone asked for is taken on trust.
    """
    data = validated(_Reply, reply, wanted)
    if _FREE not in data.license_info:
        raise wanted.refused(
            Refusal.LICENCE,
            f"the prices of {wanted.area} are not under {_FREE}: {data.license_info[:80]!r}",
        )
    if data.unit.replace(" ", "") != _UNIT:
        currency = data.unit.split("/", maxsplit=1)[0].strip()
        kind = Refusal.WRONG_UNIT if currency == wanted.currency else Refusal.WRONG_CURRENCY
        raise wanted.refused(kind, f"prices are in {data.unit[:20]!r}, not in {_UNIT}")
    if len(data.unix_seconds) != len(data.price):
        raise wanted.refused(
            Refusal.SHAPE, f"{len(data.unix_seconds)} times for {len(data.price)} prices"
        )
    prices = (
        (datetime.fromtimestamp(seconds, UTC), None if price is None else price / 1000)
        for seconds, price in zip(data.unix_seconds, data.price, strict=True)
    )
    return whole_day(evenly(in_the_day(prices, wanted), wanted), wanted)
