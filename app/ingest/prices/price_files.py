"""elprisetjustnu.se and hvakosterstrommen.no: one JSON file a day and area, in one shape."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import httpx
from pydantic import AwareDatetime, BaseModel, RootModel

from app.core.errors import NotPublishedYetError
from app.ingest.http.client import NotFoundError, Question
from app.ingest.prices.day import Interval, PriceDay, Refusal, Wanted, whole_day
from app.ingest.prices.reply import asked_json, validated
from app.settings import Elprisetjustnu, Hvakosterstrommen, NordPool

_EUR: Final = "EUR"


class _Entry(BaseModel):
    SEK_per_kWh: float | None = None
    NOK_per_kWh: float | None = None
    EUR_per_kWh: float | None = None
    EXR: float | None = None
    time_start: AwareDatetime
    time_end: AwareDatetime

    def price_in(self, currency: str) -> float | None:
        return {"SEK": self.SEK_per_kWh, "NOK": self.NOK_per_kWh, _EUR: self.EUR_per_kWh}[currency]


class _Reply(RootModel[list[_Entry]]):
    pass


@dataclass(frozen=True, slots=True)
class FilePrices:
    """The files of one of the two sites, in the currency of its country or in EUR."""

    name: str
    source: str
    settings: Elprisetjustnu | Hvakosterstrommen
    home: NordPool
    country_currency: str

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while there is no file for it."""
        own = self.home.currency == self.country_currency
        currency = self.country_currency if own else _EUR
        wanted = Wanted(day, self.home.price_area, currency, self.source, asked_at)
        url = f"{self.settings.base_url}/api/v1/prices/{day:%Y/%m-%d}_{wanted.area}.json"
        try:
            reply = await asked_json(client, Question(url), source=self.source)
        except NotFoundError as error:
            # The files of a day appear at about 13:00 the day before.
            raise NotPublishedYetError(
                f"{self.source} has no file for {day} in {wanted.area} yet"
            ) from error
        return await asyncio.to_thread(parse_day, reply, wanted)


def parse_day(reply: Any, wanted: Wanted) -> PriceDay:
    """Accept a file only if it holds the whole day asked for, in the currency asked for."""
    entries = validated(_Reply, reply, wanted).root
    if not entries:
        raise NotPublishedYetError(f"{wanted.source} has no prices for {wanted.day} yet")
    if all(entry.price_in(wanted.currency) is None for entry in entries):
        raise wanted.refused(
            Refusal.WRONG_CURRENCY, f"the file of {wanted.day} has no prices in {wanted.currency}"
        )
    rates = {entry.EXR for entry in entries}
    return whole_day(
        (
            Interval(entry.time_start, entry.time_end, entry.price_in(wanted.currency))
            for entry in entries
        ),
        wanted,
        # One rate a day: if the file has several, none of them is the day's.
        exchange_rate_per_eur=rates.pop() if len(rates) == 1 else None,
    )
