"""The first page of the settings, its search, and what a reset of everything would change."""

from dataclasses import dataclass

from app.api.settings.config_view import config_of
from app.api.settings.controls import controls, text_of
from app.api.settings.labels import label
from app.api.settings.schemas import SettingOut
from app.api.settings.view import said
from app.api.web.setting_sections import SECTIONS, fields_of, section_of
from app.service.settings import KEPT_BY_RESET
from app.settings.fields import setting_fields
from app.settings.store.origins import kept_for_its_secret
from app.settings.store.state import Seen
from app.wording.i18n import _, ngettext
from app.wording.told import told


@dataclass(frozen=True, slots=True)
class CardView:
    """One section as the overview shows it."""

    href: str
    title: str
    about: str
    changed: str


@dataclass(frozen=True, slots=True)
class HitView:
    """One setting that a search found."""

    href: str
    label: str
    section: str
    help: str
    path: str


@dataclass(frozen=True, slots=True)
class OverviewView:
    """Everything the template of the first page may use."""

    query: str
    searched: bool
    hits: tuple[HitView, ...]
    cards: tuple[CardView, ...]
    notices: tuple[str, ...]
    waiting: tuple[str, ...]
    file: str
    file_error: str
    saved: str


@dataclass(frozen=True, slots=True)
class ResetView:
    """What going back to the defaults would change."""

    lines: tuple[tuple[str, str, str], ...]
    version: str
    refused: str
    login: bool


def overview_view(seen: Seen, waiting: dict[str, str], query: str, saved: str) -> OverviewView:
    """Return the first page, with what was found if something was looked for."""
    meta = config_of(seen, waiting).meta
    changed = {each.path for each in meta.fields if each.changed}
    late = [path for path, until in meta.waiting.items() if until == "restart"]
    return OverviewView(
        query=query,
        searched=bool(query.strip()),
        hits=found(query),
        cards=tuple(
            CardView(
                href=f"/settings/{section.key}",
                title=_(section.title),
                about=_(section.about),
                changed=_changed(len(changed & {each.path for each in fields_of(section.key)})),
            )
            for section in SECTIONS
        ),
        notices=tuple(map(told, meta.notices)),
        waiting=tuple(label(path) for path in late),
        file=meta.file or "",
        file_error=meta.file_error,
        saved=saved,
    )


def found(query: str) -> tuple[HitView, ...]:
    """Return the settings whose name, words or unit hold every word of the query."""
    wanted = query.casefold().split()
    hits = (
        HitView(
            href=f"/settings/{section_of(path).key}#{path}",
            label=label(path),
            section=_(section_of(path).title),
            help=_(field.words),
            path=path,
        )
        for path, field in setting_fields().items()
    )
    return tuple(hit for hit in hits if wanted and _holds(hit, wanted))


def _holds(hit: HitView, wanted: list[str]) -> bool:
    text = f"{hit.label} {hit.section} {hit.help} {hit.path}".casefold()
    return all(word in text for word in wanted)


def _changed(number: int) -> str:
    return ngettext("{number} changed", "{number} changed", number) if number else ""


def reset_view(seen: Seen, refused: str, *, login: bool) -> ResetView:
    """Return what a reset of everything takes back; what it leaves is not in it."""
    settings = seen.loaded.settings
    fields = [
        each
        for each in config_of(seen, {}).meta.fields
        if _goes_back(each) and not kept_for_its_secret(settings, each.path)
    ]
    return ResetView(
        lines=tuple(
            (label(each.path), _value(each.path, each.value), _value(each.path, each.default))
            for each in fields
        ),
        version=seen.version,
        refused=refused,
        login=login,
    )


def _value(path: str, value: object) -> str:
    return said(path, text_of(controls()[path], value))


def _goes_back(shown: SettingOut) -> bool:
    kept = any(shown.path == each or shown.path.startswith(f"{each}.") for each in KEPT_BY_RESET)
    return shown.source == "file" and shown.changed and not shown.secret and not kept
