"""Which retained topics this service has left on a broker, remembered across restarts.

A broker keeps a retained message for ever: with another ``base_topic`` the device of the old one
would stay in Home Assistant as a ghost.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from app.core.atomic_file import replace_file

FILE_NAME: Final = "mqtt_published.json"
_Topics: Final = TypeAdapter(tuple[str, ...])
_log = structlog.get_logger("darkstar.mqtt")


@dataclass(frozen=True, slots=True)
class Published:
    """The memory of one service, in its data directory."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file that holds the topics, as a JSON list."""
        return self.folder / FILE_NAME

    def add(self, topics: Iterable[str]) -> tuple[str, ...]:
        """Remember these as well; return the others, which nobody keeps up any more.

        What cannot be read or written is said in the log: the topics of today matter more.
        """
        now, known = tuple(topics), self._known()
        self._write((*now, *(each for each in known if each not in now)), known)
        return tuple(each for each in known if each not in now)

    def only(self, topics: Iterable[str]) -> None:
        """Forget all others: they are gone from the broker."""
        self._write(tuple(topics), self._known())

    def _known(self) -> tuple[str, ...]:
        try:
            return _Topics.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            _log.warning("published topics cannot be read", error=type(error).__name__)
            return ()

    def _write(self, topics: tuple[str, ...], known: tuple[str, ...]) -> None:
        if topics == known:
            return
        try:
            replace_file(self.path, _Topics.dump_json(topics))
        except OSError as error:
            _log.warning("published topics cannot be remembered", error=error.strerror)
