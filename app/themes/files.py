"""A theme's file, read as people wrote it: JSON, YAML, or ``key = value`` lines of a terminal."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from app.core.errors import DarkstarError, SettingsError
from app.core.yaml_file import mapping_of
from app.themes.colours import is_colour
from app.themes.model import AUTO, COLOURS, Theme

MAX_BYTES: Final = 16 * 1024
_NAME: Final = re.compile(r"[\w .+-]{1,64}")


class ThemeError(DarkstarError):
    """A theme file says something that is no theme; the message says what."""


def read_theme(path: Path) -> Theme:
    """Return the theme of a file (JSON, YAML, or ``key = value`` lines); raises ``ThemeError``."""
    json_or_yaml = path.suffix.lower() in {".json", ".yaml", ".yml"}
    name = path.stem if json_or_yaml else path.name
    if not _NAME.fullmatch(name):
        raise ThemeError("the name may hold letters, digits, blanks and .+-_ only, 64 at most")
    if name.casefold() == AUTO:
        raise ThemeError(f"{AUTO!r} stands for dark or light by the device; rename the file")
    if path.is_symlink() or not path.is_file():
        raise ThemeError("is no plain file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ThemeError(f"is longer than {MAX_BYTES} bytes")
        text = content.decode()
    except OSError as error:
        raise ThemeError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ThemeError("is not UTF-8 text") from None
    return _theme(name, _said(path, text))


def _said(path: Path, text: str) -> Mapping[str, Any]:
    suffix = path.suffix.lower()
    if suffix == ".json":
        try:
            said = json.loads(text)
        except json.JSONDecodeError as error:
            raise ThemeError(f"is not valid JSON: line {error.lineno}, {error.msg}") from None
        except (ValueError, RecursionError):
            raise ThemeError("is not valid JSON: nested or numbered beyond measure") from None
        if not isinstance(said, dict):
            raise ThemeError("must be an object with foreground, background and palette")
        return said
    if suffix in {".yaml", ".yml"}:
        try:
            return mapping_of(text.encode(), Path(path.name))
        except SettingsError as error:
            raise ThemeError(str(error)) from None
    return _lines(text.splitlines())


def _lines(lines: Iterable[str]) -> Mapping[str, Any]:
    """Read ``key = value`` lines, as terminals write them: ``palette = N=#rrggbb``."""
    said: dict[str, Any] = {}
    palette: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        key, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#") or not equals:
            continue
        if key.strip().lower() != "palette":
            said[key.strip().lower()] = value.strip().strip("\"'")
            continue
        index, equals, colour = value.partition("=")
        if not equals:
            index, colour = str(len(palette)), value
        if not index.strip().isdecimal() or int(index) >= COLOURS:
            raise ThemeError(f"line {number}: write palette = N=#rrggbb with N from 0 to 15")
        palette[int(index)] = colour.strip().strip("\"'")
    if missing := [str(index) for index in range(COLOURS) if index not in palette]:
        raise ThemeError(f"palette lacks {', '.join(missing)}; it needs 0 to 15")
    return {**said, "palette": [palette[index] for index in range(COLOURS)]}


def _theme(name: str, said: Mapping[str, Any]) -> Theme:
    palette = said.get("palette")
    if not isinstance(palette, list) or len(palette) != COLOURS:
        raise ThemeError(f"palette must list {COLOURS} colours")
    keys = ("foreground", "background", "accent", "muted")
    named: dict[str, Any] = {key: said.get(key) for key in keys}
    for key in ("foreground", "background"):
        if named[key] is None:
            raise ThemeError(f"{key} is missing; write it as #rrggbb")
    colours = {f"palette {index}": colour for index, colour in enumerate(palette)} | named
    for key, colour in colours.items():
        if colour is not None and not is_colour(colour):
            raise ThemeError(f"{key} is no colour; write it as #rrggbb")
        if colour is None and key.startswith("palette"):
            raise ThemeError(f"{key} is no colour; write it as #rrggbb")
    return Theme(name=name, palette=tuple(palette), **named)
