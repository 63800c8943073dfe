"""Make a plan from collected slots: validate, run the passes, collect once, price it."""

from dataclasses import dataclass, replace

import polars as pl

from app.core.errors import FrameError, PlanInvalidError
from app.core.frames import SCHEDULE
from app.planner import checker, meter, plan_warnings
from app.planner.meter import Optimality
from app.planner.model import terminal
from app.planner.model.context import Context
from app.planner.model.totals import Totals, totals
from app.planner.model.validation import validated
from app.planner.passes import pipeline

# Most passes need the whole frame, so there is nothing to optimise across them; looking for it took
# 1.9 ms of the cascade's 22.5 ms.
_AS_WRITTEN = pl.QueryOptFlags.none()
# What a fault of an engine can look like; wrong input is an ``InputError`` before it gets there.
ENGINE_FAULTS = (
    PlanInvalidError,
    FrameError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule (columns of ``frames.SCHEDULE``), its cost, and what people must know.

    ``frame`` keeps every pass's columns for debugging and explanations; ``ctx`` is the context with
    what was filled in, the cascade's where the configured engine failed.
    """

    schedule: pl.DataFrame
    frame: pl.DataFrame
    totals: Totals
    warnings: tuple[str, ...]
    ctx: Context

    @property
    def engine(self) -> str:
        """The engine that made the plan."""
        return self.ctx.engine

    def optimality(self) -> Optimality:
        """Measure the plan against the best possible one; takes about as long as planning."""
        return meter.measure(self.frame, self.totals, self.ctx)


def make_plan(slots: pl.DataFrame, ctx: Context) -> Plan:
    """Plan the slots (columns of ``frames.SLOTS``); raises ``InputError`` on unusable input.

    Where the exact engine fails, or makes a plan that the checker refuses, it plans again without
    heat that leans on the battery, then the cascade plans, and a warning says so.
    """
    rows = validated(slots)
    if ctx.engine == "cascade":
        return _planned(rows, ctx)
    faults: list[Exception] = []
    for attempt in (ctx, replace(ctx, heats_beyond_fuse=False)):
        try:
            plan = _planned(rows, attempt)
            checker.require_valid(plan.schedule, attempt)
        except ENGINE_FAULTS as error:
            faults.append(error)
            if not isinstance(error, PlanInvalidError):
                break
        else:
            return plan
    plan = _planned(rows, by_cascade(ctx))
    failed = f"engine_failed: the {ctx.engine} engine failed ({faults[0]}); the cascade planned"
    return replace(plan, warnings=(failed, *plan.warnings))


def by_cascade(ctx: Context) -> Context:
    """Return the context with the cascade in the place of its engine."""
    planner = ctx.settings.planner.model_copy(update={"engine": "cascade"})
    return replace(ctx, settings=ctx.settings.model_copy(update={"planner": planner}))


def _planned(rows: pl.DataFrame, ctx: Context) -> Plan:
    ctx = terminal.with_end_value(rows, ctx)
    frame = pipeline.plan(rows.lazy(), ctx).collect(optimizations=_AS_WRITTEN)
    return Plan(
        # Not a select: that is a query of its own, 0.5 ms.
        schedule=frame[SCHEDULE.names()],
        frame=frame,
        totals=totals(frame, ctx),
        warnings=plan_warnings.warnings(frame, ctx),
        ctx=ctx,
    )
