"""What is known of the configuration, what a change of it came to, and why one was refused."""

from dataclasses import dataclass

from app.core.errors import DarkstarError
from app.settings.store.files import Contents
from app.settings.store.sources import LoadedSettings


class ConfigChangedError(DarkstarError):
    """Somebody changed the configuration since the caller read it."""

    status = 412
    code = "config_changed"


class ConfigBrokenError(DarkstarError):
    """The file on disk cannot be read as settings; the last good ones stay in force."""

    status = 409
    code = "config_broken"


class NoConfigFileError(DarkstarError):
    """The service was given its settings by its caller; there is no file to save to."""

    status = 409
    code = "no_config_file"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the files say; ``error`` where they cannot be read, ``loaded`` is then the last good."""

    loaded: LoadedSettings
    version: str
    error: str = ""
    contents: Contents | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of a change; ``restart`` names what waits for the next start."""

    version: str
    changed: tuple[str, ...]
    restart: tuple[str, ...]
