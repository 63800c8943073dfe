"""What an engine decides from: the value of stored energy, and the levels read off it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from app.planner.engine import export_rules
from app.planner.model import levels, manual, terminal
from app.planner.model import terms as engine_terms
from app.planner.model.context import Context
from app.planner.model.energy_value import Curve, SlotTerms, cost_to_go
from app.planner.model.levels import Levels


@dataclass(frozen=True, slots=True)
class Value:
    """Every slot's terms, whether it may buy, and the value of stored energy at its end."""

    terms: list[SlotTerms]
    may_buy: Sequence[bool]
    curves: list[Curve]

    def levels(self) -> list[Levels]:
        """Read the decision levels of every slot off the value."""
        return [
            levels.levels_of(slot, curve, buys=buys)
            for slot, curve, buys in zip(self.terms, self.curves, self.may_buy, strict=True)
        ]


Settle = Callable[[pl.DataFrame, list[SlotTerms]], list[SlotTerms]]
"""What an engine makes of the slots' terms before their value is worked out."""


def value(
    df: pl.DataFrame, ctx: Context, *, may_buy: Sequence[bool], settle: Settle | None = None
) -> Value:
    """Return the value of stored energy, grid energy bought only where ``may_buy`` says so.

    Asked again for the same slots it is not computed anew: the explanation needs what pass 4 did.
    """
    rows, water_kwh = engine_terms.inputs_of(df), df["water_kwh"].to_list()
    question = (rows, water_kwh, may_buy, settle is None)
    if (known := ctx.worked_out.get("value")) is not None and known[0] == question:
        answer: Value = known[1]
        return answer
    terms = engine_terms.terms(rows, water_kwh, ctx, may_buy=may_buy)
    if settle is not None:
        terms = settle(df, terms)
    answer = around(terms, may_buy, ctx)
    ctx.worked_out["value"] = question, answer
    return answer


def around(terms: list[SlotTerms], may_buy: Sequence[bool], ctx: Context) -> Value:
    """Return the value of stored energy around slots that offer these terms."""
    return Value(terms, may_buy, cost_to_go(terms, terminal.end_curve(ctx))[1:])


def ruled(df: pl.DataFrame, per_slot: list[Levels], ctx: Context) -> list[Levels]:
    """Return the levels under the rules of selling and the manual slots: no engine breaks them."""
    protective = export_rules.protective_kwh(df, ctx)
    columns = (
        df[name].to_list()
        for name in (
            "is_cheap",
            "may_export_battery",
            "manual_action",
            "manual_target_soc_percent",
        )
    )
    result = []
    for level, keep_kwh, cheap, sells, action, target in zip(
        per_slot, protective, *columns, strict=True
    ):
        floor_kwh = max(level.export_floor_kwh, keep_kwh) if sells else level.export_floor_kwh
        ruled = level._replace(export_floor_kwh=floor_kwh)
        result.append(
            manual.apply(ruled, action, target, ctx, is_cheap=cheap, reserve_kwh=keep_kwh)
        )
    return result
