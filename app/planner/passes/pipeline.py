"""The passes in order, each held to the columns it declares."""

from typing import Protocol

import polars as pl

from app.core.errors import FrameError
from app.core.frames import SCHEDULE, SLOTS, require
from app.planner.model.context import Context
from app.planner.passes import (
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
    lf = slots
    # Resolving the schema of a long plan takes a while: once a pass is enough.
    schema = lf.collect_schema()
    require(schema, SLOTS, by="planner input")
    for step in PASSES:
        require(schema, step.NEEDS, by=step.__name__)
        lf = step.run(lf, ctx)
        before, schema = schema, lf.collect_schema()
        if before.keys() & step.ADDS.keys() or dict(schema) != {**before, **step.ADDS}:
            raise FrameError(f"{step.__name__} must add exactly {step.ADDS}")
    require(schema, SCHEDULE, by="planner output")
    return lf
