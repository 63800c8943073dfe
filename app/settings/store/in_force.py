"""The settings this process works by, and who is told when they change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from app.settings import Settings
from app.settings.fields import NEED_A_RESTART, needs_restart, setting_fields, value_of

_log = structlog.get_logger("darkstar.settings")
Tell = Callable[[Settings], None]


@dataclass(slots=True)
class SettingsInForce:
    """One per process; change it from the event loop only.

    A run that is on keeps the settings it began with: ``Settings`` are frozen, and it holds its own
    reference.
    """

    running: Settings
    told: list[Tell] = field(default_factory=list)

    def take(self, wanted: Settings) -> None:
        """Put settings in force, except what only a start can change, and tell everybody."""
        running = _with_places_kept(wanted, self.running)
        if not differ(running, self.running):
            return
        if running.demo_ended_by and not self.running.demo_ended_by:
            _log.warning("the demo home has ended", sensor=running.demo_ended_by)
        self.running = running
        for tell in self.told:
            tell(running)

    def waiting(self, wanted: Settings) -> dict[str, str]:
        """Return which settings are saved but not in force yet, and what they wait for."""
        return {
            path: "restart" if needs_restart(path) else "next plan"
            for path in setting_fields()
            if value_of(wanted, path) != value_of(self.running, path)
        }


def differ(one: Settings, other: Settings) -> bool:
    """Tell whether two settings mean different things."""
    # A tariff pack stands over what pricing does not say, so that it says something counts.
    said = [each.pricing.model_fields_set for each in (one, other)]
    return one != other or said[0] != said[1]


def _with_places_kept(wanted: Settings, running: Settings) -> Settings:
    """Return the wanted settings with what is opened once, at the start, as it was."""
    kept: dict[str, Any] = {}
    for path in NEED_A_RESTART:
        group, _, name = path.partition(".")
        value = getattr(running, group)
        if name:
            mine = kept.get(group, getattr(wanted, group))
            value = mine.model_copy(update={name: getattr(value, name)})
        kept[group] = value
    return wanted.model_copy(update=kept)
