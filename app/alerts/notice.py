"""One message to people about one alert, in words and as data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import __version__
from app.alerts.conditions import TITLES, Code, Severity
from app.alerts.machine import Event
from app.core.clock import iso_utc
from app.db.alerts import Alert


@dataclass(frozen=True, slots=True)
class Notice:
    """What every channel carries, each in its own form; ``about`` names what it concerns."""

    event: Event
    alert_id: int | None
    code: str
    severity: str
    title: str
    message: str
    since: datetime
    at: datetime
    about: str = ""

    @property
    def is_critical(self) -> bool:
        """Whether it should wake somebody."""
        return self.severity == Severity.CRITICAL and self.event != Event.RECOVERED

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object that the webhook and MQTT get."""
        return {
            "service": "darkstar",
            "version": __version__,
            "event": self.event.value,
            "alert_id": self.alert_id,
            "code": self.code,
            "about": self.about,
            "severity": self.severity,
            "title": self.title,
            "message": self.message,
            "since": iso_utc(self.since),
            "at": iso_utc(self.at),
        }


def happened(code: str, *, about: str, message: str, at: datetime) -> Notice:
    """Return the message about something that does not last, such as a refused command."""
    title = f"Darkstar: {about}"
    return Notice(Event.HAPPENED, None, code, Severity.WARNING, title, message, at, at, about)


def notice(row: Alert, event: Event, *, is_safe: bool, zone: ZoneInfo, now: datetime) -> Notice:
    """Return the message; ``is_safe`` says that the plan is not followed meanwhile."""
    lasting, over = TITLES[Code(row.code)]
    began = f"{row.since.astimezone(zone):%a %-d %b %H:%M}"
    said = row.message[:1].upper() + row.message[1:].rstrip(".") + "."
    if event == Event.RECOVERED:
        text = f"It lasted since {began}."
    else:
        safe = " Meanwhile the battery only serves the home: nothing is bought for it or sold."
        text = f"{said} Since {began}.{safe if is_safe else ''}"
    title = f"Darkstar: {over if event == Event.RECOVERED else lasting}"
    if event == Event.REMINDED:
        title += " (still)"
    return Notice(event, row.id, row.code, row.severity, title, text, row.since, now)
