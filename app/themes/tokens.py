"""What pages draw with: a theme's colours, brought to where they can be read and told apart."""

from functools import lru_cache
from typing import Final

from app.themes.apart import told_apart
from app.themes.colour_space import chroma_and_hue
from app.themes.colours import (
    BLACK,
    GRAPHICS_CONTRAST,
    TEXT_CONTRAST,
    WHITE,
    label_on,
    least_contrast,
    mixed,
    readable,
)
from app.themes.model import BARS, ROLES, Theme

# What a card is lighter (or darker) than the page, and a line than both.
_CARD_SHARE, _LINE_SHARE, _MUTED_SHARE = 0.05, 0.15, 0.35
# The tints that app.css lays under text: banners, the row of now.
_WARN_SHARE, _BAD_SHARE, _NOW_SHARE = 0.12, 0.14, 0.09
# A palette's own green, amber and red say good, warning and bad; else these do.
_TONES: Final = {"good": "#57d977", "warn": "#ffc44d", "bad": "#ff7d7d"}
_HUE_AIMS: Final = {"good": 135.0, "warn": 80.0, "bad": 28.0}
_HUE_REACH, _LEAST_CHROMA = 24.0, 25.0


def scheme_of(theme: Theme) -> str:
    """Return ``dark`` or ``light``: how the browser is to draw its own parts."""
    return "dark" if label_on(theme.background) == WHITE else "light"


@lru_cache(maxsize=1024)
def _tokens(theme: Theme, accent_index: int) -> tuple[tuple[str, str], ...]:
    card = _card(theme)
    behind = (theme.background, card)
    found = {
        "bg": theme.background.lower(),
        "card": card,
        "line": mixed(theme.background, theme.foreground, _LINE_SHARE),
        "accent": accent_of(theme, accent_index),
    }
    found["accent_text"] = label_on(found["accent"])
    found |= _tones(theme, behind)
    found |= _texts(theme, found)
    return tuple((found | _roles(theme, behind, good=found["good"])).items())


def accent_of(theme: Theme, accent_index: int) -> str:
    """Return the accent that index comes to; 0 is the theme's own where it has one."""
    chosen = theme.palette[accent_index]
    accent = chosen if accent_index or theme.accent is None else theme.accent
    return readable([accent], (theme.background, _card(theme)), least=TEXT_CONTRAST)


def tokens_of(theme: Theme, accent_index: int = 0) -> dict[str, str]:
    """Return what to draw with: roles with 3:1 at least, texts 4.5:1, on page and cards.

    Any two roles are told apart. ``accent_index`` other than 0 wins over the theme's own accent.
    """
    return dict(_tokens(theme, accent_index))


def _card(theme: Theme) -> str:
    """Return what cards are filled with; on middling grey some text must be left for both."""
    card = mixed(theme.background, theme.foreground, _CARD_SHARE)
    both = (theme.background, card)
    some = any(least_contrast(each, both) >= TEXT_CONTRAST for each in (BLACK, WHITE))
    return card if some else theme.background.lower()


def _roles(theme: Theme, behind: tuple[str, ...], *, good: str) -> dict[str, str]:
    """Return the chart's colours, what is written on them, and the matching buttons."""
    buttons = dict(zip(ROLES, theme.palette[len(ROLES) :], strict=True))
    wanted = {role: (theme.palette[index], buttons[role]) for index, role in enumerate(ROLES)} | {
        "soc": (good, buttons["soc_target"])
    }
    found = told_apart(wanted, behind, least=GRAPHICS_CONTRAST, side_by_side=BARS)
    texts = {f"{role}_text": label_on(colour) for role, colour in found.items()}
    found |= texts
    for role, button in buttons.items():
        found[f"{role}_button"] = button.lower()
        found[f"{role}_button_text"] = label_on(button)
    return found


def _tones(theme: Theme, behind: tuple[str, ...]) -> dict[str, str]:
    wanted = {name: (_nearest_hue(theme, name),) for name in _TONES}
    return told_apart(wanted, behind, least=TEXT_CONTRAST)


def _nearest_hue(theme: Theme, name: str) -> str:
    """Return the palette's own colour for a tone; where it has none, the tone itself."""

    def turn(colour: str) -> float:
        chroma, hue = chroma_and_hue(colour)
        away = abs((hue - _HUE_AIMS[name] + 180) % 360 - 180)
        return away if chroma >= _LEAST_CHROMA else 360

    best = min(theme.palette, key=turn)
    return best if turn(best) <= _HUE_REACH else _TONES[name]


def _texts(theme: Theme, found: dict[str, str]) -> dict[str, str]:
    """Return the colours of text: readable on tints too, where black or white would be."""
    page, card = found["bg"], found["card"]
    tints = (
        mixed(page, found["warn"], _WARN_SHARE),
        mixed(page, found["bad"], _BAD_SHARE),
        mixed(card, found["accent"], _NOW_SHARE),
    )
    muted = theme.muted or mixed(theme.foreground, page, _MUTED_SHARE)
    return {
        "text": _text(theme.foreground, (page, card), (*tints, found["line"])),
        "muted": _text(muted, (page, card), tints),
    }


def _text(wanted: str, behind: tuple[str, ...], tints: tuple[str, ...]) -> str:
    everywhere = readable([wanted], (*behind, *tints), least=TEXT_CONTRAST)
    if least_contrast(everywhere, behind) >= TEXT_CONTRAST:
        return everywhere
    return readable([wanted], behind, least=TEXT_CONTRAST)
