"""Colours as the eye sees them: CIELAB under D65, how far two are apart, and a hue turned.

The distance is CIEDE2000 (Sharma, Wu, Dalal 2005): plain distance in CIELAB calls two blues far
apart that nobody can tell from each other.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import atan2, cos, degrees, exp, hypot, radians, sin
from typing import Final

Lab = tuple[float, float, float]
_WHITE: Final = (0.95047, 1.0, 1.08883)
_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_FROM_XYZ: Final = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_CUBE_ABOVE: Final = 216 / 24389
_SLOPE: Final = 24389 / 27
_LINEAR_BELOW, _LINEAR_LIGHT_BELOW = 0.04045, 0.0031308
_CHROMA_STEPS: Final = 12
_ROUNDING: Final = 1e-4


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of ``#rrggbb``, 0 to 255 each."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def linear(channel: int) -> float:
    """Return the light of an sRGB channel, 0 to 1."""
    value = channel / 255
    return value / 12.92 if value <= _LINEAR_BELOW else float(((value + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=4096)
def lab_of(colour: str) -> Lab:
    """Return lightness (0 to 100) and the two opponent axes of ``#rrggbb``."""
    light = [linear(each) for each in channels(colour)]
    x, y, z = (
        _cube_root(sum(a * b for a, b in zip(row, light, strict=True)) / white)
        for row, white in zip(_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def chroma_and_hue(colour: str) -> tuple[float, float]:
    """Return how colourful a colour is, and its hue in degrees."""
    _, a, b = lab_of(colour)
    return hypot(a, b), degrees(atan2(b, a)) % 360


def colour_at(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour there, less colourful where no screen shows so much."""
    for step in range(_CHROMA_STEPS + 1):
        reach = chroma * (1 - step / _CHROMA_STEPS)
        light = _light(lightness, reach * cos(radians(hue)), reach * sin(radians(hue)))
        if all(-_ROUNDING <= each <= 1 + _ROUNDING for each in light):
            break
    return colour_of_light(light)


def colour_of_light(light: Sequence[float]) -> str:
    """Return the colour of linear red, green and blue, cut to what a screen shows."""
    return "#" + "".join(f"{_channel(each):02x}" for each in light)


def distance(one: str, other: str) -> float:
    """Return how different two colours look (CIEDE2000); 1 is just seen, side by side."""
    return lab_distance(lab_of(one), lab_of(other))


def lab_distance(one: Lab, other: Lab) -> float:
    """Return the CIEDE2000 distance of two places in CIELAB."""
    chroma_7 = ((hypot(*one[1:]) + hypot(*other[1:])) / 2) ** 7
    stretch = 1.5 - 0.5 * (chroma_7 / (chroma_7 + 25**7)) ** 0.5
    (c1, h1), (c2, h2) = (_polar(each[1] * stretch, each[2]) for each in (one, other))
    lightness, chroma = (one[0] + other[0]) / 2, (c1 + c2) / 2
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    d_hue = 2 * (c1 * c2) ** 0.5 * sin(radians(turn / 2))
    weight = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    around = (lightness - 50) ** 2
    d_l = (other[0] - one[0]) / (1 + 0.015 * around / (20 + around) ** 0.5)
    d_c = (c2 - c1) / (1 + 0.045 * chroma)
    d_h = d_hue / (1 + 0.015 * chroma * weight)
    blue = 2 * (chroma**7 / (chroma**7 + 25**7)) ** 0.5
    twist = -blue * sin(radians(60 * exp(-(((hue - 275) / 25) ** 2))))
    return float((d_l**2 + d_c**2 + d_h**2 + twist * d_c * d_h) ** 0.5)


def _polar(a: float, b: float) -> tuple[float, float]:
    return hypot(a, b), degrees(atan2(b, a)) % 360


def _cube_root(value: float) -> float:
    if value > _CUBE_ABOVE:
        return float(value ** (1 / 3))
    return (_SLOPE * value + 16) / 116


def _light(lightness: float, a: float, b: float) -> list[float]:
    y = (lightness + 16) / 116
    xyz = [
        white * (each**3 if each**3 > _CUBE_ABOVE else (116 * each - 16) / _SLOPE)
        for each, white in zip((y + a / 500, y, y - b / 200), _WHITE, strict=True)
    ]
    return [sum(p * q for p, q in zip(row, xyz, strict=True)) for row in _FROM_XYZ]


def _channel(light: float) -> int:
    within = min(max(light, 0.0), 1.0)
    if within <= _LINEAR_LIGHT_BELOW:
        return round(255 * 12.92 * within)
    return round(255 * (1.055 * float(within ** (1 / 2.4)) - 0.055))
