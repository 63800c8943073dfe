"""Clients that take their time, on real sockets: each wait ends, and others get in meanwhile."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import uvicorn

from app.api.http.patient_http import BACKLOG, Patience, patient

# Short where a test waits for the end of one, longer than any pause of a busy machine elsewhere.
SOON, NEVER = 0.3, 60.0
PATIENT = Patience(head_seconds=NEVER, body_seconds=NEVER, connections=20)
Ask = Callable[[], Awaitable[int]]
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with how long the body was; ``/stream`` speaks until its client goes."""
    streams = scope["path"] == "/stream"
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while streams:
        await send({"type": "http.response.body", "body": b"event\n", "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                if (await receive())["type"] == "http.disconnect":
                    return
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


@asynccontextmanager
async def serving(patience: Patience) -> AsyncIterator[int]:
    """A server with our protocol on a port of loopback, in this loop."""
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            lifespan="off",
            log_level="error",
            http=patient(patience),
            ws="none",
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task
        listener.close()


class Line:
    """One connection, held by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server hangs up; fails where it never does."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    @property
    def is_over(self) -> bool:
        return self.reader.at_eof() or self.reader.exception() is not None


@asynccontextmanager
async def lines(port: int, count: int) -> AsyncIterator[list[Line]]:
    opened: list[Line] = []
    try:
        while len(opened) < count:
            opened.append(Line(*await asyncio.open_connection("127.0.0.1", port)))
        yield opened
    finally:
        for each in opened:
            each.writer.close()
        for each in opened:
            with contextlib.suppress(ConnectionError):
                await each.writer.wait_closed()


async def status_of(port: int) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}/", timeout=20)).status_code


@pytest.mark.parametrize(
    ("said", "answer"),
    [(b"", b"408"), (GET, b"408"), (b"\r\n\r\n", b"408"), (POST, b"408"), (POST + b"12", b"408")],
    ids=["nothing", "half a head", "empty lines", "no body", "half a body"],
)
async def test_who_does_not_finish_a_request_is_let_go(said: bytes, answer: bytes) -> None:
    soon = replace(PATIENT, head_seconds=SOON, body_seconds=SOON)
    async with serving(soon) as port, lines(port, 1) as (line,):
        await line.say(said)
        assert (await line.rest()).split(b" ")[1:2] == [answer]
        assert await status_of(port) == 200


@pytest.mark.parametrize("said", [GET + b"X-A: ", POST], ids=["head", "body"])
async def test_a_byte_now_and_then_does_not_stretch_it(said: bytes) -> None:
    soon = replace(PATIENT, head_seconds=SOON * 2, body_seconds=SOON * 2)
    async with serving(soon) as port, lines(port, 1) as (line,):
        await line.say(said)

        async def drip() -> None:
            while True:
                await line.say(b"a")
                await asyncio.sleep(SOON / 3)

        dripping = asyncio.create_task(drip())
        assert b"408" in await line.rest() or line.is_over
        dripping.cancel()


async def test_a_kept_connection_that_begins_anew_is_held_to_it_as_well() -> None:
    soon = replace(PATIENT, head_seconds=SOON * 3)
    async with serving(soon) as port, lines(port, 1) as (line,):
        await line.say(GET + b"\r\n")
        assert b"200 OK" in await line.reader.readuntil(b"\r\n\r\n")
        await line.say(GET)
        assert b"408" in await line.rest()


async def test_a_stream_outlives_every_limit() -> None:
    soon = replace(PATIENT, head_seconds=SOON, body_seconds=SOON)
    async with serving(soon) as port, lines(port, 1) as (line,):
        await line.say(GET.replace(b"/", b"/stream", 1) + b"\r\n")
        await asyncio.sleep(SOON * 4)
        for _ in range(20):
            assert await line.reader.readline()


async def test_no_head_is_endless() -> None:
    async with serving(replace(PATIENT, max_head_bytes=4096)) as port, lines(port, 1) as (line,):
        await line.say(GET)
        for at in range(100):
            await line.say(b"X-%d: %s\r\n" % (at, b"a" * 100))
            await asyncio.sleep(0)
        assert b"431" in await line.rest() or line.is_over


async def test_hundreds_of_half_open_connections_keep_nobody_out() -> None:
    async with serving(PATIENT) as port, lines(port, 300) as opened:
        for each in opened:
            await each.say(GET)
        assert await status_of(port) == 200
        over = sum([await _soon_over(each) for each in opened[:-20]])
        assert over == 280, "the oldest made room"


async def _soon_over(line: Line) -> bool:
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            await line.reader.read()
    return True


async def test_streams_of_one_address_leave_room_for_others_and_are_told() -> None:
    async with serving(PATIENT) as port, lines(port, 10) as streams:
        for each in streams:
            await each.say(GET.replace(b"/", b"/stream", 1) + b"\r\n")
            assert b"200 OK" in await each.reader.readuntil(b"\r\n\r\n")
        async with lines(port, 1) as (late,):
            await late.say(GET + b"\r\n")
            refused = await late.rest()
            assert refused == b"" or b"503" in refused
        assert not any(each.is_over for each in streams), "what is answered stays"


async def test_two_lengths_of_one_body_are_refused() -> None:
    async with serving(PATIENT) as port, lines(port, 1) as (line,):
        await line.say(
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"
        )
        assert b"400" in await line.rest()


def test_the_limit_follows_the_file_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, wanted in ((200, 40), (1024, 400), (1_048_576, 400), (64, 16), (-1, 400)):
        monkeypatch.setattr("resource.getrlimit", lambda _what, soft=soft: (soft, soft))
        assert Patience.of_this_process().connections == wanted
