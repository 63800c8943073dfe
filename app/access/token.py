"""The one API token of a service: made at the first start, shown once, kept as its hash."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.access.kept_file import KeptFile
from app.core.errors import SettingsError
from app.settings import Settings

FILE_NAME = "access.json"
TOKEN_BYTES = 20  # 160 bits
# 16 MB and about 40 ms a try (RFC 7914's interactive figures).
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class _Kept(BaseModel):
    """What is on disk; ``fresh`` until the token was used or renewed for the first time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    salt: str
    scrypt: str
    session_key: str
    fresh: bool


@dataclass(slots=True)
class TokenStore:
    """The token of one service: the one given in the settings, or the one hashed in ``path``.

    The file is read again when it changes, so that ``darkstar token`` counts at once.
    """

    path: Path
    given: str | None = None
    _file: KeptFile[_Kept] = field(init=False)
    # The file's content by which a token was right, and the SHA-256 of that token.
    _right: tuple[_Kept, bytes] | None = None

    def __post_init__(self) -> None:
        """Look where the file may be; it is read when it is asked for."""
        self._file = KeptFile(self.path, _Kept)

    @classmethod
    def of(cls, settings: Settings) -> "TokenStore":
        """Return the store of a service with these settings."""
        token = settings.server.token
        return cls(Path(settings.data_dir) / FILE_NAME, token.get_secret_value() if token else None)

    @property
    def fresh(self) -> bool:
        """Whether nobody has used or renewed the token yet, and none is configured."""
        if self.given:
            return False
        kept = self._read()
        return kept is None or kept.fresh

    @property
    def session_key(self) -> str | None:
        """The key that signs sessions; a new token ends them. None before the first token."""
        if self.given:
            return hmac.digest(self.given.encode(), b"darkstar session", "sha256").hex()
        kept = self._read()
        return kept.session_key if kept else None

    def ensure(self) -> str | None:
        """Make the first token and return it, None where there is one; raises ``SettingsError``."""
        if self.given or self._read() is not None:
            return None
        return self._make(fresh=True)

    def renew(self) -> str:
        """Make a new token, which ends the old one and every session; raises ``SettingsError``."""
        if self.given:
            raise SettingsError(
                "server.token is set in the settings and wins; change it there, or remove it first"
            )
        return self._make(fresh=False)

    def remembers(self, token: str) -> bool:
        """Tell, without taking time, whether this token was found right before."""
        if self.given or (kept := self._read()) is None or kept.fresh:
            return False
        return self._was_right(kept, hashlib.sha256(token.encode("utf-8", "replace")).digest())

    def _was_right(self, kept: _Kept, short: bytes) -> bool:
        right = self._right
        return right is not None and right[0] is kept and hmac.compare_digest(short, right[1])

    def accepts(self, token: str) -> bool:
        """Tell whether this is the token; the first time takes 40 ms. The first use is noted."""
        given = token.encode("utf-8", "replace")
        if self.given:
            return hmac.compare_digest(given, self.given.encode())
        kept = self._read()
        if kept is None:
            return False
        short = hashlib.sha256(given).digest()
        if not self._was_right(kept, short):
            if not hmac.compare_digest(_hash(given, kept.salt), kept.scrypt):
                return False
            self._right = kept, short
        if kept.fresh:
            self._write(kept.model_copy(update={"fresh": False}))
        return True

    def _make(self, *, fresh: bool) -> str:
        token, salt = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_hex(16)
        hashed = _hash(token.encode(), salt)
        key = secrets.token_hex(32)
        self._write(_Kept(salt=salt, scrypt=hashed, session_key=key, fresh=fresh))
        return token

    def _read(self) -> _Kept | None:
        """Return what is on disk; raises ``SettingsError`` if that cannot be read."""
        try:
            return self._file.read()
        except (OSError, ValidationError) as error:
            raise SettingsError(
                f"{self.path} cannot be read ({type(error).__name__}); `darkstar token` makes a "
                "new token in its place"
            ) from None

    def _write(self, kept: _Kept) -> None:
        try:
            self._file.write(kept)
        except OSError as error:
            raise SettingsError(
                f"{self.path} cannot be written: {error.strerror}; "
                "let this user write to data_dir, or set server.token"
            ) from error


def _hash(token: bytes, salt: str) -> str:
    return hashlib.scrypt(token, salt=bytes.fromhex(salt), maxmem=64 * 2**20, **_SCRYPT).hex()
