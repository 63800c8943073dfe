"""What the home should hear of at once, kept until somebody carries it: MQTT, if there is any."""

from collections import deque
from dataclasses import dataclass, field

import structlog

from app.alerts.notice import Notice, happened
from app.core import clock

# Who is away longer than this many alerts misses the oldest ones.
KEPT = 16
_log = structlog.get_logger("darkstar.outbox")


@dataclass(slots=True)
class Outbox:
    """Alerts that wait for a carrier; the newest stay when there is none."""

    _waiting: deque[Notice] = field(default_factory=lambda: deque(maxlen=KEPT))

    def alert(self, code: str, *, about: str, message: str) -> None:
        """Log an alert and keep it until it has been carried; ``code`` is stable."""
        _log.warning("alert", code=code, about=about, message=message)
        self._waiting.append(happened(code, about=about, message=message, at=clock.now()))

    def take(self) -> list[Notice]:
        """Return what waits, oldest first, and forget it."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def put_back(self, alerts: list[Notice]) -> None:
        """Keep again what could not be carried, as far as there is room."""
        self._waiting = deque([*alerts, *self._waiting], maxlen=KEPT)
