"""config.yaml and secrets.yaml of one home, read and replaced as a pair."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.core.atomic_file import PRIVATE, keep_previous, one_writer, replace_file, sweep
from app.core.errors import DarkstarError
from app.core.shipped import SHIPPED
from app.core.yaml_file import mapping_of, read_bytes
from app.settings.store import legacy
from app.settings.store.sources import NO_CONFIG, SECRETS, LoadedSettings, merged, settle

_NEW_SECRETS: Final = b"# Passwords and tokens; readable by this user only.\n"


class ConfigNotWritableError(DarkstarError):
    """The place where the configuration is kept does not let us write."""

    status = 409
    code = "config_not_writable"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the two files hold; None where there is no such file."""

    config: bytes | None
    secrets: bytes | None


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """Where the configuration of this service is, and the environment that stands over it."""

    path: Path
    environ: Mapping[str, str]
    # Not a plain hash: whoever reads the version must not be able to try passwords against it.
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def of(cls, loaded: LoadedSettings) -> "ConfigFiles":
        """Return the files settings were loaded from, or the place where they would be looked for.

        Beside config.yaml stands secrets.yaml.
        """
        return cls(loaded.config_path or SHIPPED / "config.yaml", dict(os.environ))

    @property
    def secrets_path(self) -> Path:
        """The file of passwords, beside the other."""
        return self.path.with_name(SECRETS)

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Return what changes when a file is replaced or written to."""
        return tuple(_stamp(path) for path in (self.path, self.secrets_path))

    def read(self) -> Contents:
        """Return both files; raises ``SettingsError``."""
        return Contents(
            *(
                read_bytes(path) if path.is_file() else None
                for path in (self.path, self.secrets_path)
            )
        )

    def version(self, contents: Contents) -> str:
        """Return what tells one content of the files from another, while the service runs."""
        made = hashlib.blake2b(key=self._key, digest_size=8)
        for content in (contents.config, contents.secrets):
            made.update(b"-" if content is None else b"+%d:" % len(content) + content)
        return made.hexdigest()

    def said_by_config(self, contents: Contents) -> dict[str, Any]:
        """Return what config.yaml says by itself, under today's names."""
        return legacy.translate(dict(self.mapping(contents)))[0]

    def loaded(self, contents: Contents) -> LoadedSettings:
        """Return the settings these contents make; raises ``SettingsError``."""
        tree = merged(self.mapping(contents), self._secrets(contents))
        return settle(legacy.translate(tree), self.environ, self.path)

    def mapping(self, contents: Contents) -> Mapping[str, Any]:
        """Return what config.yaml says by itself; raises ``SettingsError``."""
        if contents.config is None:
            return NO_CONFIG
        return mapping_of(contents.config, self.path)

    def _secrets(self, contents: Contents) -> Mapping[str, Any]:
        return {} if contents.secrets is None else mapping_of(contents.secrets, self.secrets_path)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from changing the files; raises ``ConfigNotWritableError``."""
        with ExitStack() as stack:
            try:
                stack.enter_context(one_writer(self.path.resolve().parent))
            except OSError as error:
                raise self._unwritable(self.path, error) from error
            yield

    def write(self, old: Contents, new: Contents) -> None:
        """Replace what differs, each file as a whole; the previous one is kept as ``.bak``.

        Call it in ``alone``. Raises ``ConfigNotWritableError``.
        """
        # Secrets first: killed between the two, nothing in config.yaml waits for them.
        if new.secrets != old.secrets and new.secrets is not None:
            headed = new.secrets if old.secrets is not None else _NEW_SECRETS + new.secrets
            self._replace(self.secrets_path, headed, mode=PRIVATE)
        if new.config != old.config and new.config is not None:
            self._replace(self.path, new.config, mode=None)

    def _replace(self, path: Path, content: bytes, *, mode: int | None) -> None:
        try:
            sweep(path)
            keep_previous(path, mode=mode)
            replace_file(path, content, mode=mode)
        except OSError as error:
            raise self._unwritable(path, error) from error

    @staticmethod
    def _unwritable(path: Path, error: OSError) -> ConfigNotWritableError:
        return ConfigNotWritableError(
            f"{path} cannot be written: {error.strerror}; let the service's user write to its "
            "folder (a container: mount the folder, not the file, and without `ro`), or name "
            "a file elsewhere in DARKSTAR_CONFIG"
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
