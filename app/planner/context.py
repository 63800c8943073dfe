"""What a planning run knows besides the slots: settings, the home now, the safety factor."""

from dataclasses import dataclass, field
from datetime import date, datetime

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class HomeState:
    """The home at the start of the horizon.

    ``soc_percent`` is the live state of charge, also when it lies outside the allowed band.
    ``water_owed_kwh`` is heating deferred past midnight that yesterday's plan still owes,
    ``water_caught_up_kwh`` the part of today's use that has served yesterday that way.
    ``running_*`` describe the action in progress, so that a replan does not cut it.
    """

    soc_percent: float
    water_used_today_kwh: float = 0.0
    water_owed_kwh: float = 0.0
    water_caught_up_kwh: float = 0.0
    running_classification: str | None = None
    running_water_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SafetyFactor:
    """The S-index of this run and what it was made of."""

    value: float = 1.0
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a pass may read besides its frame; frozen, so a run can be replayed.

    ``discharge_allowed`` is False in a degraded run without a trustworthy state of charge.
    ``terminal_value_per_kwh`` (per stored kWh) overrides the estimate; ``judged_water_rules``
    pro-rates the water need of days the horizon covers less than half of.
    """

    settings: Settings
    home: HomeState
    safety: SafetyFactor = SafetyFactor()
    discharge_allowed: bool = True
    terminal_value_per_kwh: float | None = None
    judged_water_rules: bool = False

    def local_day_of(self, instant: datetime) -> date:
        """Return the home's calendar day of an instant."""
        return instant.astimezone(self.settings.zone).date()
