"""One way to ask an outside service: bounded, retried with jitter, every fault named."""

import asyncio
import json
import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from app import __version__
from app.clock import now
from app.errors import NotPublishedYetError, UpstreamAuthError, UpstreamError

TOTAL_SECONDS = 30
MAX_BYTES = 1024 * 1024
# Parsing more than this would hold up the event loop for longer than anyone should wait.
_PARSE_IN_THREAD_BYTES = 128 * 1024
# A longer wait would not leave time for the answer.
MAX_RETRY_AFTER_SECONDS = 20
ATTEMPTS = 3
_CALM = wait_random_exponential(multiplier=0.5, max=5)


class NotFoundError(UpstreamError):
    """The outside service answers, but does not know what was asked for."""

    code = "upstream_not_found"


class _TryAgainError(UpstreamError):
    """A fault that may pass; ``after_seconds`` is what the service asked for."""

    def __init__(self, message: str, after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


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
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_TryAgainError),
                stop=stop_after_attempt(ATTEMPTS),
                wait=_wait,
                sleep=pause,
                reraise=True,
            ):
                with attempt:
                    request = _request(client, url, source, params, headers)
                    return await _parsed(await _body(client, request, source, max_bytes), source)
    except TimeoutError as error:
        raise UpstreamError(f"{source} did not answer within {TOTAL_SECONDS} s") from error
    raise UpstreamError(f"{source} was not asked")  # pragma: no cover - tenacity always tries


def _request(
    client: httpx.AsyncClient,
    url: str,
    source: str,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
) -> httpx.Request:
    try:
        return client.build_request("GET", url, params=params, headers=headers)
    except UnicodeEncodeError:
        # Without its cause: that error carries the header, and so the token.
        raise UpstreamAuthError(
            f"{source} was not asked: its token holds a character outside ASCII; paste it again"
        ) from None


def _wait(state: RetryCallState) -> float:
    """Wait as long as the service asked, at least the calm back-off."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, _TryAgainError) else 0.0
    return max(asked, float(_CALM(state)))


async def _body(
    client: httpx.AsyncClient, request: httpx.Request, source: str, max_bytes: int
) -> bytes:
    """Send one request and return at most ``max_bytes`` of a good answer."""
    try:
        response = await client.send(request, stream=True)
        try:
            _check_status(response, source)
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise UpstreamError(f"{source} sent more than {max_bytes} bytes")
            return bytes(body)
        finally:
            await response.aclose()
    except httpx.TimeoutException as error:
        raise _TryAgainError(f"{source} timed out") from error
    except httpx.HTTPError as error:
        raise _TryAgainError(f"{source} cannot be reached ({type(error).__name__})") from error


def _check_status(response: httpx.Response, source: str) -> None:
    status = response.status_code
    if status == httpx.codes.NO_CONTENT:
        raise NotPublishedYetError(f"{source} has not published this yet")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise UpstreamAuthError(f"{source} refused access (HTTP {status}); check the credentials")
    if status == httpx.codes.NOT_FOUND:
        raise NotFoundError(f"{source} does not know what was asked for (HTTP 404)")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        _too_many(response, source)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _TryAgainError(f"{source} failed (HTTP {status})")
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
        raise UpstreamError(f"{source} asks to wait {seconds:.0f} s before the next request")
    raise _TryAgainError(f"{source} asks to slow down (HTTP 429)", max(0.0, seconds))


async def _parsed(body: bytes, source: str) -> Any:
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
        raise UpstreamError(f"{source} did not answer with valid JSON") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
