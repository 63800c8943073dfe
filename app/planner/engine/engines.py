"""The engines behind one small protocol, so that another (a MILP, say) can stand beside them."""

from collections.abc import Mapping
from typing import Protocol

import polars as pl

from app.planner.engine import cascade as engine_cascade
from app.planner.engine import optimal as engine_optimal
from app.planner.engine.decisions import Value
from app.planner.engine.water_days import Placement
from app.planner.model.context import Context
from app.planner.model.levels import Levels


class Engine(Protocol):
    """A module that places the heater (pass 2) and decides for the battery (pass 4)."""

    def heat(self, df: pl.DataFrame, placement: Placement, ctx: Context, /) -> Placement:
        """Return where the heater runs, given a placement of slots cheapest by themselves."""
        ...

    def value(self, df: pl.DataFrame, ctx: Context, /) -> Value:
        """Return the value of stored energy at the end of every slot."""
        ...

    def levels(self, df: pl.DataFrame, worth: Value, ctx: Context, /) -> list[Levels]:
        """Return the decision levels of every slot, given the value."""
        ...


ENGINES: Mapping[str, Engine] = {"optimal": engine_optimal, "cascade": engine_cascade}


def engine_of(ctx: Context) -> Engine:
    """Return the engine this run plans with."""
    return ENGINES[ctx.engine]
