"""A small private JSON file of this service, held in memory until somebody replaces it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from app.core.atomic_file import PRIVATE, replace_file

Kept = TypeVar("Kept", bound=BaseModel)


@dataclass(slots=True)
class KeptFile(Generic[Kept]):
    """One file and what it holds, as ``model``; from threads, the caller sees to their turns."""

    path: Path
    model: type[Kept]
    _seen: tuple[int, int] | None = None
    _kept: Kept | None = None

    def read(self) -> Kept | None:
        """Return what is on disk, the same object until it changes; None without a file.

        Raises ``OSError``, or ``ValidationError`` for what is not of the model.
        """
        seen, self._seen = self._seen, None
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._kept = None
            return None
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != seen or self._kept is None:
            self._kept = None
            self._kept = self.model.model_validate_json(self.path.read_bytes())
        self._seen = stamp
        return self._kept

    def write(self, kept: Kept) -> None:
        """Replace the file as a whole, on disk when this returns; raises ``OSError``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, kept.model_dump_json().encode(), mode=PRIVATE)
        self._seen = None
