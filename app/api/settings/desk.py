"""What the buttons of a settings page do, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from app.api.settings.form import Draft, present_texts
from app.api.settings.labels import label
from app.core.errors import Problem
from app.service.settings import ConfigDesk
from app.settings.store.changes import ConfigRefusedError
from app.settings.store.files import ConfigNotWritableError
from app.settings.store.state import ConfigBrokenError, ConfigChangedError, NoConfigFileError, Saved
from app.wording import words
from app.wording.i18n import _, ngettext

CANNOT = (ConfigNotWritableError, ConfigBrokenError, NoConfigFileError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action came to; ``draft`` is what is still unsaved."""

    draft: Draft = field(default_factory=Draft)
    saved: Saved | None = None
    problems: tuple[Problem, ...] = ()
    refused: str = ""
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Action:
    """A button: ``save``, ``reset:PATH``, ``add:PATH`` or ``remove:PATH:INDEX``."""

    name: str
    path: str = ""
    index: str = ""

    @classmethod
    def of(cls, text: str) -> "Action":
        """Read the value of a button."""
        name, path, index = (*text.split(":"), "", "")[:3]
        return cls(name, path, index)


async def act(desk: ConfigDesk, section: str, draft: Draft, action: Action, by: str) -> Outcome:
    """Do what a button says; nothing that was typed is lost, whatever comes of it."""
    if action.name in {"add", "remove"} and action.path in draft.was:
        present = present_texts(section, await desk.see())[action.path]
        return Outcome(draft.with_rows(action.path, present, action.index))
    try:
        if action.name == "reset":
            saved = await desk.reset(action.path, if_version=None, by=by)
            left = draft.without(action.path)
            return Outcome(replace(left, version=saved.version), saved)
        return await _save(desk, draft, by)
    except ConfigRefusedError as error:
        refused = "" if error.problems else words.sentence(str(error))
        return Outcome(draft, None, error.problems, refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    except ConfigChangedError:
        return Outcome(draft, None, (), _meanwhile(), HTTPStatus.PRECONDITION_FAILED)
    except CANNOT as error:
        return Outcome(draft, None, (), words.sentence(str(error)), HTTPStatus.CONFLICT)


async def _save(desk: ConfigDesk, draft: Draft, by: str) -> Outcome:
    tree, problems = draft.tree()
    if problems:
        return Outcome(draft, problems=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    saved = await desk.save(tree, if_version=draft.version or None, by=by)
    return Outcome(Draft(saved.version), saved)


def _meanwhile() -> str:
    return _(
        "The settings were changed elsewhere since you opened this page. Nothing is saved yet "
        "and nothing of yours is lost: look through the fields and save again."
    )


def told(changed: Sequence[str], restart: Sequence[str], due: str) -> str:
    """Say what was saved and which plan it counts from; ``due`` is when that is, if known."""
    if not changed:
        return _("Nothing to save: everything is as it was.")
    late = [label(path) for path in changed if path in restart]
    text = ngettext("{number} setting saved.", "{number} settings saved.", len(changed))
    if len(late) < len(changed):
        text += " " + (
            _("Counts from the next plan on, due {when}.", when=due)
            if due
            else _("Counts from the next plan on.")
        )
    if late:
        text += " " + _("After a restart of Darkstar: {names}.", names=words.listed(late))
    return text


def due(next_run_at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Return when the next plan is due, empty where none is."""
    return words.coming(next_run_at, now, zone) if next_run_at else ""
