"""Replace a file as a whole: whoever reads it, or whatever kills us, finds the old or the new."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
SHARED = 0o644


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write the file beside its place, then move it there; raises ``OSError``.

    Without ``mode`` it keeps the one it has; so does its owner, as far as we may say so. What is
    at the end of a symbolic link is replaced, not the link.
    """
    path = path.resolve()
    old = path.stat() if path.exists() else None
    kept = SHARED if old is None else old.st_mode & 0o777
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), kept if mode is None else mode)
            if old is not None and old.st_uid != os.geteuid():
                with suppress(PermissionError):
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def keep_previous(path: Path, *, mode: int | None = None) -> None:
    """Copy the file, if there is one, to ``<name>.bak``, as a whole too; raises ``OSError``."""
    path = path.resolve()
    if path.exists():
        own = path.stat().st_mode & 0o777
        kept = own if mode is None else mode
        replace_file(path.with_name(f"{path.name}.bak"), path.read_bytes(), mode=kept)


def private_folder(path: Path) -> None:
    """Make a folder for this user only, and those above it; raises ``OSError``."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o711, exist_ok=True)


def make_private(path: Path, mode: int = PRIVATE) -> None:
    """Take other users' rights from what is ours; what belongs to somebody else is left.

    The file is never opened: closing it would drop the locks that SQLite holds on it.
    """
    with suppress(FileNotFoundError, PermissionError):
        stat = path.stat()
        wanted = stat.st_mode & 0o777 & mode
        if stat.st_uid == os.geteuid() and wanted != stat.st_mode & 0o777:
            path.chmod(wanted)


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Let one process at a time change files in a folder; raises ``OSError``."""
    handle = os.open(folder.resolve(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sweep(path: Path) -> None:
    """Remove what a writer that was killed left beside the file; only for ``one_writer``."""
    path = path.resolve()
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(OSError):
            left.unlink()


def _sync(folder: Path) -> None:
    """Have the move itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
