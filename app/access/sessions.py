"""Who is logged in: kept on this side, so that a session ends when it is ended.

The cookie is a random text of which only the SHA-256 is kept; sessions survive a restart and end
with the token they were started with.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.access.kept_file import KeptFile
from app.core import clock
from app.core.errors import DarkstarError

FILE_NAME: Final = "sessions.json"
COOKIE_BYTES: Final = 32
# A home has a handful; the oldest makes room.
MAX_SESSIONS: Final = 100
_BROWSER_LETTERS: Final = 200


class SessionsNotKeptError(DarkstarError):
    """The file of the sessions cannot be written: none can be started or ended for good."""

    status = 503
    code = "sessions_not_kept"


class Session(BaseModel):
    """One login: its public name, when (UTC) and from which address and browser it came."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    cookie_sha256: str
    started_at: AwareDatetime
    address: str
    browser: str


class _Kept(BaseModel):
    """What is on disk; ``mark`` tells for which token the sessions were started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    salt: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})*$")]
    mark: str
    sessions: tuple[Session, ...] = ()


@dataclass(slots=True)
class Sessions:
    """The sessions of one service, from any thread; the file is read again when it changes."""

    path: Path
    _file: KeptFile[_Kept] = field(init=False)
    _marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Look where the file may be; it is read when it is asked for."""
        self._file = KeptFile(self.path, _Kept)

    @classmethod
    def beside(cls, path: Path) -> "Sessions":
        """Return the sessions kept in the folder of a file."""
        return cls(path.with_name(FILE_NAME))

    def start(self, key: str, *, address: str, browser: str, max_seconds: int) -> str:
        """Begin a session and return its cookie; raises ``SessionsNotKeptError``."""
        cookie = secrets.token_urlsafe(COOKIE_BYTES)
        made = Session(
            id=secrets.token_hex(4),
            cookie_sha256=_hash(cookie),
            started_at=clock.now(),
            address=address,
            browser="".join(filter(str.isprintable, browser))[:_BROWSER_LETTERS],
        )
        with self._lock:
            good = self._good(key, max_seconds)[: MAX_SESSIONS - 1]
            salt = kept.salt if (kept := self._read()) else secrets.token_hex(16)
            self._write(_Kept(salt=salt, mark=self._mark(key, salt), sessions=(made, *good)))
        return cookie

    def find(self, cookie: str, key: str, max_seconds: int) -> Session | None:
        """Return the session a cookie stands for, None if it has ended."""
        wanted = _hash(cookie)
        for each in self.all(key, max_seconds):
            if hmac.compare_digest(each.cookie_sha256, wanted):
                return each
        return None

    def all(self, key: str, max_seconds: int) -> tuple[Session, ...]:
        """Return every session that has not ended, the newest first."""
        with self._lock:
            return self._good(key, max_seconds)

    def end(self, name: str) -> bool:
        """End one session; False if there is none of that name. Raises ``SessionsNotKeptError``."""
        with self._lock:
            kept = self._read()
            left = tuple(each for each in kept.sessions if each.id != name) if kept else ()
            if kept is None or len(left) == len(kept.sessions):
                return False
            self._write(kept.model_copy(update={"sessions": left}))
            return True

    def end_all(self) -> None:
        """End every session; raises ``SessionsNotKeptError``."""
        with self._lock:
            if (kept := self._read()) is not None:
                self._write(kept.model_copy(update={"sessions": ()}))

    def _good(self, key: str, max_seconds: int) -> tuple[Session, ...]:
        kept, now = self._read(), clock.now()
        if kept is None or not hmac.compare_digest(kept.mark, self._mark(key, kept.salt)):
            return ()
        return tuple(_young(kept.sessions, now, max_seconds))

    def _mark(self, key: str, salt: str) -> str:
        """Return what tells one token from another; slow to guess from, so kept once made."""
        if (key, salt) not in self._marks:
            made = hashlib.scrypt(
                key.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, maxmem=64 * 2**20
            )
            self._marks = {(key, salt): made.hex()}
        return self._marks[key, salt]

    def _read(self) -> _Kept | None:
        """Return what is on disk; a damaged file holds no session."""
        try:
            return self._file.read()
        except (OSError, ValueError):
            return None

    def _write(self, kept: _Kept) -> None:
        try:
            self._file.write(kept)
        except OSError as error:
            raise SessionsNotKeptError(
                f"{self.path} cannot be written: {error.strerror}; let this user write to "
                "data_dir, or send the API token with each request"
            ) from error


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _young(each: Iterable[Session], now: datetime, max_seconds: int) -> Iterable[Session]:
    return (one for one in each if (now - one.started_at).total_seconds() < max_seconds)
