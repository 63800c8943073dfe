"""Messages on the wire: to a webhook, to ntfy and to a broker, with every way to fail."""

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from app.alerts import channels
from app.alerts.channels import ChannelError, Mqtt, web_channels
from app.alerts.machine import Event
from app.alerts.notice import Notice
from app.core.errors import UpstreamError
from app.ingest.http import client as http
from app.settings import Settings, redacted
from app.settings.alerts import Alerts, Ntfy, Webhook
from tests.fakes.alert_receiver import AlertReceiver

AT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
TOKEN = "tk_canary"  # noqa: S105 - opens nothing


def notice(event: Event = Event.RAISED, severity: str = "critical") -> Notice:
    return Notice(
        event,
        5,
        "planner_failing",
        severity,
        "Darkstar: Planning fails",
        "Priser är borta.",
        AT,
        AT,
    )


def settings(receiver: AlertReceiver, *, token: str | None = None) -> Alerts:
    secret = SecretStr(token) if token else None
    return Alerts(
        webhook=Webhook(url=SecretStr(receiver.url("/hook/canary")), token=secret),
        ntfy=Ntfy(topic_url=SecretStr(receiver.url("/topic-canary")), token=secret),
    )


async def send(found: Alerts, message: Notice) -> list[str]:
    """What each channel complained of, empty where it did not."""
    said = []
    async with http.make_client() as client:
        for channel in web_channels(found, client):
            try:
                await channel.send(message)
            except ChannelError as error:
                said.append(str(error))
            else:
                said.append("")
    return said


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(http, "pause", at_once)


async def test_the_webhook_gets_json_and_ntfy_a_text_with_title_and_priority() -> None:
    with AlertReceiver(token=TOKEN) as receiver:
        assert await send(settings(receiver, token=TOKEN), notice()) == ["", ""]
        hook, ntfy = receiver.received
    assert hook.data == notice().as_data()
    assert hook.data["since"] == "2026-11-23T02:30:00Z"
    assert ntfy.path == "/topic-canary"
    assert ntfy.body.decode() == "Priser är borta."
    assert ntfy.headers["Title"] == "Darkstar: Planning fails"
    assert ntfy.headers["Priority"] == "5"


@pytest.mark.parametrize(
    ("event", "severity", "priority"),
    [(Event.REMINDED, "warning", "3"), (Event.RECOVERED, "critical", "2")],
)
async def test_only_what_is_critical_rings(event: Event, severity: str, priority: str) -> None:
    with AlertReceiver() as receiver:
        await send(settings(receiver), notice(event, severity))
        assert receiver.received[1].headers["Priority"] == priority


async def test_a_server_that_stumbles_is_asked_again_and_then_left() -> None:
    with AlertReceiver(statuses=[503, 503]) as receiver:
        assert await send(settings(receiver), notice()) == ["", ""]
        assert len(receiver.received) == 4
    with AlertReceiver(status=500) as receiver:
        assert await send(settings(receiver), notice()) == [
            "webhook failed (HTTP 500)",
            "ntfy failed (HTTP 500)",
        ]
        assert len(receiver.received) == 2 * channels.ATTEMPTS


@pytest.mark.parametrize(("status", "is_final"), [(404, True), (302, True), (429, False)])
async def test_what_another_try_would_not_help_is_asked_once(status: int, is_final: bool) -> None:  # noqa: FBT001
    with AlertReceiver(status=status) as receiver:
        async with http.make_client() as client:
            channel = web_channels(settings(receiver), client)[0]
            with pytest.raises(ChannelError, match=f"HTTP {status}") as caught:
                await channel.send(notice())
        assert caught.value.is_final is is_final
        assert len(receiver.received) == 1


async def test_nothing_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "SEND_SECONDS", 0.2)
    with AlertReceiver(slow_seconds=1) as receiver:
        assert "did not answer within 0.2 s" in (await send(settings(receiver), notice()))[0]


async def test_no_complaint_shows_an_address_or_a_token() -> None:
    gone = Alerts(
        webhook=Webhook(url=SecretStr("http://127.0.0.1:9/canary"), token=SecretStr("canary-ö")),
        ntfy=Ntfy(topic_url=SecretStr("http://127.0.0.1:9/canary"), token=SecretStr("canary")),
    )
    said = await send(gone, notice())
    assert "outside ASCII" in said[0]
    assert "cannot be reached" in said[1]
    assert "canary" not in str(said)
    odd = Alerts(webhook=Webhook(url=SecretStr("http://127.0.0.1\x00/canary")))
    assert await send(odd, notice()) == ["webhook: its address cannot be used"]
    assert "canary" not in str(redacted(Settings(alerts=gone)))


async def test_the_broker_is_reached_through_the_hook() -> None:
    taken: list[str] = []

    async def publish(text: str) -> None:
        if taken:
            raise UpstreamError("the broker is away")
        taken.append(text)

    channel = Mqtt(publish)
    await channel.send(notice())
    assert '"code": "planner_failing"' in taken[0]
    with pytest.raises(ChannelError, match="the broker is away"):
        await channel.send(notice())


@pytest.mark.parametrize(
    ("group", "value", "words"),
    [
        ("webhook", {"url": "canary"}, "write a web address"),
        ("webhook", {"url": "http://home:canary/x"}, "write a web address"),
        ("webhook", {"url": "http://home:99999/canary"}, "write a web address"),
        ("ntfy", {"topic_url": "https://me:canary@ntfy.sh/x"}, "must not hold a user"),
        ("ntfy", {"topic_url": "https://ntfy.sh/"}, "names no topic"),
        ("quiet_from", 1320, "in quotes"),
        ("quiet_from", "22:00", "set both, or neither"),
        ("after_failures", 0, "greater than or equal to 1"),
    ],
)
def test_wrong_settings_are_refused_with_the_fix(group: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Alerts.model_validate({group: value})
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)
