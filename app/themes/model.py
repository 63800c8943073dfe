"""What a theme is, and the two that are there whatever becomes of the folder."""

from dataclasses import dataclass
from typing import Final

ROLES: Final = ("charge", "water", "export", "discharge", "pv", "load", "price", "soc_target")
# Drawn as bars side by side: told apart by colour alone they must be so for every eye.
BARS: Final = ROLES[:4]
COLOURS: Final = 16
# No theme but a wish: dark or light, as the reader's device has it.
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as a file gives them, all ``#rrggbb``; without an accent the owner's index picks."""

    name: str
    foreground: str
    background: str
    palette: tuple[str, ...]
    accent: str | None = None
    muted: str | None = None


BUILT_IN: Final = Theme(
    name="darkstar",
    foreground="#e8edf5",
    background="#0e1219",
    accent="#7fd1ff",
    muted="#9aa7ba",
    palette=(
        *("#5ab8ff", "#2dd4cf", "#c792ff", "#ff9f5a", "#ffd24a", "#b6c2d4", "#ff7ba7", "#8df0a4"),
        *("#8accff", "#6be3df", "#d9b5ff", "#ffbd8b", "#ffe07f", "#cfd8e5", "#ffa3c2", "#b2f5c1"),
    ),
)
BUILT_IN_LIGHT: Final = Theme(
    name="daylight",
    foreground="#1c2430",
    background="#f7f9fc",
    accent="#0b6bb8",
    muted="#5a6675",
    palette=(
        *("#1673c4", "#0b8f8a", "#8a3fd1", "#c65a11", "#b78600", "#5f6d80", "#c92a63", "#1f8a3d"),
        *("#1260a6", "#09746f", "#7431b3", "#a84b0c", "#8f6900", "#4d5969", "#a92153", "#197032"),
    ),
)
