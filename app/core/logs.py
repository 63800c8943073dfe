"""Where log lines go and which of them: events with their values, on standard output."""

import logging
import sys

import structlog

from app.core.log_tail import TAIL


def set_up(level: str) -> None:
    """Log from ``level`` on (``DEBUG`` to ``ERROR``)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            TAIL.processor,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(),
                # The default shows every local variable, tokens in headers among them.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
    )
    # It tells every address it asks for, and ENTSO-E's holds the token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
