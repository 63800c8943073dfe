"""Colours as people see them who lack the red or the green receptor (one man in twelve is near it).

The matrices are those of Machado, Oliveira and Fernandes (2009) for full severity.
"""

from functools import lru_cache
from typing import Final

from app.themes.colour_space import channels, colour_of_light, distance, linear

_EYES: Final = (
    # protanopia
    (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    # deuteranopia
    (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
)


@lru_cache(maxsize=4096)
def seen(colour: str) -> tuple[str, ...]:
    """Return the colour as each of these eyes sees it."""
    light = [linear(each) for each in channels(colour)]
    return tuple(
        colour_of_light([sum(a * b for a, b in zip(row, light, strict=True)) for row in eye])
        for eye in _EYES
    )


def blind_distance(one: str, other: str) -> float:
    """Return how different two colours look (CIEDE2000) to the eye that sees least of it."""
    return min(distance(a, b) for a, b in zip(seen(one), seen(other), strict=True))
