"""A look as a stylesheet: every colour a variable, for any device that reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from app.themes import STARK, STARK_LIGHT, Look, Themes
from app.themes.colours import BLACK, WHITE
from app.themes.model import COLOURS, Theme
from app.themes.tokens import accent_of, scheme_of, tokens_of

_SHADOWS: Final = {"dark": "#00000099", "light": "#00000033"}
_LIGHT, _MORE = "(prefers-color-scheme: light)", "(prefers-contrast: more)"
# The system paints the page then; a canvas and drawings keep our colours, which must fit its.
_FORCED: Final = "(forced-colors: active)"


def stylesheet(look: Look, themes: Themes, accent_index: int) -> str:
    """Return the rules of a look; ``auto`` follows what the device prefers."""
    rules = [_rule(variables(look.theme, accent_index))]
    if look.light is not None:
        rules.append(_rule(variables(look.light, accent_index), media=_LIGHT))
        for name, media in ((STARK, _MORE), (STARK_LIGHT, f"{_MORE} and {_LIGHT}")):
            if stark := themes.get(name):
                rules.append(_rule(variables(stark, accent_index), media=media))
    rules += _forced(look.theme, accent_index)
    return "\n".join(rules) + "\n"


def variables(theme: Theme, accent_index: int) -> dict[str, str]:
    """Return the custom properties of a theme, and how the browser draws its own parts."""
    scheme = scheme_of(theme)
    named = {
        f"--{name.replace('_', '-')}": colour
        for name, colour in tokens_of(theme, accent_index).items()
    }
    # What the page of the appearance offers.
    accents = {f"--accent-{index}": accent_of(theme, index) for index in range(COLOURS)}
    return {"color-scheme": scheme, **named, "--shadow": _SHADOWS[scheme], **accents}


def _forced(theme: Theme, accent_index: int) -> Iterator[str]:
    dark = replace(theme, background=BLACK, foreground=WHITE, muted=WHITE)
    light = replace(theme, background=WHITE, foreground=BLACK, muted=BLACK)
    yield _rule(variables(dark, accent_index), media=_FORCED)
    yield _rule(variables(light, accent_index), media=f"{_FORCED} and {_LIGHT}")


def _rule(properties: Mapping[str, str], *, media: str = "") -> str:
    body = " ".join(f"{name}: {value};" for name, value in properties.items())
    rule = f":root {{ {body} }}"
    return f"@media {media} {{ {rule} }}" if media else rule
