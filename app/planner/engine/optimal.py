"""The exact engine: every slot may buy, and the heater stands where the whole plan is cheapest."""

from dataclasses import replace

import polars as pl

from app.planner.engine import decisions, heater_search, modes, ways
from app.planner.engine.decisions import Value
from app.planner.engine.heater_search import Heater
from app.planner.engine.water_days import Placement, place_by_price
from app.planner.model import levels as levels_of_slots
from app.planner.model import pricing, terminal
from app.planner.model import terms as engine_terms
from app.planner.model.battery import TINY_KWH, Flow, start_kwh, walk
from app.planner.model.context import Context
from app.planner.model.energy_value import SlotTerms
from app.planner.model.levels import Levels
from app.planner.model.sequential import lists

_TRIES = 6
"""How often slots that the battery turns out unable to carry are given up before all such are."""


def heat(df: pl.DataFrame, placement: Placement, ctx: Context) -> Placement:
    """Move the heat from where single slots are cheapest to where the whole plan is."""
    placed = _improved(df, placement, ctx)
    barred: set[int] = set()
    for _ in range(_TRIES):
        broken = _breaking_fuse(df, placed, ctx)
        if not broken:
            return placed
        barred |= broken
        placed = _improved(df, place_by_price(df, ctx, barred=barred), ctx)
    careful = replace(ctx, heats_beyond_fuse=False)
    return _improved(df, place_by_price(df, careful), careful)


def _improved(df: pl.DataFrame, placement: Placement, ctx: Context) -> Placement:
    """Search from a placement for one that makes the whole plan cheaper."""
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
    return decisions.value(
        df, ctx, may_buy=[True] * df.height, settle=lambda df, terms: _settled(df, terms, ctx)
    )


def _settled(df: pl.DataFrame, terms: list[SlotTerms], ctx: Context) -> list[SlotTerms]:
    """Choose a way for every slot that has several, if that makes the horizon cheaper."""
    rows = engine_terms.inputs_of(df)
    if ways.are_single(rows, ctx):
        return terms
    several = ways.ways_of(rows, df["water_kwh"].to_list(), terms, ctx)
    picks = modes.chosen(several, terminal.end_curve(ctx), start_kwh(ctx))
    return min((terms, picks), key=lambda each: _broken_then_cost(df, each, ctx))


def _broken_then_cost(
    df: pl.DataFrame, terms: list[SlotTerms], ctx: Context
) -> tuple[float, float]:
    """Return what the fuse is exceeded by, kWh, and the money, when every slot does its best."""
    flows = _flows(df, decisions.around(terms, [True] * df.height, ctx), ctx)
    over_kwh = sum(max(0.0, flow.import_kwh - ctx.limits.import_kwh) for flow in flows)
    return round(over_kwh, 6), pricing.cost(flows, df, ctx)


def levels(df: pl.DataFrame, worth: Value, ctx: Context) -> list[Levels]:
    """Return the exact optimum's levels: those of the value itself."""
    del df, ctx
    return worth.levels()


def decided(df: pl.DataFrame, placement: Placement, ctx: Context) -> list[Flow]:
    """Return what flows with this heat when every slot does what the value of energy says."""
    heated = df.with_columns(water_kwh=pl.Series(placement.water_kwh, dtype=pl.Float64()))
    return _flows(heated, value(heated, ctx), ctx)


def _flows(df: pl.DataFrame, worth: Value, ctx: Context) -> list[Flow]:
    per_slot = decisions.ruled(df, worth.levels(), ctx)
    told = levels_of_slots.controls_of(df, per_slot, [ctx.limits.charge_kwh] * df.height)
    return walk(told, start_kwh=start_kwh(ctx), limits=ctx.limits)


def _breaking_fuse(df: pl.DataFrame, placement: Placement, ctx: Context) -> set[int]:
    """Return the slots whose heat the battery was to carry and cannot."""
    limit_kwh = ctx.limits.import_kwh
    columns = lists(df, "cautious_load_kwh", "cautious_pv_kwh")
    needs_help = {
        slot
        for slot, (served, load_kwh, pv_kwh) in enumerate(
            zip(placement.serves, *columns, strict=True)
        )
        if served is not None
        and slot not in placement.manual
        and load_kwh + placement.heat_kwh - pv_kwh > limit_kwh
    }
    if not needs_help:
        return needs_help
    flows = decided(df, placement, ctx)
    return {slot for slot in needs_help if flows[slot].import_kwh > limit_kwh + TINY_KWH}


def heater_of(df: pl.DataFrame, placement: Placement, ctx: Context) -> Heater:
    """Return what every slot offers with the heater off and on."""
    rows = engine_terms.inputs_of(df)
    # Heat is priced as if manual slots were free: forced both ways, before and after them, the
    # curves would not fit each other.
    off, on = (
        [slot._replace(forced=False) for slot in _relaxed(rows, [kwh] * df.height, ctx)]
        for kwh in (0.0, placement.heat_kwh)
    )
    leans = any(
        row.load_kwh + placement.heat_kwh - row.pv_kwh > ctx.limits.import_kwh for row in rows
    )
    return Heater(off, on, terminal.end_curve(ctx), start_kwh(ctx), leans)


def _relaxed(
    rows: list[engine_terms.SlotInput], water_kwh: list[float], ctx: Context
) -> list[SlotTerms]:
    """Return the slots' terms, those with several ways as if they could be mixed."""
    terms = engine_terms.terms(rows, water_kwh, ctx, may_buy=[True] * len(rows))
    if ways.are_single(rows, ctx):
        return terms
    return [modes.hull(each) for each in ways.ways_of(rows, water_kwh, terms, ctx)]
