"""What every slot offers to stored energy: the frame's rows as uses and supplies of the curve.

Values come as columns (pass 1); the amounts are plain arithmetic per slot, because the heater
search needs them twice: as one Polars select the whole took 4.5 ms for 192 slots, so 1.5 ms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from app.core.frames import SLOT_HOURS
from app.planner.model.context import Context
from app.planner.model.energy_value import Piece, SlotTerms
from app.planner.model.limits import Limits
from app.planner.model.sequential import lists
from app.planner.model.worth import VALUE_COLUMNS
from app.settings import ManualPlanning

BEFORE_WATER = pl.Schema(
    {
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "cautious_pv_kwh": pl.Float64(),
        "cautious_load_kwh": pl.Float64(),
        "is_cheap": pl.Boolean(),
        "may_export_battery": pl.Boolean(),
        "manual_action": pl.String(),
        "manual_power_kw": pl.Float64(),
        **dict.fromkeys(VALUE_COLUMNS, pl.Float64()),
    }
)
NEEDS = pl.Schema({**BEFORE_WATER, "water_kwh": pl.Float64()})
RELIEF_PRICES = 10
"""Energy that keeps the main fuse whole counts as this many times the dearest price."""
RELIEF = 3
"""The use of a slot that keeps the main fuse whole."""
_NO_DISCHARGE = frozenset({"hold", "charge"})


class SlotInput(NamedTuple):
    """A row of the frame: the columns of ``BEFORE_WATER`` in order."""

    import_price: float
    export_price: float
    pv_kwh: float
    load_kwh: float
    is_cheap: bool
    may_export: bool
    action: str | None
    power_kw: float | None
    house_value: float
    water_value: float
    sale_value: float
    store_cost: float
    buy_cost: float


def inputs_of(df: pl.DataFrame) -> list[SlotInput]:
    """Return the rows that the terms are made from."""
    return [SlotInput(*row) for row in zip(*lists(df, *BEFORE_WATER), strict=True)]


def terms(
    rows: Sequence[SlotInput],
    water_kwh: Sequence[float],
    ctx: Context,
    *,
    may_buy: Sequence[bool],
    limits: Limits | None = None,
) -> list[SlotTerms]:
    """Return what each slot offers; grid energy only where ``may_buy`` says so.

    ``limits`` are those of the settings unless the rows are not quarters.
    """
    rules = rules_of(rows, ctx, limits or ctx.limits)
    return [
        _slot_terms(row, heat_kwh, rules, buys=buys)
        for row, heat_kwh, buys in zip(rows, water_kwh, may_buy, strict=True)
    ]


def rules_of(rows: Sequence[SlotInput], ctx: Context, limits: Limits) -> "Rules":
    """Return what holds for every slot of a run."""
    return Rules(
        limits,
        relief_value=RELIEF_PRICES * max((abs(row.import_price) for row in rows), default=0.0),
        need_factor=ctx.safety.value,
        may_discharge=ctx.discharge_allowed,
        heats_in_cheap=ctx.without_rules,
        manual=ctx.settings.manual_planning,
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every slot of a run."""

    limits: Limits
    relief_value: float
    need_factor: float
    may_discharge: bool
    heats_in_cheap: bool
    manual: ManualPlanning

    def forces(self, row: SlotInput) -> bool:
        """Say whether a manual slot does all it offers, whatever that is worth."""
        if row.action != "export":
            return row.action == "charge"
        held = row.is_cheap and not self.manual.override_hold_in_cheap
        return self.manual.force_discharge_on_deficit and not held


def _slot_terms(row: SlotInput, heat_kwh: float, rules: Rules, *, buys: bool) -> SlotTerms:
    """Return uses and supplies of one slot, in stored kWh."""
    limits = rules.limits
    net_kwh = row.load_kwh + heat_kwh - row.pv_kwh
    demand_kwh, surplus_kwh = (net_kwh, 0.0) if net_kwh > 0 else (0.0, -net_kwh)
    uses: tuple[Piece, ...] = ()
    if rules.may_discharge and row.action not in _NO_DISCHARGE:
        uses = _uses(row, heat_kwh, demand_kwh, surplus_kwh, rules)
    supplies: tuple[Piece, ...] = ()
    if row.action != "export":
        store_kwh = min(surplus_kwh, limits.charge_kwh)
        # Surplus beyond the feed-in limit is lost unless it is stored.
        spilt_kwh = min(max(0.0, surplus_kwh - limits.export_kwh), store_kwh)
        buy_kwh = 0.0
        if buys and row.action != "hold":
            fuse_kwh = max(0.0, limits.import_kwh - demand_kwh)
            buy_kwh = min(limits.charge_kwh - store_kwh, fuse_kwh, _asked_kwh(row, "charge"))
        eff = limits.efficiency
        supplies = (
            (row.store_cost, (store_kwh - spilt_kwh) * eff),
            (row.buy_cost, buy_kwh * eff),
            (0.0, spilt_kwh * eff),
        )
    idle_cost = (
        demand_kwh * row.import_price
        - min(surplus_kwh, limits.export_kwh) * row.store_cost * limits.efficiency
    )
    if uses and uses[RELIEF][1] > 0:
        # Idle, the slot breaks the fuse and owes what that counts as; relieved, it has cost wear in
        # place of the purchase and no more: a worth that nobody pays is never a gain.
        idle_cost += rules.relief_value * uses[RELIEF][1]
    return SlotTerms(uses, supplies, idle_cost, rules.forces(row))


def _asked_kwh(row: SlotInput, action: str) -> float:
    """Return the most a manual slot moves, kWh AC, without limit unless its power was given."""
    return math.inf if row.power_kw is None or row.action != action else row.power_kw * SLOT_HOURS


def _uses(
    row: SlotInput, heat_kwh: float, demand_kwh: float, surplus_kwh: float, rules: Rules
) -> tuple[Piece, ...]:
    """Return what the battery can serve: the house, the heater, the market, and the main fuse."""
    limits = rules.limits
    served_kwh = min(demand_kwh, limits.discharge_kwh)
    house_kwh = min(max(0.0, row.load_kwh - row.pv_kwh), served_kwh)
    water_kwh = served_kwh - house_kwh
    sold_kwh = 0.0
    if row.is_cheap and heat_kwh > 0 and not rules.heats_in_cheap:
        # Heated from the grid, and so nothing is sold meanwhile.
        water_kwh = 0.0
    elif row.may_export or row.action == "export":
        room_kwh = limits.export_kwh - surplus_kwh
        asked_kwh = _asked_kwh(row, "export")
        sold_kwh = max(0.0, min(limits.discharge_kwh - served_kwh, room_kwh, asked_kwh))
    # What the fuse cannot carry is part of the demand, and asked for first.
    relief_kwh = min(max(0.0, demand_kwh - limits.import_kwh), served_kwh)
    if relief_kwh > 0:
        house_kwh, water_kwh = (
            max(0.0, house_kwh - relief_kwh),
            min(water_kwh, max(0.0, house_kwh + water_kwh - relief_kwh)),
        )
    eff = limits.efficiency
    return (
        (row.house_value, house_kwh / eff * rules.need_factor),
        (row.water_value, water_kwh / eff),
        (row.sale_value, sold_kwh / eff),
        (
            rules.relief_value + row.import_price * eff - limits.wear_per_kwh,
            relief_kwh / eff,
        ),
    )
