"""Day-ahead prices from the Nord Pool data portal."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

import httpx
from pydantic import AwareDatetime, BaseModel

from app.core.errors import NotPublishedYetError
from app.ingest.http.client import Question
from app.ingest.prices.day import Interval, PreliminaryError, PriceDay, Refusal, Wanted, whole_day
from app.ingest.prices.reply import asked_json, validated
from app.settings import NordPool

SOURCE = "Nord Pool"


class _Entry(BaseModel):
    deliveryStart: AwareDatetime  # noqa: N815 - Nord Pool's name
    deliveryEnd: AwareDatetime  # noqa: N815
    entryPerArea: dict[str, float | None]  # noqa: N815


class _AreaState(BaseModel):
    state: str
    areas: list[str]


class _Reply(BaseModel):
    deliveryDateCET: date  # noqa: N815
    updatedAt: AwareDatetime  # noqa: N815
    currency: str
    exchangeRate: float | None = None  # noqa: N815
    multiAreaEntries: list[_Entry]  # noqa: N815
    areaStates: list[_AreaState]  # noqa: N815


@dataclass(frozen=True, slots=True)
class NordPoolPrices:
    """Every area and currency of the settings; no key."""

    settings: NordPool
    name: ClassVar = "nordpool"
    source: ClassVar = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while it is not out."""
        home = self.settings
        wanted = Wanted(day, home.price_area, home.currency, SOURCE, asked_at)
        question = Question(
            f"{home.base_url}/api/DayAheadPrices",
            params={
                "date": day.isoformat(),
                "market": "DayAhead",
                "deliveryArea": home.price_area,
                "currency": home.currency,
            },
        )
        reply = await asked_json(client, question, source=SOURCE)
        return await asyncio.to_thread(parse_day, reply, wanted)


def parse_day(reply: Any, wanted: Wanted) -> PriceDay:
    """Accept a reply only if it is the whole day asked for, final and plausible."""
    data = validated(_Reply, reply, wanted)
    day, area = wanted.day, wanted.area
    if data.deliveryDateCET != day:
        raise wanted.refused(Refusal.WRONG_DAY, f"asked for {day}, got {data.deliveryDateCET}")
    if data.currency != wanted.currency:
        raise wanted.refused(
            Refusal.WRONG_CURRENCY,
            f"asked for {day} in {wanted.currency}, got it in {data.currency}",
        )
    if not data.multiAreaEntries:
        raise NotPublishedYetError(f"{SOURCE} has no prices for {day} yet")
    states = {state.state for state in data.areaStates if area in state.areas}
    if not states:
        raise wanted.refused(
            Refusal.WRONG_AREA, f"asked for {area} on {day}, the reply does not have it"
        )
    if states != {"Final"}:
        raise PreliminaryError(f"{SOURCE}: {area} on {day} is {sorted(states)}, not final")
    return whole_day(
        (_interval(entry, area) for entry in data.multiAreaEntries),
        wanted,
        published_at=data.updatedAt,
        exchange_rate_per_eur=data.exchangeRate,
    )


def _interval(entry: _Entry, area: str) -> Interval:
    per_mwh = entry.entryPerArea.get(area)
    per_kwh = None if per_mwh is None else per_mwh / 1000
    return Interval(entry.deliveryStart, entry.deliveryEnd, per_kwh)
