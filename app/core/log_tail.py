"""The last lines of the log, kept in memory for the system page; secrets are struck out."""

import logging
import sys
import traceback
from collections import deque
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from app.core import clock
from app.core.masking import Masker

LINES: Final = 400
# Tracebacks are long; their end says what happened.
LINE_CHARACTERS: Final = 4000
# Said by Darkstar itself for structlog's processors; the rest are values.
_NOT_VALUES: Final = {"event", "level", "timestamp", "exc_info", "stack"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: when (UTC), how bad (``info``, ``warning`` …), and its words."""

    at: datetime
    level: str
    text: str


class LogTail(logging.Handler):
    """A ring of lines: a handler of the standard library, and a processor of structlog."""

    def __init__(self, lines: int = LINES) -> None:
        """Keep at most ``lines``."""
        super().__init__()
        self._lines: deque[LogLine] = deque(maxlen=lines)
        self._mask = Masker()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what a library said."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            # A library's mistake in its own arguments must not stop the service.
            text = str(record.msg)
        if record.exc_info:
            text = f"{text}\n{''.join(traceback.format_exception(*record.exc_info))}"
        self._keep(datetime.fromtimestamp(record.created, UTC), record.levelname.lower(), text)

    def processor(
        self, _logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Keep what Darkstar said, and hand it on unchanged."""
        values = " ".join(f"{key}={event[key]}" for key in event if _says(key, event[key]))
        text = f"{event.get('event', '')} {values}".strip()
        if error := _error(event.get("exc_info")):
            text = f"{text}\n{''.join(traceback.format_exception(error))}"
        self._keep(clock.now(), method.replace("exception", "error"), text)
        return event

    def _keep(self, at: datetime, level: str, text: str) -> None:
        masked = self._mask(text.rstrip())
        if len(masked) > LINE_CHARACTERS:
            masked = f"… {masked[-LINE_CHARACTERS:]}"
        self._lines.append(LogLine(at, level, masked))

    def lines(self) -> tuple[LogLine, ...]:
        """Return what is kept, oldest first."""
        return tuple(self._lines)

    @contextmanager
    def listening(self, mask: Masker) -> Iterator[None]:
        """Listen to libraries and server while the service runs; ``mask`` strikes secrets out."""
        self._mask = mask
        loggers = [logging.getLogger(), logging.getLogger("uvicorn")]
        # A logger with a handler no longer prints by itself what nobody else handles.
        last = logging.lastResort if not loggers[0].handlers else None
        added: list[tuple[logging.Logger, logging.Handler]] = [(each, self) for each in loggers]
        if last:
            added.append((loggers[0], last))
        for logger, handler in added:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger, handler in added:
                logger.removeHandler(handler)


def _says(key: str, value: Any) -> bool:
    return key not in _NOT_VALUES and value not in ("", None)


def _error(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        found = given[1]
        return found if isinstance(found, BaseException) else None
    return sys.exc_info()[1] if given else None


TAIL: Final = LogTail()
"""The log of this process."""
