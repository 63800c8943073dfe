"""The passes in order, each held to the columns it declares."""

from typing import Protocol

import polars as pl

from app.errors import FrameError
from app.frames import SCHEDULE, SLOTS, check
from app.planner import (
    pass0_margins,
    pass1_windows,
    pass2_water,
    pass3_baseline,
    pass4_responsibilities,
    pass5_charging,
    pass6_dispatch,
    pass7_hysteresis,
    pass8_targets,
)
from app.planner.context import Context


class Pass(Protocol):
    """A pass is a module: what it needs, what it adds, and how."""

    NEEDS: pl.Schema
    ADDS: pl.Schema
    __name__: str

    def run(self, lf: pl.LazyFrame, ctx: Context, /) -> pl.LazyFrame:
        """Return the frame with exactly the columns of ``ADDS`` added."""
        ...


PASSES: tuple[Pass, ...] = (
    pass0_margins,
    pass1_windows,
    pass2_water,
    pass3_baseline,
    pass4_responsibilities,
    pass5_charging,
    pass6_dispatch,
    pass7_hysteresis,
    pass8_targets,
)


def plan(slots: pl.LazyFrame, ctx: Context) -> pl.LazyFrame:
    """Run every pass; the published columns stand among the passes' own. Collects nothing."""
    lf = check(slots, SLOTS, by="planner input")
    for step in PASSES:
        before = check(lf, step.NEEDS, by=step.__name__).collect_schema()
        lf = step.run(lf, ctx)
        if before.keys() & step.ADDS.keys() or dict(lf.collect_schema()) != {**before, **step.ADDS}:
            raise FrameError(f"{step.__name__} must add exactly {step.ADDS}")
    return check(lf, SCHEDULE, by="planner output")
