"""The parts of a run that compute: each takes milliseconds that no event loop can spare."""

from datetime import datetime

import polars as pl

from app.db import plans
from app.frames import FORECAST
from app.gather import Gathered
from app.ingest import assemble
from app.planner import checker
from app.planner.run import Plan, make_plan
from app.run_record import Inputs, result_of


def slots_of(
    prices: Gathered, pv: Gathered, load: Gathered, manual: pl.DataFrame, *, horizon_hours: int
) -> pl.DataFrame:
    """Join what was gathered to the planner's input (``frames.SLOTS``)."""
    forecast = pv.frame.lazy().join(load.frame.lazy(), on="slot_start", how="left")
    return assemble.assemble(
        prices.frame.lazy(),
        forecast.select(FORECAST.names()),
        manual.lazy(),
        start=prices.frame["slot_start"][0],
        hours=horizon_hours,
    ).collect()


def plan_of(inputs: Inputs, planned_at: datetime) -> tuple[Plan, plans.RunResult]:
    """Plan, check the plan, and write down what the run leaves behind."""
    plan = make_plan(inputs.slots, inputs.ctx)
    checker.require_valid(plan.schedule, inputs.ctx)
    return plan, result_of(inputs, plan, planned_at)
