"""The exact engine: every slot may buy, and the heater stands where the whole plan is cheapest."""

from dataclasses import replace

import polars as pl

from app.planner import decisions, engine_terms, heater_search, terminal
from app.planner.battery import start_kwh
from app.planner.context import Context
from app.planner.decisions import Value
from app.planner.heater_search import Heater
from app.planner.levels import Levels
from app.planner.water_days import Placement


def heat(df: pl.DataFrame, placement: Placement, ctx: Context) -> Placement:
    """Move the heat from where single slots are cheapest to where the whole plan is."""
    if not placement.tasks:
        return placement
    days = [
        (task, [s for s in placement.slots_of(day) if s not in placement.manual])
        for day, task in placement.tasks.items()
    ]
    improved = heater_search.improve(heater_of(df, placement, ctx), days, placement.manual)
    serves = [
        served if slot in placement.manual else None for slot, served in enumerate(placement.serves)
    ]
    for day, slots in zip(placement.tasks, improved, strict=True):
        for slot in slots:
            serves[slot] = day
    return replace(placement, serves=serves)


def value(df: pl.DataFrame, ctx: Context) -> Value:
    """Return the exact value of stored energy around the heater."""
    return decisions.value(df, ctx, may_buy=[True] * df.height)


def levels(df: pl.DataFrame, worth: Value, ctx: Context) -> list[Levels]:
    """Return the exact optimum's levels: those of the value itself."""
    del df, ctx
    return worth.levels()


def least_cost(df: pl.DataFrame, placement: Placement, ctx: Context) -> float:
    """Return what the horizon costs at least with this heat, energy left at its end not credited.

    That energy counts from the lowest level up, so the cost is comparable only with itself.
    """
    on = [served is not None for served in placement.serves]
    return heater_search.least_cost_with(heater_of(df, placement, ctx), on)


def heater_of(df: pl.DataFrame, placement: Placement, ctx: Context) -> Heater:
    """Return what every slot offers with the heater off and on."""
    everywhere, rows = [True] * df.height, engine_terms.inputs_of(df)
    # Heat is priced as if manual slots were free: forced both ways, before and after them, the
    # curves would not fit each other.
    off, on = (
        [
            slot._replace(forced=False)
            for slot in engine_terms.terms(rows, [kwh] * df.height, ctx, may_buy=everywhere)
        ]
        for kwh in (0.0, placement.heat_kwh)
    )
    return Heater(off, on, terminal.end_curve(ctx), start_kwh(ctx))
