"""From the value of stored energy to what each slot does: levels in stored kWh.

Down to which level does serving the house beat keeping, up to which level does storing surplus
beat selling it: a comparison of the slot's own price with the curve at the slot's end. The levels
stay right when the home drifts from the forecast, which planned energies would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from app.planner import engine_terms, terminal
from app.planner.battery import FORBIDDEN, UNREACHED_KWH, Control, limits_of, start_kwh
from app.planner.context import Context
from app.planner.energy_value import TERMINAL, Curve, Segment, SlotTerms, curves

HOUSE, WATER, SALE = 0, 1, 2
STORE, BUY = 0, 1


@dataclass(frozen=True, slots=True)
class Levels:
    """The decision levels of one slot, stored kWh (see ``battery.Control``)."""

    use_floor_kwh: float
    water_floor_kwh: float
    export_floor_kwh: float
    store_to_kwh: float
    buy_to_kwh: float


def value_curves(
    df: pl.DataFrame, ctx: Context, *, may_buy: list[bool]
) -> tuple[list[Curve], list[SlotTerms]]:
    """Return the curve at the end of every slot, and the terms it was built from."""
    limits = limits_of(ctx.settings)
    base_kwh = min(start_kwh(ctx), limits.floor_kwh)
    # What is stored above the maximum is worth as much as the rest: it is not given away.
    top_kwh = max(start_kwh(ctx), limits.ceiling_kwh)
    prices = df["import_price_per_kwh"]
    last = [Segment(-terminal.value_per_kwh(prices, ctx), top_kwh - limits.floor_kwh, TERMINAL)]
    if base_kwh < limits.floor_kwh:
        # What is missing below the minimum comes before any use: dearer than every price.
        dearest = 2 * max(abs(price) for price in prices)
        last.append(Segment(-dearest, limits.floor_kwh - base_kwh, TERMINAL))
    terms = engine_terms.terms(df, ctx, may_buy=may_buy)
    return curves(terms, base_kwh=base_kwh, last=last), terms


def levels_of(slot: SlotTerms, curve: Curve, ctx: Context, *, buys: bool) -> Levels:
    """Compare what a slot offers with the curve at its end."""
    if not ctx.discharge_allowed:
        use = water = sale = FORBIDDEN
    else:
        use, water, sale = (
            curve.level_above(slot.uses[kind].value_per_kwh, ties=ties)
            if slot.uses[kind].kwh > 0
            else UNREACHED_KWH
            for kind, ties in ((HOUSE, False), (WATER, False), (SALE, True))
        )
    return Levels(
        use_floor_kwh=use,
        water_floor_kwh=water,
        export_floor_kwh=sale,
        store_to_kwh=curve.level_above(slot.supplies[STORE].value_per_kwh, ties=False),
        buy_to_kwh=curve.level_above(slot.supplies[BUY].value_per_kwh, ties=False) if buys else 0.0,
    )


def controls_of(
    df: pl.DataFrame, levels: Sequence[Levels], grid_charge_kwh: Sequence[float]
) -> list[Control]:
    """Join levels and planned grid charge with the slots they belong to."""
    rows = df.select(
        "cautious_pv_kwh", "cautious_load_kwh", "water_kwh", "export_price_per_kwh"
    ).iter_rows()
    return [
        Control(
            pv_kwh=pv_kwh,
            load_kwh=load_kwh,
            water_kwh=water_kwh,
            export_price_per_kwh=export_price,
            grid_charge_kwh=grid_kwh,
            use_floor_kwh=level.use_floor_kwh,
            water_floor_kwh=level.water_floor_kwh,
            export_floor_kwh=level.export_floor_kwh,
            store_to_kwh=level.store_to_kwh,
            buy_to_kwh=level.buy_to_kwh,
        )
        for (pv_kwh, load_kwh, water_kwh, export_price), level, grid_kwh in zip(
            rows, levels, grid_charge_kwh, strict=True
        )
    ]
