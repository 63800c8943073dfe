"""Prices of the home's own contract at Tibber: the spot part, excluding tax and VAT."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

import httpx
from pydantic import AwareDatetime, BaseModel, SecretStr

from app.core.errors import NotPublishedYetError, UpstreamAuthError
from app.ingest.http.client import Question
from app.ingest.prices.day import PriceDay, Refusal, Wanted, whole_day
from app.ingest.prices.reply import asked_json, evenly, in_the_day, validated
from app.settings import NordPool, Tibber

SOURCE = "Tibber"
# ``energy`` is the spot price; ``total`` holds taxes that Darkstar adds itself, from the tariff.
QUERY = (
    "{viewer{homes{id meteringPointData{priceAreaCode} currentSubscription{"
    "priceInfo(resolution:QUARTER_HOURLY){"
    "today{startsAt energy currency} tomorrow{startsAt energy currency}}}}}}"
)


class _Price(BaseModel):
    startsAt: AwareDatetime  # noqa: N815 - Tibber's name
    energy: float | None
    currency: str


class _PriceInfo(BaseModel):
    today: list[_Price]
    tomorrow: list[_Price]


class _Subscription(BaseModel):
    priceInfo: _PriceInfo | None  # noqa: N815


class _MeteringPoint(BaseModel):
    priceAreaCode: str | None = None  # noqa: N815


class _Home(BaseModel):
    id: str
    meteringPointData: _MeteringPoint | None = None  # noqa: N815
    currentSubscription: _Subscription | None  # noqa: N815

    @property
    def area(self) -> str | None:
        return self.meteringPointData.priceAreaCode if self.meteringPointData else None


class _Viewer(BaseModel):
    homes: list[_Home]


class _Data(BaseModel):
    viewer: _Viewer


class _Extensions(BaseModel):
    code: str = ""


class _Error(BaseModel):
    message: str
    extensions: _Extensions = _Extensions()


class _Reply(BaseModel):
    data: _Data | None = None
    errors: list[_Error] = []


@dataclass(frozen=True, slots=True)
class TibberPrices:
    """Today and tomorrow of one home, in the currency of its contract, for its access token."""

    settings: Tibber
    home: NordPool
    name: ClassVar = "tibber"
    source: ClassVar = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while the list of it is empty."""
        token = self.settings.token or SecretStr("")
        wanted = Wanted(day, self.home.price_area, self.home.currency, SOURCE, asked_at)
        question = Question(
            f"{self.settings.base_url}/v1-beta/gql",
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
            json={"query": QUERY},
        )
        reply = await asked_json(client, question, source=SOURCE)
        return await asyncio.to_thread(parse_day, reply, wanted, home_id=self.settings.home_id)


def parse_day(reply: Any, wanted: Wanted, *, home_id: str | None) -> PriceDay:
    """Accept a reply only if the home is in the area asked for and its day is whole."""
    data = validated(_Reply, reply, wanted)
    if data.errors:
        _explain(data.errors[0], wanted)
    if data.data is None:
        raise wanted.refused(Refusal.SHAPE, "a reply without data")
    prices = _prices(_home(data.data.viewer.homes, wanted, home_id), wanted)
    found = in_the_day(((each.startsAt, each.energy) for each in prices), wanted)
    currencies = {each.currency for each in prices}
    if currencies != {wanted.currency}:
        raise wanted.refused(
            Refusal.WRONG_CURRENCY,
            f"asked for {wanted.currency}, the contract is in {', '.join(sorted(currencies))}",
        )
    return whole_day(evenly(found, wanted), wanted)


def _explain(error: _Error, wanted: Wanted) -> None:
    """Raise what an error inside a good answer (HTTP 200) says."""
    if error.extensions.code == "UNAUTHENTICATED":
        raise UpstreamAuthError(f"{SOURCE} refused access; check tibber.token")
    raise wanted.refused(Refusal.QUESTION, f"does not answer: {error.message[:160]}")


def _home(homes: list[_Home], wanted: Wanted, home_id: str | None) -> _Home:
    """Return the one home that is meant; never guess between several."""
    with_contract = [home for home in homes if home.currentSubscription]
    found = [home for home in with_contract if home_id in {None, home.id}]
    if len(found) != 1:
        known = ", ".join(home.id for home in with_contract) or "none"
        raise wanted.refused(
            Refusal.QUESTION,
            f"{len(found)} homes with a contract fit; set tibber.home_id to one of: {known}",
        )
    home = found[0]
    if home.area is None and home_id is None:
        raise wanted.refused(
            Refusal.WRONG_AREA,
            f"the home does not say its price area; if it is in {wanted.area}, "
            f"set tibber.home_id to {home.id}",
        )
    if home.area not in {None, wanted.area}:
        raise wanted.refused(
            Refusal.WRONG_AREA, f"asked for {wanted.area}, the home is in {home.area}"
        )
    return home


def _prices(home: _Home, wanted: Wanted) -> list[_Price]:
    info = home.currentSubscription.priceInfo if home.currentSubscription else None
    if info is None:
        raise NotPublishedYetError(f"{SOURCE} has no prices for {wanted.day} yet")
    return [*info.today, *info.tomorrow]
