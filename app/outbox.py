"""What the home should hear of at once, kept until somebody carries it: MQTT, if there is any."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app import clock

# Who is away longer than this many alerts misses the oldest ones.
KEPT = 16
_log = structlog.get_logger("darkstar.outbox")


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to say; ``code`` is stable, ``about`` names what it is about."""

    at: datetime
    code: str
    about: str
    message: str


@dataclass(slots=True)
class Outbox:
    """Alerts that wait for a carrier; the newest stay when there is none."""

    _waiting: deque[Alert] = field(default_factory=lambda: deque(maxlen=KEPT))

    def alert(self, code: str, *, about: str, message: str) -> None:
        """Log an alert and keep it until it has been carried."""
        _log.warning("alert", code=code, about=about, message=message)
        self._waiting.append(Alert(clock.now(), code, about, message))

    def take(self) -> list[Alert]:
        """Return what waits, oldest first, and forget it."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def put_back(self, alerts: list[Alert]) -> None:
        """Keep again what could not be carried, as far as there is room."""
        self._waiting = deque([*alerts, *self._waiting], maxlen=KEPT)
