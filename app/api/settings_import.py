"""What taking over a configuration of the original Darkstar would change, before it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app import legacy
from app.api.config_view import config_of
from app.api.settings_controls import controls, text_of
from app.api.settings_labels import label
from app.api.settings_view import said
from app.config_changes import ConfigRefusedError
from app.config_desk import ConfigDesk
from app.config_state import Seen
from app.errors import Problem, SettingsError
from app.i18n import _
from app.settings_fields import setting_fields
from app.yaml_file import mapping_of

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


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One setting that would change."""

    label: str
    old_name: str
    path: str
    now: str
    value: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """Everything the template of the import may use."""

    text: str = ""
    examined: bool = False
    changes: tuple[ChangeView, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    refused: str = ""
    version: str = ""
    login: bool = field(default=False, kw_only=True)


async def examine(desk: ConfigDesk, text: str) -> Examined:
    """Return what a configuration says; raises ``SettingsError`` where it says nothing at all."""
    read = mapping_of(text.encode(), _FILE)
    if not read:
        raise SettingsError(_("There is nothing in it. Paste the text of config.yaml."))
    tree, notices, origin = legacy.translate(read)
    # A home that somebody describes is no demo home, as where the file is used as it is.
    tree.setdefault("demo_home", False)
    left_out: list[Problem] = []
    for _round in range(_ROUNDS):
        try:
            changed = (await desk.check(tree)).changed
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


def import_view(seen: Seen, text: str, found: Examined, *, login: bool) -> ImportView:
    """Return the page that shows what would change."""
    present = {each.path: each.value for each in config_of(seen, {}).meta.fields}
    return ImportView(
        text=text,
        examined=True,
        changes=tuple(
            ChangeView(
                label=label(path),
                old_name=_old_name(path, found),
                path=path,
                now=_shown(path, present[path]),
                value=_shown(path, legacy.look(dict(found.tree), path)),
            )
            for path in found.changed
        ),
        left_out=tuple(
            (found.origin.get(each.field, each.field), each.reason) for each in found.left_out
        ),
        notices=found.notices,
        version=seen.version,
        login=login,
    )


def _old_name(path: str, found: Examined) -> str:
    """Return where the imported text says it, empty where it follows from something else."""
    names = [found.origin[path]] if path in found.origin else [path, f"system.{path}"]
    return next((each for each in names if legacy.look(dict(found.read), each) is not None), "")


def _shown(path: str, value: Any) -> str:
    """Return a value as people read it; a secret never."""
    control = controls()[path]
    if control.kind == "secret":
        return _("set") if value else _("not set")
    try:
        return said(path, text_of(control, value))
    except (AttributeError, TypeError):
        # One number or rule may stand for a list of them.
        return str(value)
