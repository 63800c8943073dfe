"""Colours that can be told from each other, as near as can be to those that were wanted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.themes.blindness import blind_distance
from app.themes.colour_space import chroma_and_hue, colour_at, distance, lab_of
from app.themes.colours import BLACK, WHITE, least_contrast, readable

# The closest pair of category10, the palette that charts in the world are mostly drawn with, is
# 16.2 apart; that of Tableau 10 18.1, of Okabe and Ito's 21.7. Below 12 lines side by side begin
# to be taken for each other.
APART: Final = 16.0
# Further away a yellow is brown, and no longer what it was.
_SHIFTS: Final = range(3, 25, 3)
_DARKEST, _LIGHTEST = 15, 95
_LIGHTNESS: Final = range(_DARKEST, _LIGHTEST + 1, 5)
_CHROMA: Final = range(20, 101, 20)
_HUES: Final = range(0, 360, 12)


# What is left of it for eyes without red or green: less, or whole themes would have to turn.
APART_BLIND: Final = 8.0


@dataclass(frozen=True, slots=True)
class _Taken:
    """The colours others have; ``side_by_side`` are theirs that every eye must tell from ours."""

    all: Sequence[str]
    side_by_side: Sequence[str]

    def room(self, colour: str) -> float:
        """Return how far a colour is from the nearest that is taken; ``APART`` is enough."""
        plain = [distance(colour, each) for each in self.all]
        blind = [blind_distance(colour, each) * APART / APART_BLIND for each in self.side_by_side]
        return min((*plain, *blind), default=APART)


def told_apart(
    wanted: Mapping[str, Sequence[str]],
    behind: Sequence[str],
    *,
    least: float,
    side_by_side: Collection[str] = (),
) -> dict[str, str]:
    """Return a colour for every name, each as it was wanted where it differs from those before.

    ``wanted`` lists the colours of a name, the best first. Where none of them has the ``least``
    contrast with what is behind and is ``APART`` from the rest, one is made lighter or darker; at
    last comes the nearest of all colours. Names ``side_by_side`` differ for any eye.
    """
    found: dict[str, str] = {}
    for name, colours in wanted.items():
        near = [found[each] for each in found if name in side_by_side and each in side_by_side]
        found[name] = _free(colours, _Taken(list(found.values()), near), behind, least=least)
    return found


def _free(wanted: Sequence[str], taken: _Taken, behind: Sequence[str], *, least: float) -> str:
    for colour in _near(wanted, behind, least=least):
        if least_contrast(colour, behind) >= least and taken.room(colour) >= APART:
            return colour
    seen = [each for each in net() if least_contrast(each, behind) >= least]
    for colour in sorted(seen, key=lambda each: (distance(wanted[0], each), each)):
        if taken.room(colour) >= APART:
            return colour
    # Only on a page of middling grey: what differs most from the rest.
    return max(seen, key=lambda each: (taken.room(each), each))


def _near(wanted: Sequence[str], behind: Sequence[str], *, least: float) -> Iterator[str]:
    """Yield the wanted colours, then those of their hue, the nearest in lightness first."""
    yield from (each.lower() for each in wanted)
    for colour in wanted:
        mended = readable([colour], behind, least=least)
        yield mended
        lightness, (chroma, hue) = lab_of(mended)[0], chroma_and_hue(mended)
        for shift in _SHIFTS:
            for each in (lightness - shift, lightness + shift):
                if _DARKEST <= each <= _LIGHTEST:
                    yield colour_at(each, chroma, hue)


@lru_cache(maxsize=1)
def net() -> tuple[str, ...]:
    """Return colours spread over everything a screen can show."""
    return tuple(dict.fromkeys(_net()))


def _net() -> Iterator[str]:
    yield from (BLACK, WHITE)
    for lightness in _LIGHTNESS:
        yield colour_at(lightness, 0, 0)
        for chroma in _CHROMA:
            for hue in _HUES:
                yield colour_at(lightness, chroma, hue)
