"""Colours that can be told from what is behind them: contrast after WCAG 2, and how to reach it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from app.themes.colour_space import channels, chroma_and_hue, colour_at, lab_of, linear

# WCAG 2.2, 1.4.11 for graphics and 1.4.3 for text.
GRAPHICS_CONTRAST: Final = 3.0
TEXT_CONTRAST: Final = 4.5
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_STEPS: Final = 50


def is_colour(text: object) -> bool:
    """Tell whether a value is a colour such as ``#5ab8ff``, and nothing else."""
    return isinstance(text, str) and _HEX.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def luminance(colour: str) -> float:
    """Return how light a colour is, 0 (black) to 1 (white)."""
    red, green, blue = (linear(each) for each in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 (none) to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def least_contrast(colour: str, behind: Iterable[str]) -> float:
    """Return the contrast with the worst of several backgrounds."""
    return min(contrast(colour, each) for each in behind)


def mixed(colour: str, towards: str, share: float) -> str:
    """Return ``colour`` with a share (0 to 1) of another in it."""
    pairs = zip(channels(colour), channels(towards), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(wanted: Sequence[str], behind: Sequence[str], *, least: float) -> str:
    """Return the first wanted colour with enough contrast, else the first one made lighter.

    Or darker: whichever leads further away from what is behind. Its hue stays, so that a theme's
    orange is still its orange.
    """
    for colour in wanted:
        if least_contrast(colour, behind) >= least:
            return colour.lower()
    furthest = max((BLACK, WHITE), key=lambda each: least_contrast(each, behind))
    start, goal = lab_of(wanted[0])[0], lab_of(furthest)[0]
    chroma, hue = chroma_and_hue(wanted[0])
    for step in range(1, _STEPS + 1):
        found = colour_at(start + (goal - start) * step / _STEPS, chroma, hue)
        if least_contrast(found, behind) >= least:
            return found
    return furthest


def label_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour; one of them always does."""
    return max((BLACK, WHITE), key=lambda each: contrast(each, colour))
