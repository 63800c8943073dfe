"""Nord Pool days are taken whole or not at all."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from app.core.errors import NotPublishedYetError, UpstreamError
from app.ingest.http import client as http
from app.ingest.prices import nordpool
from app.ingest.prices.day import SPOT, PriceDay, Wanted, delivery_day, next_day
from app.settings import NordPool
from tests.ingest.replies import reply

DAY = date(2025, 10, 2)
NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
URL = "https://dataportal-api.nordpoolgroup.com/api/DayAheadPrices"
Spoil = Callable[[dict[str, Any]], object]


def _quarters() -> dict[str, Any]:
    body: dict[str, Any] = reply("nordpool/2025-10-02_quarters.json")
    return body


def _parse(body: Any, *, day: date = DAY, area: str = "SE4") -> PriceDay:
    return nordpool.parse_day(body, Wanted(day, area, "SEK", nordpool.SOURCE, NOW))


@pytest.mark.parametrize(
    ("name", "day", "count", "first", "last"),
    [
        ("2025-10-02_quarters", DAY, 96, (1, 22, 0), (2, 21, 45)),
        ("2025-10-26_autumn", date(2025, 10, 26), 100, (25, 22, 0), (26, 22, 45)),
        ("2026-03-29_spring", date(2026, 3, 29), 92, (28, 23, 0), (29, 21, 45)),
        ("2025-09-15_hours", date(2025, 9, 15), 96, (14, 22, 0), (15, 21, 45)),
    ],
)
def test_a_day_has_every_quarter_of_the_delivery_day_in_utc(
    name: str, day: date, count: int, first: tuple[int, ...], last: tuple[int, ...]
) -> None:
    frame = _parse(reply(f"nordpool/{name}.json"), day=day).frame
    assert frame.height == count
    assert frame.schema == SPOT
    starts = frame["slot_start"]
    assert starts[0] == datetime(day.year, day.month, *first, tzinfo=UTC)
    assert starts[-1] == datetime(day.year, day.month, *last, tzinfo=UTC)
    assert set(starts.diff().drop_nulls()) == {timedelta(minutes=15)}


def test_prices_are_per_kwh_of_the_right_area_and_keep_their_sign() -> None:
    body = _quarters()
    frame = _parse(body).frame
    sent = [entry["entryPerArea"]["SE4"] / 1000 for entry in body["multiAreaEntries"]]
    assert frame["spot_price_per_kwh"].to_list() == sent
    other = _parse(body, area="SE3").frame["spot_price_per_kwh"]
    assert other.min() < 0
    assert max(other) < 20, "still per MWh?"


def test_an_hour_is_repeated_for_its_four_quarters() -> None:
    body = reply("nordpool/2025-09-15_hours.json")
    prices = _parse(body, day=date(2025, 9, 15)).frame["spot_price_per_kwh"].to_list()
    hours = [entry["entryPerArea"]["SE4"] / 1000 for entry in body["multiAreaEntries"]]
    assert prices == [price for price in hours for _ in range(4)]


def test_the_day_says_whose_it_is_and_when_it_was_published() -> None:
    day = _parse(_quarters())
    assert (day.day, day.area, day.currency, day.source) == (DAY, "SE4", "SEK", "Nord Pool")
    assert day.exchange_rate_per_eur == _quarters()["exchangeRate"]
    assert day.published_at == datetime(2025, 10, 1, 11, 25, 6, 148436, tzinfo=UTC)


def test_an_identical_duplicate_is_dropped() -> None:
    body = _quarters()
    body["multiAreaEntries"].append(dict(body["multiAreaEntries"][5]))
    assert _parse(body).frame.height == 96


def test_the_order_of_entries_does_not_matter() -> None:
    body = _quarters()
    body["multiAreaEntries"].reverse()
    assert _parse(body).frame.equals(_parse(_quarters()).frame)


def _price(body: dict[str, Any], index: int, value: object) -> None:
    body["multiAreaEntries"][index]["entryPerArea"]["SE4"] = value


def _all_prices(body: dict[str, Any], change: Callable[[float], float]) -> None:
    for entry in body["multiAreaEntries"]:
        entry["entryPerArea"]["SE4"] = change(entry["entryPerArea"]["SE4"])


def _conflict(body: dict[str, Any]) -> None:
    entry = body["multiAreaEntries"][5]
    body["multiAreaEntries"].append(entry | {"entryPerArea": {"SE4": 1.0}})


REFUSED: dict[str, tuple[Spoil, str]] = {
    "wrong currency": (lambda b: b.update(currency="EUR"), "asked for .* SEK, got it in EUR"),
    "wrong day": (lambda b: b.update(deliveryDateCET="2025-10-01"), "got 2025-10-01"),
    "area missing in entries": (
        lambda b: [entry["entryPerArea"].pop("SE4") for entry in b["multiAreaEntries"]],
        "no price for SE4",
    ),
    "area not in the reply": (
        lambda b: b.update(areaStates=[{"state": "Final", "areas": ["SE3"]}]),
        "does not have it",
    ),
    "null price": (lambda b: _price(b, 7, None), "no price for SE4"),
    "NaN price": (lambda b: _price(b, 7, "NaN"), "no price for SE4"),
    "word for a price": (lambda b: _price(b, 7, "n/a"), "unexpected reply at multiAreaEntries"),
    "conflicting duplicate": (_conflict, "two prices"),
    "one quarter missing": (lambda b: b["multiAreaEntries"].pop(50), "95 of 96"),
    "half a day": (lambda b: b["multiAreaEntries"].__delitem__(slice(48, 96)), "48 of 96"),
    "day shifted an hour": (
        lambda b: b.update(
            multiAreaEntries=reply("nordpool/2025-10-26_autumn.json")["multiAreaEntries"]
        ),
        "0 of 96 quarters, and 100 of other days",
    ),
    "absurd price": (lambda b: _price(b, 3, 999_999.0), "implausible"),
    "absurd negative price": (lambda b: _price(b, 3, -9_000.0), "implausible"),
    "kWh taken for MWh": (lambda b: _all_prices(b, lambda p: p * 1000), "implausible"),
    "all zero": (lambda b: _all_prices(b, lambda _: 0.0), "zero"),
    "five-minute interval": (
        lambda b: b["multiAreaEntries"][0].update(deliveryEnd="2025-10-01T22:05:00Z"),
        "not 15-60 min",
    ),
    "naive times": (
        lambda b: b["multiAreaEntries"][0].update(deliveryStart="2025-10-01T22:00:00"),
        "deliveryStart",
    ),
    "entries missing": (lambda b: b.pop("multiAreaEntries"), "unexpected reply"),
}


@pytest.mark.parametrize(("spoil", "words"), REFUSED.values(), ids=REFUSED)
def test_a_day_that_is_not_right_is_refused_whole_and_says_why(spoil: Spoil, words: str) -> None:
    body = _quarters()
    spoil(body)
    with pytest.raises(UpstreamError, match=words) as caught:
        _parse(body)
    assert not isinstance(caught.value, NotPublishedYetError)


@pytest.mark.parametrize("body", [[], None, "text", 7, {"error": "x"}])
def test_another_shape_is_refused(body: object) -> None:
    with pytest.raises(UpstreamError, match="unexpected reply"):
        _parse(body)


WAITS: dict[str, Spoil] = {
    "preliminary": lambda b: b["areaStates"][0].update(state="Preliminary"),
    "final and preliminary": lambda b: b["areaStates"].append(
        {"state": "Preliminary", "areas": ["SE4"]}
    ),
    "no entries yet": lambda b: b.update(multiAreaEntries=[]),
}


@pytest.mark.parametrize("spoil", WAITS.values(), ids=WAITS)
def test_a_day_that_is_not_final_is_waited_for(spoil: Spoil) -> None:
    body = _quarters()
    spoil(body)
    with pytest.raises(NotPublishedYetError):
        _parse(body)


@respx.mock
async def test_the_request_names_day_area_and_currency() -> None:
    route = respx.get(
        URL,
        params={
            "date": "2025-10-02",
            "market": "DayAhead",
            "deliveryArea": "SE4",
            "currency": "SEK",
        },
    ).respond(json=_quarters())
    async with http.make_client() as client:
        day = await nordpool.NordPoolPrices(NordPool()).fetch_day(client, day=DAY, asked_at=NOW)
    assert route.call_count == 1
    assert day.frame.height == 96


FAULTS: dict[str, tuple[httpx.Response | Exception, type[Exception]]] = {
    "not out yet": (httpx.Response(204), NotPublishedYetError),
    "gone": (httpx.Response(404), UpstreamError),
    "slow down": (httpx.Response(429), UpstreamError),
    "provider down": (httpx.Response(500), UpstreamError),
    "html": (httpx.Response(200, html="<html></html>"), UpstreamError),
    "truncated": (httpx.Response(200, text='{"multiAreaEntries":['), UpstreamError),
    "timeout": (httpx.ReadTimeout("slow"), UpstreamError),
}


@pytest.mark.parametrize(("answer", "error"), FAULTS.values(), ids=FAULTS)
@respx.mock
async def test_faults_of_the_service_become_our_errors(
    answer: httpx.Response | Exception, error: type[Exception], no_waiting: list[float]
) -> None:
    respx.get(URL).mock(side_effect=[answer] * 3)
    async with http.make_client() as client:
        with pytest.raises(error, match="Nord Pool"):
            await nordpool.NordPoolPrices(NordPool()).fetch_day(client, day=DAY, asked_at=NOW)
    assert len(no_waiting) <= 2


def test_the_delivery_day_turns_at_central_european_midnight() -> None:
    assert delivery_day(datetime(2026, 1, 1, 22, 59, tzinfo=UTC)) == date(2026, 1, 1)
    assert delivery_day(datetime(2026, 1, 1, 23, 0, tzinfo=UTC)) == date(2026, 1, 2)
    assert next_day(date(2026, 3, 28)) == date(2026, 3, 29)
