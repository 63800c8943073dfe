"""What taking over a configuration of the original Darkstar would change, before it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.api.settings.config_view import config_of
from app.api.settings.controls import controls, text_of
from app.api.settings.labels import label
from app.api.settings.view import said
from app.service.settings import ConfigDesk
from app.settings.store import legacy
from app.settings.store.state import Seen
from app.settings.store.taking_over import Examined, examine, read_text
from app.wording.i18n import _
from app.wording.told import told


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


async def examine_text(desk: ConfigDesk, text: str) -> Examined:
    """Return what a pasted configuration says; raises ``SettingsError`` where it says nothing."""

    async def check(tree: Mapping[str, Any]) -> tuple[str, ...]:
        return (await desk.check(tree)).changed

    return await examine(read_text(text), check)


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
            (found.origin.get(each.field, each.field), told(each.reason)) for each in found.left_out
        ),
        notices=tuple(map(told, found.notices)),
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
