"""Tells people what they are owed: in quiet hours only what is critical, and never a flood."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.alerts import machine
from app.alerts.channels import Channel, ChannelError, Mqtt, Publish, web_channels
from app.alerts.conditions import Code
from app.alerts.notice import notice
from app.core import clock
from app.core.metrics import MESSAGES
from app.db.alerts import Alert
from app.fetch.sources import Sources

_log = structlog.get_logger("darkstar.alerts")


@dataclass(slots=True)
class Teller:
    """Sends messages; the counts of the last hour live in memory."""

    sources: Sources
    mqtt: Mqtt | None = None
    _rate: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )

    def plug_mqtt(self, publish: Publish) -> None:
        """Send messages to the broker as well, through the hook of who is connected to it."""
        self.mqtt = Mqtt(publish)

    def channels(self) -> tuple[Channel, ...]:
        """Return every way to people there is."""
        web = web_channels(self.sources.settings.alerts, self.sources.client)
        return (*web, self.mqtt) if self.mqtt else web

    def owes(self, rows: Sequence[Alert]) -> bool:
        """Tell whether anybody is to be told anything now."""
        return any(self._due(row, channel) for row in rows for channel in self.channels())

    async def tell(self, row: Alert) -> bool:
        """Send what is owed of one alert, each channel in turn; False if that was nothing."""
        return any([await self._send(row, channel) for channel in self.channels()])

    def _due(self, row: Alert, channel: Channel) -> machine.Event | None:
        settings, now = self.sources.settings, clock.now()
        if not machine.may_pass(row, settings.alerts, settings.zone, now=now):
            return None
        return machine.owed(row, channel.name, settings.alerts, now=now)

    async def _send(self, row: Alert, channel: Channel) -> bool:
        event, settings, now = self._due(row, channel), self.sources.settings, clock.now()
        if event is None:
            return False
        limit = RateLimitItemPerHour(settings.alerts.max_messages_per_hour)
        if not self._rate.hit(limit, channel.name):
            _log.warning("alert waits: too many messages this hour", channel=channel.name)
            return False
        is_safe = row.code == Code.PLAN_EXPIRED or row.code in settings.alerts.safe_default_on
        error, is_final = "", False
        try:
            await channel.send(notice(row, event, is_safe=is_safe, zone=settings.zone, now=now))
        except ChannelError as fault:
            error, is_final = str(fault), fault.is_final
        _log.info(
            "alert sent" if not error else "alert not sent",
            channel=channel.name,
            code=row.code,
            state=event.value,
            error=error,
        )
        MESSAGES.labels(channel.name, "failed" if error else "sent").inc()
        kept = machine.after(row, channel.name, event, error=error, is_final=is_final, now=now)
        row.deliveries = {**row.deliveries, channel.name: kept.as_data()}
        return True
