"""Asking an outside service: bounded, retried, and every fault has a name."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
import respx

from app.core import clock
from app.core.errors import NotPublishedYetError, UpstreamAuthError, UpstreamError
from app.ingest.http import client as http

URL = "https://example.test/data"


async def _ask(**options: object) -> object:
    async with http.make_client() as client:
        return await http.get_json(client, URL, source="The source", **options)  # type: ignore[arg-type]


FAULTS = {
    "not out yet": (httpx.Response(204), NotPublishedYetError, 1),
    "empty body": (httpx.Response(200, text=" \n"), NotPublishedYetError, 1),
    "unauthorized": (httpx.Response(401), UpstreamAuthError, 1),
    "forbidden": (httpx.Response(403, text="<html>bot</html>"), UpstreamAuthError, 1),
    "not found": (httpx.Response(404), http.NotFoundError, 1),
    "bad request": (httpx.Response(400, json={"error": True}), UpstreamError, 1),
    "redirect": (httpx.Response(302, headers={"Location": "https://x.test"}), UpstreamError, 1),
    "slow down": (httpx.Response(429), UpstreamError, 3),
    "server error": (httpx.Response(500), UpstreamError, 3),
    "unavailable": (httpx.Response(503), UpstreamError, 3),
    "timeout": (httpx.ReadTimeout("slow"), UpstreamError, 3),
    "no connection": (httpx.ConnectError("refused"), UpstreamError, 3),
    "half a reply": (httpx.RemoteProtocolError("gone"), UpstreamError, 3),
    "html": (httpx.Response(200, html="<!doctype html>"), UpstreamError, 1),
    "truncated": (httpx.Response(200, text='{"a": [1, 2'), UpstreamError, 1),
    "not utf-8": (httpx.Response(200, content=b'{"a": "\xff"}'), UpstreamError, 1),
    "NaN": (httpx.Response(200, text='{"a": NaN}'), UpstreamError, 1),
    "Infinity": (httpx.Response(200, text='{"a": -Infinity}'), UpstreamError, 1),
    "beyond finite": (httpx.Response(200, text='{"a": 1e999}'), UpstreamError, 1),
    "too deep": (httpx.Response(200, text="[" * 200_000), UpstreamError, 1),
    "too large": (httpx.Response(200, text=" " * (http.MAX_BYTES + 1)), UpstreamError, 1),
}


@pytest.mark.parametrize(("answer", "error", "tries"), FAULTS.values(), ids=FAULTS)
@respx.mock
async def test_every_fault_becomes_our_error_after_the_right_number_of_tries(
    answer: httpx.Response | Exception,
    error: type[Exception],
    tries: int,
    no_waiting: list[float],
) -> None:
    route = respx.get(URL).mock(side_effect=[answer] * tries)
    with pytest.raises(UpstreamError, match="The source") as caught:
        await _ask()
    assert isinstance(caught.value, error)
    assert isinstance(caught.value, NotPublishedYetError) == (error is NotPublishedYetError)
    assert route.call_count == tries
    assert len(no_waiting) == tries - 1


@respx.mock
async def test_a_hiccup_is_survived_after_a_calm_wait(no_waiting: list[float]) -> None:
    respx.get(URL).mock(side_effect=[httpx.Response(502), httpx.Response(200, json={"a": 1})])
    assert await _ask() == {"a": 1}
    assert 0 <= no_waiting[0] <= 5


@respx.mock
async def test_a_short_retry_after_is_honoured_in_seconds_and_as_a_date(
    no_waiting: list[float],
) -> None:
    at = format_datetime(clock.now() + timedelta(seconds=18), usegmt=True)
    respx.get(URL).mock(
        side_effect=[
            httpx.Response(429, headers={"Retry-After": "12"}),
            httpx.Response(429, headers={"Retry-After": at}),
            httpx.Response(200, json=[]),
        ]
    )
    assert await _ask() == []
    assert no_waiting[0] >= 12
    assert 14 <= no_waiting[1] <= 18


@respx.mock
async def test_a_long_retry_after_ends_the_run_and_says_how_long(no_waiting: list[float]) -> None:
    route = respx.get(URL).mock(return_value=httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(UpstreamError, match="wait 3600 s"):
        await _ask()
    assert route.call_count == 1
    assert no_waiting == []


@respx.mock
@pytest.mark.parametrize("after", ["soon", "\u00b2", "Wed, 21 Oct 2015 07:28:00"])
async def test_a_meaningless_retry_after_is_an_ordinary_retry(
    after: str, no_waiting: list[float]
) -> None:
    respx.get(URL).mock(
        side_effect=[
            httpx.Response(429, headers={"Retry-After": after.encode("latin-1")}),
            httpx.Response(200, json=1),
        ]
    )
    assert await _ask() == 1
    assert no_waiting[0] <= 5


@respx.mock
async def test_the_whole_effort_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: float) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.01)
    monkeypatch.setattr(http, "pause", never)
    respx.get(URL).respond(500)
    with pytest.raises(UpstreamError, match="did not answer within"):
        await _ask()


@respx.mock
async def test_secrets_of_the_request_never_reach_the_message(no_waiting: list[float]) -> None:
    respx.get(URL).respond(500)
    with pytest.raises(UpstreamError) as caught:
        await _ask(params={"key": "s3cret"}, headers={"Authorization": "Bearer t0ken"})
    assert len(no_waiting) == 2
    chain = repr(caught.value) + repr(caught.value.__cause__)
    assert "s3cret" not in chain
    assert "t0ken" not in chain


async def test_a_token_no_header_can_carry_is_refused_without_showing_it() -> None:
    with pytest.raises(UpstreamAuthError, match="outside ASCII") as caught:
        await _ask(headers={"Authorization": "Bearer t0ken\u2026"})
    assert "t0ken" not in repr(caught.value) + repr(caught.value.__cause__)


@respx.mock
async def test_a_large_reply_is_read_when_the_caller_allows_it() -> None:
    respx.get(URL).respond(json=["x" * 100] * 20_000)
    reply = await _ask(max_bytes=8 * 1024 * 1024)
    assert isinstance(reply, list)
    assert len(reply) == 20_000
