"""The transparency platform of the European grid operators (ENTSO-E): prices in EUR, as XML."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import AwareDatetime, SecretStr, TypeAdapter

from app.core.clock import local_midnight
from app.core.errors import NotPublishedYetError, UpstreamAuthError
from app.ingest.http.client import MalformedError, Question
from app.ingest.prices.day import (
    DELIVERY_ZONE,
    Interval,
    PriceDay,
    Refusal,
    Wanted,
    next_day,
    whole_day,
)
from app.ingest.prices.reply import asked
from app.settings import Entsoe, NordPool

SOURCE = "ENTSO-E"
# Energy identification codes of the bidding zones; a test recomputes their check characters.
ZONES = {
    "SE1": "10Y1001A1001A44P",
    "SE2": "10Y1001A1001A45N",
    "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J",
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
    "DK1": "10YDK-1--------W",
    "DK2": "10YDK-2--------M",
    "FI": "10YFI-1--------U",
    "EE": "10Y1001A1001A39I",
    "LV": "10YLV-1001A00074",
    "LT": "10YLT-1001A0008Q",
    "AT": "10YAT-APG------L",
    "BE": "10YBE----------2",
    "FR": "10YFR-RTE------C",
    "NL": "10YNL----------L",
}
_STEPS = {
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT60M": timedelta(hours=1),
    "PT1H": timedelta(hours=1),
}
# Under this curve type a price that repeats the one before it is left out.
_REPEATS_LEFT_OUT = "A03"
_DAY_AHEAD, _FIRST_AUCTION = {"", "A01"}, {"", "1"}
_SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"
_LONGEST_PERIOD = timedelta(days=8)
_BAD_REQUEST = 400
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@dataclass(frozen=True, slots=True)
class EntsoePrices:
    """Prices in EUR per MWh, for accounts with a security token."""

    settings: Entsoe
    home: NordPool
    name: ClassVar = "entsoe"
    source: ClassVar = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Fetch one delivery day; ``NotPublishedYetError`` while nothing matches."""
        token = self.settings.token or SecretStr("")
        wanted = Wanted(day, self.home.price_area, "EUR", SOURCE, asked_at)
        zone = ZONES[wanted.area]
        question = Question(
            f"{self.settings.base_url}/api",
            params={
                "securityToken": token.get_secret_value(),
                "documentType": "A44",
                "in_Domain": zone,
                "out_Domain": zone,
                "periodStart": _minute(day),
                "periodEnd": _minute(next_day(day)),
            },
            headers={"Accept": "application/xml"},
            # The reason of a refusal stands in the body.
            also_answers=frozenset({_BAD_REQUEST}),
        )
        try:
            body = await asked(client, question, source=SOURCE)
        except UpstreamAuthError as error:
            raise UpstreamAuthError(f"{error}: entsoe.token") from None
        return await asyncio.to_thread(parse_day, body, wanted)


def parse_day(body: bytes, wanted: Wanted) -> PriceDay:
    """Accept a document only if the first auction's series are the whole day of the right zone.

    Later auctions of the same day (EXAA) are out earlier and have other prices.
    """
    root = _root(body)
    if _name(root) == "Acknowledgement_MarketDocument":
        _explain(root, wanted)
    if _name(root) != "Publication_MarketDocument":
        raise wanted.refused(Refusal.SHAPE, f"unexpected document {_name(root)[:40]}")
    found = [
        each
        for each in _all(root, "TimeSeries")
        if _text(each, _SEQUENCE) in _FIRST_AUCTION
        and _text(each, "contract_MarketAgreement.type") in _DAY_AHEAD
    ]
    by_step: dict[timedelta, list[Interval]] = {}
    for series in found:
        _check_series(series, wanted)
        for step, interval in _intervals(series, wanted):
            by_step.setdefault(step, []).append(interval)
    if not by_step:
        raise NotPublishedYetError(f"{SOURCE} has no prices for {wanted.day} yet")
    # Where the same day is given in quarters and in hours, the hours are means of the quarters.
    return whole_day(by_step[min(by_step)], wanted)


def _root(body: bytes) -> Element:
    try:
        root: Element = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedError(f"{SOURCE} did not answer with valid XML") from error
    return root


def _explain(root: Element, wanted: Wanted) -> None:
    """Raise what an acknowledgement says: nothing there yet, or a question it does not like."""
    texts = [_text(reason, "text") for reason in _all(root, "Reason")]
    said = "; ".join(text for text in texts if text)[:160] or "no reason given"
    if "no matching data" in said.lower():
        raise NotPublishedYetError(f"{SOURCE} has no prices for {wanted.day} yet")
    raise wanted.refused(Refusal.QUESTION, f"does not answer: {said}")


def _check_series(series: Element, wanted: Wanted) -> None:
    """Refuse a series of another zone, currency or unit."""
    wishes = (
        (Refusal.WRONG_AREA, "in_Domain.mRID", ZONES[wanted.area]),
        (Refusal.WRONG_AREA, "out_Domain.mRID", ZONES[wanted.area]),
        (Refusal.WRONG_CURRENCY, "currency_Unit.name", wanted.currency),
        (Refusal.WRONG_UNIT, "price_Measure_Unit.name", "MWH"),
    )
    for refusal, name, right in wishes:
        if (got := _text(series, name)) != right:
            raise wanted.refused(
                refusal,
                f"asked for {wanted.area} in {wanted.currency} per MWh, "
                f"so {name} should be {right}, got {got[:40] or 'nothing'}",
            )


def _intervals(series: Element, wanted: Wanted) -> Iterator[tuple[timedelta, Interval]]:
    """Yield (step, interval) of every position within the delivery day."""
    slots = wanted.slots
    for period in _all(series, "Period"):
        step = _STEPS.get(_text(period, "resolution"))
        if step is None:
            raise wanted.refused(
                Refusal.INTERVAL, f"resolution {_text(period, 'resolution')[:20]!r}"
            )
        start, prices = _positions(period, step, _text(series, "curveType"), wanted)
        for position, price in prices.items():
            at = start + step * (position - 1)
            if slots[0] <= at <= slots[-1]:
                yield step, Interval(at, at + step, price)


def _positions(
    period: Element, step: timedelta, curve: str, wanted: Wanted
) -> tuple[datetime, dict[int, float]]:
    """Return when a period starts and its price per kWh by position, repeats filled in.

    How many positions there are follows from the interval: a day may have 92 or 100 quarters.
    """
    try:
        span = next(iter(_all(period, "timeInterval")))
        start, end = (_INSTANT.validate_python(_text(span, name)) for name in ("start", "end"))
        points = [
            (int(_text(point, "position")), float(_text(point, "price.amount")) / 1000)
            for point in _all(period, "Point")
        ]
    except (StopIteration, ValueError) as error:
        raise wanted.refused(
            Refusal.SHAPE, "a period without a readable interval, position or price"
        ) from error
    given: dict[int, float] = {}
    for position, price in points:
        if given.setdefault(position, price) != price:
            raise wanted.refused(Refusal.CONFLICT, f"two prices at position {position} of {start}")
    count, rest = divmod(end - start, step)
    fits = not rest and timedelta(0) < end - start <= _LONGEST_PERIOD
    if not fits or not given or not (min(given) >= 1 and max(given) <= count):
        raise wanted.refused(Refusal.SHAPE, f"positions of the period from {start} do not fit it")
    if curve == _REPEATS_LEFT_OUT:
        last = min(given)
        for position in range(last, count + 1):
            last = position if position in given else last
            given[position] = given[last]
    return start.astimezone(UTC), given


def _minute(day: date) -> str:
    """Return the instant a delivery day begins as the platform writes it (UTC)."""
    return f"{local_midnight(day, DELIVERY_ZONE):%Y%m%d%H%M}"


def _name(element: Element) -> str:
    """Return a tag without its namespace: versions of the document differ in it only."""
    return element.tag.rsplit("}", maxsplit=1)[-1]


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if _name(child) == name]


def _text(element: Element, name: str) -> str:
    """Return the text of a child, empty where there is none."""
    return next(((child.text or "").strip() for child in _all(element, name)), "")
