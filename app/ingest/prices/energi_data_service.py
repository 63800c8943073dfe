"""Energinet's open data: day-ahead prices of the Danish areas and of SE3 and SE4 beside them."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, NaiveDatetime

from app.core.errors import NotPublishedYetError
from app.core.frames import SLOT
from app.ingest.http.client import Question
from app.ingest.prices.day import Interval, PriceDay, Refusal, Wanted, next_day, whole_day
from app.ingest.prices.reply import asked_json, validated
from app.settings import EnergiDataService, NordPool

SOURCE = "Energi Data Service"


class _Record(BaseModel):
    TimeUTC: NaiveDatetime  # without a zone, and in UTC as the name says
    PriceArea: str
    DayAheadPriceEUR: float | None = None
    DayAheadPriceDKK: float | None = None


class _Reply(BaseModel):
    dataset: str
    records: list[_Record]


@dataclass(frozen=True, slots=True)
class EnergiDataServicePrices:
    """Quarters per MWh, in DKK for a Danish home, else in EUR; no key."""

    settings: EnergiDataService
    home: NordPool
    name: ClassVar = "energi_data_service"
    source: ClassVar = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while there are no records of it."""
        currency = "DKK" if self.home.currency == "DKK" else "EUR"
        wanted = Wanted(day, self.home.price_area, currency, SOURCE, asked_at)
        question = Question(
            f"{self.settings.base_url}/dataset/DayAheadPrices",
            params={
                # Danish local days, which are the delivery days; without a limit it stops at 100.
                "start": day.isoformat(),
                "end": next_day(day).isoformat(),
                "timezone": "dk",
                "filter": json.dumps({"PriceArea": [wanted.area]}, separators=(",", ":")),
                "sort": "TimeUTC asc",
                "limit": "0",
            },
        )
        reply = await asked_json(client, question, source=SOURCE)
        return await asyncio.to_thread(parse_day, reply, wanted)


def parse_day(reply: Any, wanted: Wanted) -> PriceDay:
    """Accept the records only if they are every quarter of the day, of the area asked for."""
    data = validated(_Reply, reply, wanted)
    if not data.records:
        raise NotPublishedYetError(f"{SOURCE} has no prices for {wanted.day} yet")
    areas = {record.PriceArea for record in data.records}
    if areas != {wanted.area}:
        raise wanted.refused(
            Refusal.WRONG_AREA, f"asked for {wanted.area}, got {', '.join(sorted(areas))}"
        )
    if all(_per_mwh(record, wanted.currency) is None for record in data.records):
        raise wanted.refused(
            Refusal.WRONG_CURRENCY, f"{wanted.day} has no prices in {wanted.currency}"
        )
    return whole_day((_interval(record, wanted.currency) for record in data.records), wanted)


def _per_mwh(record: _Record, currency: str) -> float | None:
    return record.DayAheadPriceDKK if currency == "DKK" else record.DayAheadPriceEUR


def _interval(record: _Record, currency: str) -> Interval:
    start, per_mwh = record.TimeUTC.replace(tzinfo=UTC), _per_mwh(record, currency)
    return Interval(start, start + SLOT, None if per_mwh is None else per_mwh / 1000)
