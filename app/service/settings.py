"""The configuration as handlers use it: seen, checked, saved, reset, and put in force."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from app.core import clock
from app.core.errors import AnswerTooSlowError, DatabaseUnavailableError, SettingsError
from app.db import setting_changes
from app.db.connection.engine import session_scope
from app.db.tables.models import SettingChange
from app.fetch.sources import Sessions
from app.settings import Settings
from app.settings.fields import NEED_A_RESTART, plain_value, setting_fields, value_of
from app.settings.store import legacy
from app.settings.store.changes import Wanted, wanted_of
from app.settings.store.edit import edit
from app.settings.store.files import ConfigFiles, Contents
from app.settings.store.in_force import SettingsInForce, differ
from app.settings.store.origins import kept_for_its_secret, misdirected
from app.settings.store.sources import LoadedSettings
from app.settings.store.state import (
    ConfigBrokenError,
    ConfigChangedError,
    NoConfigFileError,
    Saved,
    Seen,
)

# What a reset to defaults leaves: whose home the file describes, and how the service is reached.
KEPT_BY_RESET: Final = ("access", "demo_home", *NEED_A_RESTART)
# A full disk once took 33 s to refuse; a machine five times too busy needs 6 s and more.
SAVE_SECONDS = 20
_log = structlog.get_logger("darkstar.config")


@dataclass(slots=True)
class ConfigDesk:
    """One per process; without ``files`` it shows the settings and refuses to change them."""

    in_force: SettingsInForce
    sessions: Sessions
    files: ConfigFiles | None = None
    _saved: Settings = field(init=False)
    _seen: Seen | None = None
    _stamp: Any = None
    _unwritten: list[dict[str, Any]] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _at_work: set[asyncio.Future[Saved]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with what the process was started with."""
        self._saved = self.in_force.running

    async def see(self) -> Seen:
        """Return what the files say now; changes nothing."""
        return await asyncio.to_thread(self._look)

    async def refresh(self) -> str:
        """Put in force what somebody wrote into the files; return what is wrong with them.

        A file that would have a secret sent elsewhere waits for the secret, or for a restart: who
        may write config.yaml may not always read secrets.yaml.
        """
        async with self._lock:
            seen = await self.see()
            if seen.error or not differ(seen.loaded.settings, self._saved):
                return seen.error
            problems = tuple(misdirected(self._saved, seen.loaded.settings))
            if problems:
                listed = "; ".join(map(str, problems))
                return f"{listed}, or restart Darkstar"
            await self._take(seen.loaded, made_from="file")
        return ""

    async def check(self, body: Mapping[str, Any]) -> Saved:
        """Return what saving this would change; raises what saving would, writes nothing."""
        seen = self._whole(await self.see(), None)
        prepared = await asyncio.to_thread(
            self._prepared, seen, lambda at: wanted_of(body, at.loaded)
        )
        return prepared[0]

    async def save(self, body: Mapping[str, Any], *, if_version: str | None, by: str) -> Saved:
        """Write a partial tree of changes and put it in force.

        Raises ``ConfigRefusedError``, ``ConfigChangedError``, ``ConfigNotWritableError`` and others
        that say why nothing was written.
        """
        return await self._change(lambda at: wanted_of(body, at.loaded), if_version, by)

    async def reset(self, path: str | None, *, if_version: str | None, by: str) -> Saved:
        """Take a setting or a group back to its defaults, or all but ``KEPT_BY_RESET``."""

        def wanted(at: Seen) -> Wanted:
            if path is not None:
                tree: Any = None
                for name in reversed(path.split(".")):
                    tree = {name: tree}
                return wanted_of(tree, at.loaded)
            return Wanted({}, self._resettable(at), {})

        return await self._change(wanted, if_version, by)

    async def trail(self, *, limit: int, before_id: int | None) -> Sequence[SettingChange]:
        """Return the newest changes first; raises ``DatabaseUnavailableError``."""
        await self._write_trail()
        async with session_scope(self.sessions) as session:
            return await setting_changes.newest(session, limit=limit, before_id=before_id)

    async def _change(
        self, wanted: Callable[[Seen], Wanted], if_version: str | None, by: str
    ) -> Saved:
        """Change the files; who asked is told when the disk takes too long, and it goes on."""
        changing = asyncio.ensure_future(self._changed(wanted, if_version, by))
        self._at_work.add(changing)
        changing.add_done_callback(self._ended)
        done, _ = await asyncio.wait({changing}, timeout=SAVE_SECONDS)
        if not done:
            raise AnswerTooSlowError(
                f"the configuration was not written within {SAVE_SECONDS} s; a full or failing "
                "disk does that: make room, then read the configuration again to see what it holds"
            )
        return changing.result()

    def _ended(self, changing: asyncio.Future[Saved]) -> None:
        self._at_work.discard(changing)
        error = None if changing.cancelled() else changing.exception()
        _log.debug("change of settings ended", error=str(error or ""))

    async def _changed(
        self, wanted: Callable[[Seen], Wanted], if_version: str | None, by: str
    ) -> Saved:
        async with self._lock:
            saved, loaded = await asyncio.to_thread(self._write, wanted, if_version)
            if loaded is not None:
                await self._take(loaded, made_from=by)
        return saved

    def _look(self) -> Seen:
        """Read the files again if they changed; of broken ones the last good settings stay."""
        if self.files is None:
            return Seen(LoadedSettings(self.in_force.running, None, ()), "none")
        stamp = self.files.stamp()
        if self._seen is not None and stamp == self._stamp:
            return self._seen
        last = LoadedSettings(self.in_force.running, self.files.path, ())
        last = last if self._seen is None else self._seen.loaded
        version = "unreadable"
        try:
            contents = self.files.read()
            version = self.files.version(contents)
            seen = Seen(self.files.loaded(contents), version, contents=contents)
        except SettingsError as error:
            seen = Seen(last, version, error=str(error))
        self._seen, self._stamp = seen, stamp
        return seen

    def _whole(self, seen: Seen, if_version: str | None) -> Seen:
        """Return what was seen if it can be changed, else raise why not."""
        if self.files is None:
            raise NoConfigFileError(
                "this service runs without a config file; start it with DARKSTAR_CONFIG"
            )
        if if_version is not None and if_version != seen.version:
            raise ConfigChangedError("the configuration changed since you read it; read it again")
        if seen.error:
            raise ConfigBrokenError(
                f"{seen.error}; repair the file first, or put {self.files.path.name}.bak back: "
                "the last good settings stay in force"
            )
        return seen

    def _resettable(self, seen: Seen) -> tuple[str, ...]:
        """Return what a reset takes out: what config.yaml itself says, with exceptions."""
        assert self.files is not None  # noqa: S101 - _whole has seen to it
        tree = self.files.said_by_config(seen.contents) if seen.contents else {}
        return tuple(
            path
            for path, setting in setting_fields().items()
            if legacy.look(tree, path) is not None
            and not setting.secret
            and not any(path == each or path.startswith(f"{each}.") for each in KEPT_BY_RESET)
            and not kept_for_its_secret(seen.loaded.settings, path)
        )

    def _prepared(
        self, seen: Seen, wanted: Callable[[Seen], Wanted]
    ) -> tuple[Saved, Contents, LoadedSettings]:
        assert self.files is not None  # noqa: S101 - _whole has seen to it
        assert seen.contents is not None  # noqa: S101 - it is not broken
        made = edit(self.files, seen.contents, seen.loaded, wanted(seen), trusted=self._saved)
        waiting = self.in_force.waiting(made.loaded.settings)
        restart = tuple(path for path, until in waiting.items() if until == "restart")
        version = self.files.version(made.contents)
        return Saved(version, made.changed, restart), made.contents, made.loaded

    def _write(
        self, wanted: Callable[[Seen], Wanted], if_version: str | None
    ) -> tuple[Saved, LoadedSettings | None]:
        """Read, edit and replace the files with nobody between."""
        if self.files is None:
            self._whole(self._look(), if_version)
        assert self.files is not None  # noqa: S101 - _whole has seen to it
        with self.files.alone():
            seen = self._whole(self._look(), if_version)
            saved, contents, loaded = self._prepared(seen, wanted)
            if contents == seen.contents:
                # What was written by hand may have waited for the secret that came now.
                return saved, loaded if differ(loaded.settings, self._saved) else None
            self.files.write(seen.contents or contents, contents)
            self._stamp = None
            after = self._look()
        return Saved(after.version, saved.changed, saved.restart), loaded

    async def _take(self, loaded: LoadedSettings, *, made_from: str) -> None:
        """Put saved settings in force, and note what they changed."""
        before, self._saved = self._saved, loaded.settings
        self.in_force.take(loaded.settings)
        rows = list(changes(before, loaded.settings, made_from))
        self._unwritten += rows
        _log.info("settings changed", by=made_from, fields=[row["field"] for row in rows])
        try:
            await self._write_trail()
        except DatabaseUnavailableError as error:
            # Saving must not wait for a database whose address may be what was saved.
            _log.warning("changes of settings not stored yet", error=str(error))

    async def _write_trail(self) -> None:
        """Store what could not be stored before, too."""
        rows = self._unwritten
        if rows:
            async with session_scope(self.sessions, writes=True) as session:
                await setting_changes.add(session, rows)
            self._unwritten = self._unwritten[len(rows) :]


def changes(before: Settings, after: Settings, made_from: str) -> Iterator[dict[str, Any]]:
    """Yield a row of the trail for every value that differs; of secrets only that they do."""
    at = clock.now()
    for path, field_ in setting_fields().items():
        old, new = value_of(before, path), value_of(after, path)
        if old == new:
            continue
        shown: list[Any] = [value and "changed" for value in (old, new)]
        if not field_.secret:
            shown = [plain_value(each, path) for each in (before, after)]
        yield {
            "changed_at": at,
            "field": path[:120],
            "old_value": json.dumps(shown[0]),
            "new_value": json.dumps(shown[1]),
            "changed_from": made_from[:64],
        }
