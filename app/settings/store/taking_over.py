"""Take over a configuration of the original Darkstar: what it says, what it changes, what is left.

The page and the command do the same; what was refused is left out by name, never dropped silently.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.core.errors import Problem, SettingsError
from app.core.yaml_file import mapping_of, read_mapping
from app.settings.fields import setting_fields
from app.settings.store import legacy
from app.settings.store.changes import ConfigRefusedError, wanted_of
from app.settings.store.edit import Edited, edit
from app.settings.store.files import ConfigFiles, Contents
from app.settings.store.sources import SECRETS, merged
from app.wording.i18n import _

Check = Callable[[Mapping[str, Any]], Awaitable[tuple[str, ...]]]
# Each round leaves out what was refused; what refuses a tenth time is no configuration.
_ROUNDS: Final = 10
_FILE: Final = Path("config.yaml")


@dataclass(frozen=True, slots=True)
class Examined:
    """An imported configuration under today's names, and what was left out of it and why."""

    read: Mapping[str, Any]
    tree: Mapping[str, Any]
    changed: tuple[str, ...]
    origin: Mapping[str, str]
    notices: tuple[str, ...]
    left_out: tuple[Problem, ...]


def read_text(text: str) -> Mapping[str, Any]:
    """Return what a pasted configuration says; raises ``SettingsError``."""
    return mapping_of(text.encode(), _FILE)


def read_files(config: Path) -> Mapping[str, Any]:
    """Return what a file and the ``secrets.yaml`` beside it say; raises ``SettingsError``."""
    secrets = config.with_name(SECRETS)
    return merged(read_mapping(config), read_mapping(secrets) if secrets.is_file() else {})


async def examine(read: Mapping[str, Any], check: Check) -> Examined:
    """Return what a configuration says; ``check`` tells which settings a tree would change.

    Raises ``SettingsError`` where it says nothing at all, and what ``check`` raises.
    """
    if not read:
        raise SettingsError(_("There is nothing in it. Paste the text of config.yaml."))
    tree, notices, origin = legacy.translate(dict(read))
    # A home that somebody describes is no demo home, as where the file is used as it is.
    tree.setdefault("demo_home", False)
    left_out: list[Problem] = []
    for _round in range(_ROUNDS):
        try:
            changed = await check(tree)
        except ConfigRefusedError as error:
            gone = [each for each in error.problems if _take(tree, each)]
            left_out += gone
            if not gone:
                raise
        else:
            return Examined(read, tree, changed, origin, tuple(notices), tuple(left_out))
    raise SettingsError(_("Too much of it is not understood to be a configuration."))


def _take(tree: dict[str, Any], problem: Problem) -> bool:
    """Take what was refused out of the tree; tell whether there was something to take."""
    names = problem.field.split(".") if problem.field else []
    paths = [".".join(names[:count]) for count in range(len(names), 0, -1)]
    named = [path for path in setting_fields() if not names and path in problem.reason]
    return any(legacy.take(tree, path) is not None for path in [*paths, *named])


async def take_over(files: ConfigFiles, config: Path, *, writes: bool) -> Examined:
    """Import a file into this home's configuration without a service; raises what saving raises.

    A running service sees the changed files by itself. Without ``writes`` nothing is written.
    """
    read = read_files(config)

    async def check(tree: Mapping[str, Any]) -> tuple[str, ...]:
        return _edited(files, files.read(), tree).changed

    with files.alone():
        found = await examine(read, check)
        if writes:
            contents = files.read()
            files.write(contents, _edited(files, contents, found.tree).contents)
    return found


def _edited(files: ConfigFiles, contents: Contents, tree: Mapping[str, Any]) -> Edited:
    present = files.loaded(contents)
    return edit(files, contents, present, wanted_of(tree, present))
