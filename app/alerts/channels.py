"""The ways to people: each takes a notice and raises ``ChannelError``, never showing a secret."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from app.alerts.machine import Event
from app.alerts.notice import Notice
from app.core.errors import DarkstarError
from app.ingest.http import client as http
from app.settings.alerts import Alerts

ATTEMPTS = 3
# All attempts of one message together.
SEND_SECONDS = 20
Publish = Callable[[str], Awaitable[None]]
"""Hands one JSON object to the MQTT broker; raises a ``DarkstarError`` if it cannot."""


class ChannelError(DarkstarError):
    """A message did not go through; ``is_final`` when the same one never will."""

    status = 502
    code = "alert_not_sent"

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        """Keep whether trying again may help."""
        super().__init__(message)
        self.is_final = is_final


class Channel(Protocol):
    """One way to people; ``name`` is its key in the database and the settings."""

    @property
    def name(self) -> str:
        """Return the name that people and the database know."""

    async def send(self, notice: Notice) -> None:
        """Deliver one notice, or raise ``ChannelError``."""


class Webhook:
    """POSTs the notice as JSON."""

    name = "webhook"

    def __init__(self, client: httpx.AsyncClient, url: str, token: str | None) -> None:
        """Keep where to; nothing is asked yet."""
        self._client, self._url, self._token = client, url, token

    async def send(self, notice: Notice) -> None:
        """Deliver one notice."""
        headers = {"Content-Type": "application/json", **_bearer(self._token)}
        body = json.dumps(notice.as_data()).encode()
        await _post(self._client, self._url, body, headers, channel=self.name)


class Ntfy:
    """POSTs the text to an ntfy topic, with title, priority and a symbol."""

    name = "ntfy"

    def __init__(self, client: httpx.AsyncClient, topic_url: str, token: str | None) -> None:
        """Keep where to; nothing is asked yet."""
        self._client, self._url, self._token = client, topic_url, token

    async def send(self, notice: Notice) -> None:
        """Deliver one notice."""
        recovered = notice.event == Event.RECOVERED
        headers = {
            "Title": notice.title,
            # 5 rings through do-not-disturb, 2 arrives without a sound.
            "Priority": "5" if notice.is_critical else "2" if recovered else "3",
            "Tags": "white_check_mark" if recovered else "warning",
            "Content-Type": "text/plain; charset=utf-8",
            **_bearer(self._token),
        }
        await _post(self._client, self._url, notice.message.encode(), headers, channel=self.name)


class Mqtt:
    """Hands the notice to whoever holds the connection to the broker."""

    name = "mqtt"

    def __init__(self, publish: Publish) -> None:
        """Keep the hook."""
        self._publish = publish

    async def send(self, notice: Notice) -> None:
        """Deliver one notice."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._publish(json.dumps(notice.as_data()))
        except TimeoutError as error:
            raise ChannelError(f"mqtt did not take it within {SEND_SECONDS} s") from error
        except DarkstarError as error:
            raise ChannelError(str(error)) from error


def web_channels(settings: Alerts, client: httpx.AsyncClient) -> tuple[Channel, ...]:
    """Return the configured channels that need nothing but the HTTP client."""
    found: list[Channel] = []
    if settings.webhook.url:
        token = settings.webhook.token
        url = settings.webhook.url.get_secret_value()
        found.append(Webhook(client, url, token.get_secret_value() if token else None))
    if settings.ntfy.topic_url:
        token = settings.ntfy.token
        url = settings.ntfy.topic_url.get_secret_value()
        found.append(Ntfy(client, url, token.get_secret_value() if token else None))
    return tuple(found)


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _post(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    channel: str,
) -> None:
    """Post once, or up to three times where that may help; the address stays unsaid."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_TryAgainError),
                stop=stop_after_attempt(ATTEMPTS),
                wait=wait_random_exponential(multiplier=0.5, max=5),
                sleep=http.pause,
                reraise=True,
            ):
                with attempt:
                    await _post_once(client, url, body, headers, channel)
    except TimeoutError as error:
        raise ChannelError(f"{channel} did not answer within {SEND_SECONDS} s") from error


class _TryAgainError(ChannelError):
    """A fault that may pass within seconds."""


async def _post_once(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    channel: str,
) -> None:
    try:
        request = client.build_request("POST", url, content=body, headers=headers)
    except UnicodeEncodeError:
        # Without its cause: that error carries the header, and so the token.
        raise ChannelError(
            f"{channel}: its token holds a character outside ASCII; paste it again", is_final=True
        ) from None
    except httpx.InvalidURL:
        raise ChannelError(f"{channel}: its address cannot be used", is_final=True) from None
    try:
        response = await client.send(request, stream=True)
        # What it answers does not matter, and may be long.
        await response.aclose()
    except httpx.TimeoutException as error:
        raise _TryAgainError(f"{channel} timed out") from error
    except httpx.HTTPError as error:
        raise _TryAgainError(f"{channel} cannot be reached ({type(error).__name__})") from error
    _check(response.status_code, channel)


def _check(status: int, channel: str) -> None:
    if httpx.codes.is_success(status):
        return
    if status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT}:
        raise ChannelError(f"{channel} asks to slow down (HTTP {status})")
    if httpx.codes.is_server_error(status):
        raise _TryAgainError(f"{channel} failed (HTTP {status})")
    raise ChannelError(
        f"{channel} refused the message (HTTP {status}); check its address and token",
        is_final=True,
    )
