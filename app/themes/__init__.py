"""Themes: what the folders of themes hold, read again when a file changes.

A theme has a foreground, a background and a palette of 16; 0 to 7 are the chart roles in the order
of ``ROLES``, 8 to 15 the matching buttons. Pages draw with ``theme_tokens.tokens_of``, never with
the palette itself: it may hold what cannot be told from the background, or from each other.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.core.errors import DarkstarError
from app.core.shipped import SHIPPED
from app.themes.files import ThemeError, read_theme
from app.themes.model import AUTO, BUILT_IN, BUILT_IN_LIGHT, Theme

MAX_FILES: Final = 200
# The two for those who have asked their device for more contrast.
STARK, STARK_LIGHT = "High Contrast", "High Contrast Light"
_FIRST: Final = (BUILT_IN.name, BUILT_IN_LIGHT.name)
_Signature = tuple[tuple[str, int, int, int], ...]


class NoSuchThemeError(DarkstarError):
    """No theme of that name could be read."""

    status = 404
    code = "no_such_theme"


@dataclass(frozen=True, slots=True)
class ThemeProblem:
    """A file in a folder of themes that is none, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a choice comes to: one theme, or by the device a dark and a light one."""

    name: str
    theme: Theme
    light: Theme | None = None


@dataclass(frozen=True, slots=True)
class Themes:
    """What the folders hold: themes by name, in order, and the files that were left out."""

    found: Mapping[str, Theme]
    problems: tuple[ThemeProblem, ...]

    def named(self, name: str) -> Theme:
        """Return a theme, whatever the case of its name; raises ``NoSuchThemeError``."""
        if found := self.get(name):
            return found
        raise NoSuchThemeError(
            f"there is no theme {name[:64]!r}; there are: {', '.join((*self.found, AUTO))}"
        )

    def get(self, name: str) -> Theme | None:
        """Return a theme, whatever the case of its name, or None."""
        wanted = name.casefold()
        return next((each for each in self.found.values() if each.name.casefold() == wanted), None)

    def look(self, name: str) -> Look:
        """Return what a choice comes to; raises ``NoSuchThemeError``."""
        if name.casefold() != AUTO:
            theme = self.named(name)
            return Look(theme.name, theme)
        dark = self.get(BUILT_IN.name) or BUILT_IN
        return Look(AUTO, dark, self.get(BUILT_IN_LIGHT.name) or BUILT_IN_LIGHT)

    def current(self, name: str) -> Look:
        """Return the look of that name, or the default one where the theme is gone."""
        try:
            return self.look(name)
        except NoSuchThemeError:
            theme = self.get(BUILT_IN.name) or next(iter(self.found.values()))
            return Look(theme.name, theme)


def folders(data_dir: str) -> tuple[Path, ...]:
    """Return where themes are: those shipped, and the owner's own beside the database."""
    return SHIPPED / "themes", Path(data_dir) / "themes"


def themes_now(data_dir: str) -> Themes:
    """Return the themes there are now; files are only read when one has changed."""
    where = folders(data_dir)
    return _read_once(where, _signature(where))


@lru_cache(maxsize=4)
def _read_once(where: tuple[Path, ...], _signature: _Signature) -> Themes:
    return read_themes(*where)


def _signature(where: Sequence[Path]) -> _Signature:
    """Return what changes when a file does; the change time sees a repaired access right too."""
    seen = []
    for folder in where:
        for path in _files(folder):
            try:
                now = path.lstat()
            except FileNotFoundError:
                continue
            seen.append((str(path), now.st_mtime_ns, now.st_ctime_ns, now.st_size))
    return tuple(seen)


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                Path(each.path)
                for each in entries
                if not each.name.startswith(".") and not each.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []


def read_themes(*where: Path) -> Themes:
    """Return every theme of some folders; a bad file is reported and left out.

    A theme of a later folder takes the place of one of that name in an earlier one.
    """
    found: dict[str, Theme] = {}
    problems: list[ThemeProblem] = []
    for folder in where:
        here, bad = _folder(folder)
        found |= here
        problems += bad
    if not found:
        found = {each.name.casefold(): each for each in (BUILT_IN, BUILT_IN_LIGHT)}
    ordered = sorted(found.items(), key=lambda each: (each[0] not in _FIRST, each[0]))
    return Themes({theme.name: theme for _, theme in ordered}, tuple(problems))


def _folder(folder: Path) -> tuple[dict[str, Theme], list[ThemeProblem]]:
    """Return the themes of one folder by their name in lower case, and its bad files."""
    found: dict[str, Theme] = {}
    problems: list[ThemeProblem] = []
    files = _files(folder)
    for path in files[:MAX_FILES]:
        try:
            theme = read_theme(path)
        except ThemeError as error:
            problems.append(ThemeProblem(path.name, str(error)))
            continue
        if theme.name.casefold() in found:
            reason = f"there is a theme {theme.name!r} already; rename the file"
            problems.append(ThemeProblem(path.name, reason))
        else:
            found[theme.name.casefold()] = theme
    if len(files) > MAX_FILES:
        problems.append(ThemeProblem("", f"only the first {MAX_FILES} files are read"))
    return found, problems
