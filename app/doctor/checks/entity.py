"""One entity as the checks see it: its role, what it says now, and its last 24 hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import polars as pl

from app.doctor.checks import series
from app.doctor.checks.report import State
from app.doctor.checks.roles import Mapped, Role
from app.ingest.home.consumption import ENERGY_UNITS, POWER_UNITS

HOURS: Final = 24
WINDOW: Final = timedelta(hours=HOURS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Home Assistant said about one entity; ``points`` are ``POINTS`` of the last 24 hours.

    ``at`` is when the entity last confirmed its value; ``problem`` says why it was not read.
    """

    mapped: Mapped
    state: State
    text: str = ""
    unit: str = ""
    state_class: str = ""
    at: datetime | None = None
    points: pl.DataFrame | None = None
    problem: str = ""


@dataclass(frozen=True)
class Entity:
    """An answer with the frames that the checks look at, each made once."""

    answer: Answer
    start: datetime
    end: datetime

    @property
    def role(self) -> Role:
        """What the entity is supposed to be."""
        return self.answer.mapped.role

    @property
    def limit_kw(self) -> float:
        """The most it can carry in kW; 0 where nothing is known."""
        return self.answer.mapped.limit_kw

    @property
    def is_counter(self) -> bool:
        """Whether its unit is one of energy."""
        return self.answer.unit in ENERGY_UNITS

    @property
    def is_power(self) -> bool:
        """Whether its unit is one of power."""
        return self.answer.unit in POWER_UNITS

    @cached_property
    def points(self) -> pl.DataFrame:
        """Its states within the window."""
        given = self.answer.points
        found = series.no_points() if given is None else given
        return series.windowed(found, start=self.start, end=self.end)

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """Its lowest and highest value; None where it has none."""
        known = self.points["value"].drop_nulls().sort()
        return None if known.is_empty() else (float(known[0]), float(known[-1]))

    @cached_property
    def stretches(self) -> pl.DataFrame:
        """The times over which its value stayed the same."""
        return series.stretches(self.points, end=self.end)

    @cached_property
    def steps(self) -> pl.DataFrame:
        """Its power over time."""
        return series.steps(self.points, unit=self.answer.unit, end=self.end)

    @cached_property
    def hourly(self) -> pl.DataFrame:
        """Its energy per hour, signed."""
        return series.hourly(self.steps, start=self.start, hours=HOURS)

    @cached_property
    def levels(self) -> pl.DataFrame:
        """Its value at the start of each hour and the rise over it."""
        return series.levels(self.points, start=self.start, hours=HOURS)

    def one_way(self, *, sign: int) -> pl.DataFrame:
        """Return kWh per hour of the positive (1) or the negative (-1) direction only."""
        directed = self.steps.with_columns(kw=(pl.col("kw") * sign).clip(lower_bound=0))
        return series.hourly(directed, start=self.start, hours=HOURS)
