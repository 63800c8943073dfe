"""A table of days and faults: every provider, every fault, each ending in a named outcome."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import httpx
import pytest
import respx

from app.core.errors import UpstreamError
from app.ingest.http import client as http
from app.ingest.prices.day import DELIVERY_ZONE, PriceDay, next_day
from app.ingest.prices.providers import providers
from app.settings import Settings
from tests.fakes import price_replies as shapes
from tests.fakes.price_replies import Asked, Row, rows_of

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
ACCEPTED = "accepted"


@dataclass(frozen=True)
class Case:
    """A provider, a home it serves, the currency it answers in, and its body."""

    area: str
    currency: str
    answers_in: str
    body: Callable[[Sequence[Row], Asked], bytes]

    def asked(self, day: date = DAY) -> Asked:
        return Asked(day, self.area, self.answers_in)


CASES = {
    "nordpool": Case("SE4", "SEK", "SEK", shapes.nordpool),
    "elprisetjustnu": Case("SE3", "SEK", "SEK", shapes.day_file),
    "hvakosterstrommen": Case("NO2", "NOK", "NOK", shapes.day_file),
    "energi_data_service": Case("DK1", "DKK", "DKK", shapes.energi_data_service),
    "energy_charts": Case("SE4", "SEK", "EUR", shapes.energy_charts),
    "entsoe": Case("SE3", "SEK", "EUR", shapes.entsoe),
    "tibber": Case("NO1", "NOK", "NOK", shapes.tibber),
}
every_provider = pytest.mark.parametrize("name", CASES)


def settings_for(name: str, **more: Any) -> Settings:
    case = CASES[name]
    return Settings.model_validate(
        {
            "prices": {"providers": [name]},
            "nordpool": {"price_area": case.area, "currency": case.currency},
            "entsoe": {"token": "hush-entsoe"},
            "tibber": {"token": "hush-tibber"},
            **more,
        }
    )


async def fetched(
    name: str,
    answer: httpx.Response | Exception | bytes,
    *,
    day: date = DAY,
    settings: Settings | None = None,
) -> tuple[str, PriceDay | UpstreamError, int]:
    """Return the outcome's name, the day or the error, and how many requests it took."""
    (provider,) = providers(settings or settings_for(name))
    reply = httpx.Response(200, content=answer) if isinstance(answer, bytes) else answer
    with respx.mock:
        route = respx.route().mock(side_effect=lambda _: _copy(reply))
        try:
            found = await provider.fetch_day(_client(), day=day, asked_at=NOW)
        except UpstreamError as error:
            return error.code, error, route.call_count
    return ACCEPTED, found, route.call_count


@cache
def _client() -> httpx.AsyncClient:
    """One for all: making it reads every certificate of the machine, and nothing is connected."""
    return http.make_client()


def _copy(reply: httpx.Response | Exception) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


# ---- days ---------------------------------------------------------------------------------------

DAYS = {
    date(2026, 11, 24): 96,
    date(2025, 3, 30): 92,
    date(2025, 10, 26): 100,
    date(2026, 3, 29): 92,
    date(2026, 10, 25): 100,
}


@every_provider
@pytest.mark.parametrize(("day", "count"), DAYS.items(), ids=str)
async def test_a_day_is_whole_in_every_shape_on_ordinary_and_clock_change_days(
    name: str, day: date, count: int
) -> None:
    case, rows = CASES[name], rows_of(day)
    outcome, found, _ = await fetched(name, case.body(rows, case.asked(day)), day=day)
    assert outcome == ACCEPTED, found
    assert isinstance(found, PriceDay)
    assert (found.day, found.area, found.currency) == (day, case.area, case.answers_in)
    starts = found.frame["slot_start"].to_list()
    assert len(starts) == count
    assert starts == [row.start for row in rows]
    assert {later - start for start, later in pairwise(starts)} == {timedelta(minutes=15)}
    wanted = [row.per_mwh(case.answers_in) or 0.0 for row in rows]
    assert found.frame["spot_price_per_kwh"].to_list() == pytest.approx(
        [price / 1000 for price in wanted], abs=1e-5
    )
    local = [start.astimezone(DELIVERY_ZONE).date() for start in starts]
    assert set(local) == {day}


@pytest.mark.parametrize("name", [name for name in CASES if name != "energi_data_service"])
@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2024, 10, 27)], ids=str)
async def test_hours_are_repeated_for_their_quarters_also_on_clock_change_days(
    name: str, day: date
) -> None:
    case, rows = CASES[name], rows_of(day, minutes=60)
    outcome, found, _ = await fetched(name, case.body(rows, case.asked(day)), day=day)
    assert outcome == ACCEPTED, found
    assert isinstance(found, PriceDay)
    prices = found.frame["spot_price_per_kwh"].to_list()
    assert len(prices) == 4 * len(rows) == (92 if day.month == 3 else 100)
    assert prices == [price for price in prices[::4] for _ in range(4)]


# ---- faults of the service ----------------------------------------------------------------------

HTML = b"<!doctype html><html><title>Just a moment</title></html>"
TRANSPORT: dict[str, tuple[httpx.Response | Exception, str, int]] = {
    "204": (httpx.Response(204), "not_published_yet", 1),
    "401": (httpx.Response(401), "upstream_auth_failed", 1),
    "404": (httpx.Response(404), "upstream_not_found", 1),
    "429, long wait": (
        httpx.Response(429, headers={"Retry-After": "600"}),
        "upstream_rate_limited",
        1,
    ),
    "429, short wait": (
        httpx.Response(429, headers={"Retry-After": "2"}),
        "upstream_rate_limited",
        3,
    ),
    "429, html, no wait": (httpx.Response(429, content=HTML), "upstream_rate_limited", 3),
    "500": (httpx.Response(500), "upstream_failed", 3),
    "html": (httpx.Response(200, content=HTML), "upstream_malformed", 1),
    "redirect": (httpx.Response(302, headers={"Location": "/"}), "upstream_failed", 1),
    "timeout": (httpx.ReadTimeout("slow"), "upstream_timeout", 3),
    "no connection": (httpx.ConnectError("refused"), "upstream_unreachable", 3),
}
NO_FILE_YET = {"elprisetjustnu", "hvakosterstrommen", "energy_charts"}


@every_provider
@pytest.mark.parametrize("fault", TRANSPORT)
async def test_a_fault_of_the_service_has_a_name(
    name: str, fault: str, no_waiting: list[float]
) -> None:
    answer, outcome, requests = TRANSPORT[fault]
    if fault == "404" and name in NO_FILE_YET:
        outcome = "not_published_yet"
    got, error, asked = await fetched(name, answer)
    assert (got, asked) == (outcome, requests), error
    assert "hush" not in str(error)
    if fault == "429, short wait":
        assert all(wait >= 2 for wait in no_waiting)


@every_provider
async def test_a_truncated_answer_is_malformed(name: str) -> None:
    body = CASES[name].body(rows_of(DAY), CASES[name].asked())
    for length in (len(body) // 2, len(body) - 1):
        outcome, _, _ = await fetched(name, body[:length])
        assert outcome == "upstream_malformed"


@every_provider
async def test_another_shape_is_refused(name: str) -> None:
    strange = b"<strange/>" if name == "entsoe" else b'{"strange":[1]}'
    assert (await fetched(name, strange))[0] == "price_day_unexpected_shape"


# ---- faults of the day --------------------------------------------------------------------------

Rows = Callable[[list[Row]], list[Row]]


def _at(index: int, price: float | None) -> Rows:
    return lambda rows: [
        replace(row, eur_per_mwh=price) if at == index else row for at, row in enumerate(rows)
    ]


ROWS: dict[str, tuple[Rows, str, dict[str, str]]] = {
    "null price": (
        _at(7, None),
        "price_day_price_missing",
        {"entsoe": "price_day_unexpected_shape"},
    ),
    "absurd price": (_at(3, 99_999.0), "price_day_implausible_price", {}),
    "absurd negative price": (_at(3, -9_000.0), "price_day_implausible_price", {}),
    "kWh taken for MWh": (
        lambda rows: [replace(row, eur_per_mwh=(row.eur_per_mwh or 0) * 1000) for row in rows],
        "price_day_implausible_price",
        {},
    ),
    "all zero": (shapes.zeroed, "price_day_all_zero", {}),
    "one quarter missing": (lambda rows: rows[:50] + rows[51:], "price_day_incomplete_day", {}),
    "last quarter missing": (lambda rows: rows[:-1], "price_day_incomplete_day", {}),
    "half a day": (lambda rows: rows[:48], "price_day_incomplete_day", {}),
    "identical duplicate": (lambda rows: [*rows, rows[5]], ACCEPTED, {}),
    "conflicting duplicate": (
        lambda rows: [*rows, replace(rows[5], eur_per_mwh=1.0)],
        "price_day_conflicting_duplicate",
        {},
    ),
    "the day before": (
        lambda _: rows_of(DAY - timedelta(days=1)),
        "price_day_incomplete_day",
        dict.fromkeys(("energy_charts", "entsoe", "tibber"), "not_published_yet"),
    ),
    "an hour late": (
        lambda rows: [replace(row, start=row.start + timedelta(hours=1)) for row in rows],
        "price_day_incomplete_day",
        {},
    ),
    "negative prices": (
        lambda rows: [replace(row, eur_per_mwh=-12.5) for row in rows],
        ACCEPTED,
        {},
    ),
    "reversed": (lambda rows: rows[::-1], ACCEPTED, {}),
}


@every_provider
@pytest.mark.parametrize("fault", ROWS)
async def test_a_day_is_taken_whole_or_refused_with_its_reason(name: str, fault: str) -> None:
    spoil, outcome, others = ROWS[fault]
    body = CASES[name].body(spoil(rows_of(DAY)), CASES[name].asked())
    got, found, _ = await fetched(name, body)
    assert got == others.get(name, outcome), found


LABELS: dict[str, tuple[str, dict[str, str], str]] = {
    "nordpool currency": ("nordpool", {"currency": "EUR"}, "price_day_wrong_currency"),
    "nordpool area": ("nordpool", {"area": "SE3"}, "price_day_wrong_area"),
    "file currency": ("elprisetjustnu", {"currency": "NOK"}, "price_day_wrong_currency"),
    "norwegian file currency": (
        "hvakosterstrommen",
        {"currency": "SEK"},
        "price_day_wrong_currency",
    ),
    "danish currency": ("energi_data_service", {"currency": "EUR"}, "price_day_wrong_currency"),
    "danish area": ("energi_data_service", {"area": "DK2"}, "price_day_wrong_area"),
    "energy-charts currency": ("energy_charts", {"currency": "SEK"}, "price_day_wrong_currency"),
    "entsoe currency": ("entsoe", {"currency": "SEK"}, "price_day_wrong_currency"),
    "entsoe area": ("entsoe", {"area": "SE4"}, "price_day_wrong_area"),
    "tibber currency": ("tibber", {"currency": "SEK"}, "price_day_wrong_currency"),
    "tibber area": ("tibber", {"area": "NO2"}, "price_day_wrong_area"),
}


@pytest.mark.parametrize(("name", "label", "outcome"), LABELS.values(), ids=LABELS)
async def test_another_currency_or_area_is_refused(
    name: str, label: dict[str, str], outcome: str
) -> None:
    asked = replace(CASES[name].asked(), **label)
    got, error, _ = await fetched(name, CASES[name].body(rows_of(DAY), asked))
    assert got == outcome, error
    assert CASES[name].area in str(error) or CASES[name].answers_in in str(error)


SPECIAL: dict[str, tuple[str, bytes, str]] = {
    "preliminary": (
        "nordpool",
        shapes.nordpool(rows_of(DAY), CASES["nordpool"].asked(), state="Preliminary"),
        "price_day_preliminary",
    ),
    "nordpool, another date": (
        "nordpool",
        shapes.nordpool(rows_of(DAY), CASES["nordpool"].asked(next_day(DAY))),
        "price_day_wrong_day",
    ),
    "empty file": ("elprisetjustnu", b"[]", "not_published_yet"),
    "no records": (
        "energi_data_service",
        b'{"total":0,"dataset":"DayAheadPrices","records":[]}',
        "not_published_yet",
    ),
    "licence not free": (
        "energy_charts",
        shapes.energy_charts(rows_of(DAY), CASES["energy_charts"].asked(), licence="private use"),
        "price_day_licence_not_free",
    ),
    "unit unknown": (
        "energy_charts",
        shapes.energy_charts(rows_of(DAY), CASES["energy_charts"].asked(), unit="EUR/kWh"),
        "price_day_wrong_unit",
    ),
    "times without prices": (
        "energy_charts",
        shapes.energy_charts(rows_of(DAY), CASES["energy_charts"].asked()).replace(
            b'"price": [', b'"price": [1.0, '
        ),
        "price_day_unexpected_shape",
    ),
    "time beyond all calendars": (
        "energy_charts",
        b'{"license_info":"CC BY 4.0","unix_seconds":[1e18],"price":[1],"unit":"EUR/MWh"}',
        "price_day_unexpected_shape",
    ),
    "entsoe, nothing matches": (
        "entsoe",
        shapes.acknowledgement("No matching data found for Data item ENERGY_PRICES [12.1.D]"),
        "not_published_yet",
    ),
    "entsoe, question refused": (
        "entsoe",
        shapes.acknowledgement("Delivered time interval is not valid for this Data item."),
        "price_day_question_refused",
    ),
    "entsoe, no series": ("entsoe", shapes.document(), "not_published_yet"),
    "entsoe, only a later auction": (
        "entsoe",
        shapes.entsoe(rows_of(DAY), CASES["entsoe"].asked(), sequence="2"),
        "not_published_yet",
    ),
    "entsoe, entity bomb": (
        "entsoe",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        "upstream_malformed",
    ),
    "entsoe, no zone in the times": (
        "entsoe",
        shapes.entsoe(rows_of(DAY), CASES["entsoe"].asked()).replace(b"Z</start>", b"</start>"),
        "price_day_unexpected_shape",
    ),
    "entsoe, a resolution of minutes": (
        "entsoe",
        shapes.entsoe(rows_of(DAY), CASES["entsoe"].asked()).replace(b"PT15M", b"PT5M"),
        "price_day_odd_interval",
    ),
    "entsoe, a position outside": (
        "entsoe",
        shapes.entsoe(rows_of(DAY), CASES["entsoe"].asked()).replace(b">96<", b">97<"),
        "price_day_unexpected_shape",
    ),
    "tibber, tomorrow is empty": (
        "tibber",
        shapes.tibber(
            rows_of(DAY - timedelta(days=1)), CASES["tibber"].asked(DAY - timedelta(days=1))
        ),
        "not_published_yet",
    ),
    "tibber, bad token": (
        "tibber",
        b'{"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED"}}]}',
        "upstream_auth_failed",
    ),
    "tibber, another error": (
        "tibber",
        b'{"errors":[{"message":"Field does not exist","extensions":{"code":"BAD"}}],"data":null}',
        "price_day_question_refused",
    ),
    "tibber, no contract": (
        "tibber",
        b'{"data":{"viewer":{"homes":[{"id":"a","currentSubscription":null}]}}}',
        "price_day_question_refused",
    ),
}


@pytest.mark.parametrize(("name", "body", "outcome"), SPECIAL.values(), ids=SPECIAL)
async def test_what_only_one_provider_does_has_a_name_too(
    name: str, body: bytes, outcome: str
) -> None:
    got, found, _ = await fetched(name, body)
    assert got == outcome, found


# ---- what is special about one of them ----------------------------------------------------------


async def test_entsoe_fills_what_repeats_to_the_end_of_the_interval() -> None:
    for day, count in DAYS.items():
        rows = [replace(row, eur_per_mwh=float(at // 8)) for at, row in enumerate(rows_of(day))]
        body = shapes.entsoe(rows, CASES["entsoe"].asked(day), curve="A03")
        assert body.count(b"<Point>") <= count / 8 + 1
        outcome, found, _ = await fetched("entsoe", body, day=day)
        assert outcome == ACCEPTED, found
        assert isinstance(found, PriceDay)
        assert found.frame["spot_price_per_kwh"].to_list() == [
            (row.eur_per_mwh or 0.0) / 1000 for row in rows
        ]


async def test_entsoe_takes_quarters_over_hours_and_the_first_auction_over_later_ones() -> None:
    asked, rows = CASES["entsoe"].asked(), rows_of(DAY)
    body = shapes.document(
        shapes.series(rows_of(DAY, offset=50), asked, sequence="2"),
        shapes.series(rows_of(DAY, minutes=60), asked),
        shapes.series(rows, asked),
        shapes.series(rows, asked),
        shapes.series(rows_of(next_day(DAY)), asked),
    )
    outcome, found, _ = await fetched("entsoe", body)
    assert outcome == ACCEPTED, found
    assert isinstance(found, PriceDay)
    assert found.frame["spot_price_per_kwh"].to_list() == [
        (row.eur_per_mwh or 0.0) / 1000 for row in rows
    ]


async def test_entsoe_explains_itself_under_http_400() -> None:
    reply = httpx.Response(400, content=shapes.acknowledgement("No matching data found for this"))
    assert (await fetched("entsoe", reply))[0] == "not_published_yet"
    reply = httpx.Response(400, content=shapes.acknowledgement("Input parameter does not exist"))
    outcome, error, _ = await fetched("entsoe", reply)
    assert outcome == "price_day_question_refused"
    assert "Input parameter does not exist" in str(error)


async def test_tibber_takes_the_day_asked_for_out_of_two() -> None:
    case, today = CASES["tibber"], DAY - timedelta(days=1)
    body = shapes.tibber(shapes.days_after(today, 2), case.asked(today))
    for day in (today, DAY):
        outcome, found, _ = await fetched("tibber", body, day=day)
        assert outcome == ACCEPTED, found
        assert isinstance(found, PriceDay)
        assert found.frame["slot_start"].to_list() == [row.start for row in rows_of(day)]


async def test_tibber_never_guesses_between_homes() -> None:
    case = CASES["tibber"]
    body = json.loads(shapes.tibber(rows_of(DAY), case.asked()))
    (home,) = body["data"]["viewer"]["homes"]
    body["data"]["viewer"]["homes"] = [home, {**home, "id": "cabin"}]
    outcome, error, _ = await fetched("tibber", json.dumps(body).encode())
    assert outcome == "price_day_question_refused"
    assert "tibber.home_id" in str(error)
    assert "cabin" in str(error)
    chosen = settings_for("tibber", tibber={"token": "x", "home_id": "cabin"})
    assert (await fetched("tibber", json.dumps(body).encode(), settings=chosen))[0] == ACCEPTED


async def test_a_tibber_home_without_an_area_must_be_named_in_the_settings() -> None:
    body = json.loads(shapes.tibber(rows_of(DAY), CASES["tibber"].asked()))
    body["data"]["viewer"]["homes"][0]["meteringPointData"] = None
    outcome, error, _ = await fetched("tibber", json.dumps(body).encode())
    assert outcome == "price_day_wrong_area"
    assert shapes.TIBBER_HOME in str(error)
    chosen = settings_for("tibber", tibber={"token": "x", "home_id": shapes.TIBBER_HOME})
    assert (await fetched("tibber", json.dumps(body).encode(), settings=chosen))[0] == ACCEPTED


@pytest.mark.parametrize("name", ["nordpool", "elprisetjustnu", "hvakosterstrommen"])
async def test_those_who_publish_an_exchange_rate_pass_it_on(name: str) -> None:
    case = CASES[name]
    _, found, _ = await fetched(name, case.body(rows_of(DAY), case.asked()))
    assert isinstance(found, PriceDay)
    assert found.exchange_rate_per_eur == shapes.RATES[case.answers_in]
