"""A plan as a run publishes it: its slots, its figures, and nothing of how it came about."""

from dataclasses import dataclass

import polars as pl

from app.planner.meter import Optimality
from app.planner.model.context import Context
from app.planner.model.totals import Totals
from app.planner.run import make_plan


@dataclass(frozen=True, slots=True)
class Made:
    """A schedule (columns of ``frames.SCHEDULE``), what it costs, and what people must know."""

    schedule: pl.DataFrame
    totals: Totals
    optimality: Optimality
    engine: str
    warnings: tuple[str, ...]


def make(slots: pl.DataFrame, ctx: Context) -> Made:
    """Plan the slots (columns of ``frames.SLOTS``) and measure the plan; raises ``InputError``."""
    plan = make_plan(slots, ctx)
    return Made(plan.schedule, plan.totals, plan.optimality(), plan.engine, plan.warnings)
