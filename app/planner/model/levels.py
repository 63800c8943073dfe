"""From the value of stored energy to what each slot does: levels in stored kWh.

Down to which level does serving the house beat keeping, up to which level does storing surplus
beat selling it: a comparison of the slot's own price with the curve at the slot's end. The levels
stay right when the home drifts from the forecast, which planned energies would not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from app.core.frames import SLOT_HOURS
from app.planner.model.battery import FORBIDDEN, UNREACHED_KWH, Control
from app.planner.model.energy_value import Curve, SlotTerms
from app.planner.model.sequential import lists

HOUSE, WATER, SALE = 0, 1, 2
STORE, BUY, SPILL = 0, 1, 2


class Levels(NamedTuple):
    """The decision levels of one slot, stored kWh (see ``battery.Control``)."""

    use_floor_kwh: float
    water_floor_kwh: float
    export_floor_kwh: float
    store_to_kwh: float
    spill_to_kwh: float
    buy_to_kwh: float


LEVEL_COLUMNS = Levels._fields
"""The columns that carry the levels through the frame."""


def frame_levels(df: pl.DataFrame) -> list[Levels]:
    """Return the decision levels that pass 4 wrote into the frame."""
    return [Levels(*row) for row in zip(*lists(df, *LEVEL_COLUMNS), strict=True)]


def levels_of(slot: SlotTerms, curve: Curve, *, buys: bool) -> Levels:
    """Compare what a slot offers with the curve at its end."""
    above = curve.level_above
    use = water = sale = FORBIDDEN
    if slot.uses:
        house, heat, market = slot.uses[HOUSE], slot.uses[WATER], slot.uses[SALE]
        use = above(house[0], ties=False) if house[1] > 0 else UNREACHED_KWH
        water = above(heat[0], ties=False) if heat[1] > 0 else UNREACHED_KWH
        sale = above(market[0], ties=True) if market[1] > 0 else UNREACHED_KWH
    store = buy = spill = 0.0
    if slot.supplies:
        store = above(slot.supplies[STORE][0], ties=False)
        spill = above(slot.supplies[SPILL][0], ties=False)
        if buys:
            buy = above(slot.supplies[BUY][0], ties=False)
    return Levels(use, water, sale, store, spill, buy)


def controls_of(
    df: pl.DataFrame,
    levels: Sequence[Levels],
    grid_charge_kwh: Sequence[float],
    *,
    water: str = "water_kwh",
    buy_to_kwh: Sequence[float] | None = None,
) -> list[Control]:
    """Join levels and planned grid charge with the slots.

    ``water`` names the heater's column; ``buy_to_kwh`` stands in for the level of that name.
    """
    columns = lists(df, "cautious_pv_kwh", "cautious_load_kwh", water, "export_price_per_kwh")
    bounds = [level.buy_to_kwh for level in levels] if buy_to_kwh is None else buy_to_kwh
    controls = [
        Control(
            pv_kwh,
            load_kwh,
            water_kwh,
            export_price,
            grid_kwh,
            level.use_floor_kwh,
            level.water_floor_kwh,
            level.export_floor_kwh,
            level.store_to_kwh,
            level.spill_to_kwh,
            to_kwh,
        )
        for pv_kwh, load_kwh, water_kwh, export_price, level, grid_kwh, to_kwh in zip(
            *columns, levels, grid_charge_kwh, bounds, strict=True
        )
    ]
    for slot, action, power_kw in manual_powers(df):
        most_kwh, control = power_kw * SLOT_HOURS, controls[slot]
        if action == "charge":
            bought_kwh = min(control.grid_charge_kwh, most_kwh)
            controls[slot] = control._replace(grid_charge_kwh=bought_kwh)
        elif action == "export":
            controls[slot] = control._replace(sale_kwh=most_kwh)
    return controls


def manual_powers(df: pl.DataFrame) -> list[tuple[int, str, float]]:
    """Return slot, action and power (kW) of every manual slot whose power was given."""
    if df["manual_power_kw"].null_count() == df.height:
        return []
    given = zip(*lists(df, "manual_action", "manual_power_kw"), strict=True)
    return [
        (slot, action, power_kw)
        for slot, (action, power_kw) in enumerate(given)
        if action is not None and power_kw is not None
    ]
