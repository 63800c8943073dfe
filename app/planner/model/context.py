"""What a planning run knows besides the slots: settings, the home now, the safety factor."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from app.planner.model.limits import Limits, limits_of
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


@dataclass(frozen=True)
class Context:
    """Everything a pass may read besides its frame; frozen, so a run can be replayed.

    ``discharge_allowed`` is False in a degraded run without a trustworthy state of charge.
    ``lookahead`` (``frames.LOOKAHEAD``) is the estimated day after the horizon, None if nothing is
    known of it; ``terminal_value_per_kwh`` (per stored kWh) overrides every estimate of what energy
    is worth there. ``published`` (``frames.PRICES``) is what is known of the horizon's local days
    outside of it: the prices of their passed hours above all. ``heats_beyond_fuse`` lets the heater
    run where only battery and main fuse together carry house and heater. ``judged_water_rules``
    pro-rates the water need of days the horizon covers less than half of; ``without_rules`` lets
    the battery heat water in cheap windows too. Filled in when the plan is made: ``end_value``, the
    worth of energy left at the end as (value per kWh, kWh) stairs above the minimum level;
    ``rescue_value_per_kwh``, that of what is missing below it; ``strategic_period``, that PV will
    not cover the load on the day after the horizon.
    """

    settings: Settings
    home: HomeState
    safety: SafetyFactor = SafetyFactor()
    discharge_allowed: bool = True
    lookahead: pl.DataFrame | None = None
    published: pl.DataFrame | None = None
    terminal_value_per_kwh: float | None = None
    end_value: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    rescue_value_per_kwh: float = 0.0
    strategic_period: bool = False
    heats_beyond_fuse: bool = True
    judged_water_rules: bool = False
    without_rules: bool = False

    @cached_property
    def limits(self) -> Limits:
        """What battery, inverter and grid can do in one slot."""
        return limits_of(self.settings)

    @cached_property
    def worked_out(self) -> dict[str, tuple[Any, Any]]:
        """What a pass has worked out and a later one asks for again: question and answer."""
        return {}

    @property
    def engine(self) -> str:
        """The engine that decides pass 4: ``optimal`` or ``cascade``."""
        return self.settings.planner.engine

    def local_day_of(self, instant: datetime) -> date:
        """Return the home's calendar day of an instant."""
        return instant.astimezone(self.settings.zone).date()
