"""The page of the appearance: themes to choose from, accents, and files that are none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.settings import Settings
from app.themes import Look, ThemeProblem, Themes
from app.themes.model import AUTO, COLOURS, ROLES, Theme
from app.themes.tokens import scheme_of, tokens_of
from app.wording.i18n import LANGUAGES, _, marked

_WORDS: Final = {
    "charge": marked("Charge"),
    "water": marked("Water"),
    "export": marked("Export"),
    "discharge": marked("Discharge"),
    "pv": marked("Sun"),
    "load": marked("Load"),
    "price": marked("Price"),
    "soc_target": marked("Target"),
    "soc": marked("Battery"),
}
_KINDS: Final = {
    "dark": marked("Dark"),
    "light": marked("Light"),
    AUTO: marked("As your device has it"),
}


@dataclass(frozen=True, slots=True)
class CardView:
    """One theme to choose; a picture in its colours, ``auto`` has two."""

    value: str
    name: str
    kind: str
    pictures: tuple[Mapping[str, str], ...]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class AccentView:
    """One accent to choose; ``label`` names the palette's colour, empty for the theme's own."""

    index: int
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class AppearanceView:
    """Everything the page shows; ``gone`` is a theme chosen once that is not there any more."""

    cards: tuple[CardView, ...]
    accents: tuple[AccentView, ...]
    roles: tuple[tuple[str, str], ...]
    sample: Mapping[str, str]
    language: str
    languages: tuple[tuple[str, str], ...]
    problems: tuple[ThemeProblem, ...]
    gone: str
    fallback: str
    folder: str


def appearance_view(known: Themes, settings: Settings) -> AppearanceView:
    """Return the page for the look in force."""
    ui = settings.ui
    now = known.current(ui.theme)
    return AppearanceView(
        cards=tuple(_cards(known, now)),
        accents=tuple(_accents(ui.theme_accent_index)),
        roles=tuple((_css(role), _(word)) for role, word in _WORDS.items()),
        sample={name: f"var(--{_css(name)})" for name in tokens_of(now.theme)},
        language=ui.language,
        languages=((AUTO, _("As the browser asks")), *LANGUAGES.items()),
        problems=known.problems,
        gone="" if now.name.casefold() == ui.theme.casefold() else ui.theme,
        fallback=_title(now.name),
        folder=str(Path(settings.data_dir) / "themes"),
    )


def _cards(known: Themes, now: Look) -> Iterator[CardView]:
    auto = known.look(AUTO)
    both = [auto.theme, *([auto.light] if auto.light else [])]
    yield _card(AUTO, AUTO, both, now)
    for theme in known.found.values():
        yield _card(theme.name, scheme_of(theme), [theme], now)


def _card(name: str, kind: str, themes: list[Theme], now: Look) -> CardView:
    return CardView(
        value=name,
        name=_("Automatic") if name == AUTO else _title(name),
        kind=_(_KINDS[kind]),
        pictures=tuple(tokens_of(theme) for theme in themes),
        is_chosen=name == now.name,
    )


def _accents(chosen: int) -> Iterator[AccentView]:
    for index in range(COLOURS):
        role = _(_WORDS[ROLES[index % len(ROLES)]])
        label = _("{role}, its button", role=role) if index >= len(ROLES) else role
        yield AccentView(index, label if index else "", index == chosen)


def _css(name: str) -> str:
    return name.replace("_", "-")


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
