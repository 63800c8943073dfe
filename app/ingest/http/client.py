"""One way to ask an outside service: bounded, retried with jitter, every fault named."""

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from app import __version__
from app.core.clock import now
from app.core.errors import NotPublishedYetError, UpstreamAuthError, UpstreamError
from app.ingest.http.faults import (
    ForbiddenError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TimedOutError,
    TooLongError,
    TryAgainError,
    UnreachableError,
    UnusableTokenError,
)

__all__ = [
    "ForbiddenError",
    "MalformedError",
    "NotFoundError",
    "Question",
    "RateLimitedError",
    "TimedOutError",
    "TooLongError",
    "UnreachableError",
    "UnusableTokenError",
    "ask",
    "get_json",
    "make_client",
    "parsed_json",
    "pause",
]
from app.core.metrics import counting_failures

TOTAL_SECONDS = 30
MAX_BYTES = 1024 * 1024
# Parsing more than this would hold up the event loop for longer than anyone should wait.
_PARSE_IN_THREAD_BYTES = 128 * 1024
# A longer wait would not leave time for the answer.
MAX_RETRY_AFTER_SECONDS = 20
ATTEMPTS = 3
_CALM = wait_random_exponential(multiplier=0.5, max=5)


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and the patience with it; ``json`` is sent as the body of a POST."""

    url: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    json: Any = None
    # Statuses whose body is an answer too: some services explain themselves under HTTP 400.
    also_answers: frozenset[int] = frozenset()
    max_bytes: int = MAX_BYTES
    total_seconds: float | None = None  # None = TOTAL_SECONDS


def make_client() -> httpx.AsyncClient:
    """Return the one client of the service: no redirects, so a token never travels elsewhere."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(15, connect=5),
        follow_redirects=False,
        headers={"User-Agent": f"Darkstar/{__version__}", "Accept": "application/json"},
        # Configured addresses are asked directly; a proxy variable of the shell does not count.
        trust_env=False,
    )


async def pause(seconds: float) -> None:
    """Wait between two tries; tests put their own in its place."""
    await asyncio.sleep(seconds)


async def get_json(
    client: httpx.AsyncClient,
    url: str,
    *,
    source: str,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Any:
    """Return the parsed JSON body, or raise an ``UpstreamError`` that says what ``source`` did.

    Messages name the source only: an address or a header may hold a secret.
    """
    question = Question(url, params=params, headers=headers, max_bytes=max_bytes)
    return await parsed_json(await ask(client, question, source=source), source)


async def ask(client: httpx.AsyncClient, question: Question, *, source: str) -> bytes:
    """Return the body of a good answer; raises an ``UpstreamError`` that names ``source``."""
    with counting_failures(source):
        return await _asked(client, question, source)


async def _asked(client: httpx.AsyncClient, question: Question, source: str) -> bytes:
    seconds = question.total_seconds or TOTAL_SECONDS
    try:
        async with asyncio.timeout(seconds):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(_may_pass),
                stop=stop_after_attempt(ATTEMPTS),
                wait=_wait,
                sleep=pause,
                reraise=True,
            ):
                with attempt:
                    return await _body(client, _request(client, question, source), source, question)
    except TimeoutError as error:
        raise TimedOutError(f"{source} did not answer within {seconds:g} s") from error
    raise UpstreamError(f"{source} was not asked")  # pragma: no cover - tenacity always tries


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, TryAgainError) and error.after_seconds <= MAX_RETRY_AFTER_SECONDS


def _request(client: httpx.AsyncClient, question: Question, source: str) -> httpx.Request:
    try:
        return client.build_request(
            "GET" if question.json is None else "POST",
            question.url,
            params=question.params,
            headers=question.headers,
            json=question.json,
        )
    except UnicodeEncodeError:
        # Without its cause: that error carries the header, and so the token.
        raise UnusableTokenError(
            f"{source} was not asked: its token holds a character outside ASCII; paste it again"
        ) from None


def _wait(state: RetryCallState) -> float:
    """Wait as long as the service asked, at least the calm back-off."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, TryAgainError) else 0.0
    return max(asked, float(_CALM(state)))


async def _body(
    client: httpx.AsyncClient, request: httpx.Request, source: str, question: Question
) -> bytes:
    """Send one request and return at most ``max_bytes`` of a good answer."""
    try:
        response = await client.send(request, stream=True)
        try:
            if response.status_code not in question.also_answers:
                _check_status(response, source)
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > question.max_bytes:
                    raise TooLongError(f"{source} sent more than {question.max_bytes} bytes")
            return bytes(body)
        finally:
            await response.aclose()
    except httpx.TimeoutException as error:
        raise TimedOutError(f"{source} timed out") from error
    except httpx.HTTPError as error:
        raise UnreachableError(f"{source} cannot be reached ({type(error).__name__})") from error


def _check_status(response: httpx.Response, source: str) -> None:
    status = response.status_code
    if status == httpx.codes.NO_CONTENT:
        raise NotPublishedYetError(f"{source} has not published this yet")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        refused = ForbiddenError if status == httpx.codes.FORBIDDEN else UpstreamAuthError
        raise refused(f"{source} refused access (HTTP {status}); check the credentials")
    if status == httpx.codes.NOT_FOUND:
        raise NotFoundError(f"{source} does not know what was asked for (HTTP 404)")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        _too_many(response, source)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise TryAgainError(f"{source} failed (HTTP {status})")
    if status != httpx.codes.OK:
        raise UpstreamError(f"{source} answered HTTP {status}")


def _too_many(response: httpx.Response, source: str) -> NoReturn:
    """Honour Retry-After when it is short; otherwise give up until the next run."""
    asked = response.headers.get("Retry-After", "")
    seconds = 0.0
    if asked.isdecimal():
        seconds = float(asked)
    elif asked:
        try:
            until = parsedate_to_datetime(asked)
        except ValueError:
            until = now()
        # A date without a zone is in UTC, as every HTTP date is.
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (aware - now()).total_seconds()
    if seconds > MAX_RETRY_AFTER_SECONDS:
        raise RateLimitedError(
            f"{source} asks to wait {seconds:.0f} s before the next request", seconds
        )
    raise RateLimitedError(f"{source} asks to slow down (HTTP 429)", max(0.0, seconds))


async def parsed_json(body: bytes, source: str) -> Any:
    """Return what a body says in strict JSON; a long one is parsed off the event loop."""
    if not body.strip():
        raise NotPublishedYetError(f"{source} answered with nothing")
    if len(body) > _PARSE_IN_THREAD_BYTES:
        return await asyncio.to_thread(_parse, body, source)
    return _parse(body, source)


def _parse(body: bytes, source: str) -> Any:
    """Read strict JSON: no NaN, no Infinity, no number too large to be finite."""
    try:
        return json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{source} did not answer with valid JSON") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
