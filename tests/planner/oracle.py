"""An independent optimum: the same home as a mixed-integer programme, solved by HiGHS.

It shares nothing with the planner but the settings: every flow is a variable, every rule a row.
Used only to check the planner, which must reach the same cost without a solver.
"""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import highspy
import polars as pl

from app.frames import SLOT_HOURS
from app.planner.context import Context

GAP = 1e-7


def optimum(
    slots: pl.DataFrame,
    ctx: Context,
    *,
    water_days: Sequence[tuple[Sequence[int], int]] = (),
    end_value_per_kwh: float,
) -> float:
    """Return the least cost of the horizon, stored energy credited at ``end_value_per_kwh``.

    ``water_days`` lists, per day, the slots that may heat for it and how many it needs at least.
    """
    model = _Model(slots, ctx)
    for window, needed in water_days:
        model.heat(list(window), needed)
    return model.solve(end_value_per_kwh)


class _Model:
    def __init__(self, slots: pl.DataFrame, ctx: Context) -> None:
        self.slots, self.ctx = slots, ctx
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's signature
        self.solver.setOptionValue("mip_rel_gap", GAP)
        self.solver.setOptionValue("threads", 1)
        battery, inverter = ctx.settings.battery, ctx.settings.inverter
        self.one_way = math.sqrt(battery.roundtrip_efficiency_percent / 100)
        self.in_kwh = min(battery.max_charge_kw, inverter.max_power_kw) * SLOT_HOURS
        self.out_kwh = min(battery.max_discharge_kw, inverter.max_power_kw) * SLOT_HOURS
        self.low = battery.capacity_kwh * battery.min_soc_percent / 100
        self.high = battery.capacity_kwh * battery.max_soc_percent / 100
        self.start = battery.capacity_kwh * ctx.home.soc_percent / 100
        self.water = [None] * slots.height
        self.cost = 0.0
        self.rows = slots.to_dicts()

    def heat(self, window: list[int], needed: int) -> None:
        """Make the heater run in whole slots and few true blocks on one day."""
        add = self.solver.addBinary
        on = {slot: add() for slot in window}
        begins = {slot: add() for slot in window}
        for slot in window:
            before = on.get(slot - 1)
            self.solver.addConstr(
                begins[slot] >= (on[slot] if before is None else on[slot] - before)
            )
            held = self.water[slot]
            self.water[slot] = on[slot] if held is None else held + on[slot]
            if held is not None:
                self.solver.addConstr(self.water[slot] <= 1)
        self.solver.addConstr(sum(on.values()) >= needed)
        self.solver.addConstr(
            sum(begins.values()) <= self.ctx.settings.water_heating.max_blocks_per_day
        )

    def solve(self, end_value_per_kwh: float) -> float:
        stored = self.start
        for index, row in enumerate(self.rows):
            stored = self._slot(index, row, stored)
        self.cost -= (stored - self.start) * end_value_per_kwh
        self.solver.minimize(self.cost)
        assert self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(self.solver.getObjectiveValue())

    def _slot(self, index: int, row: dict[str, Any], stored: object) -> object:
        solver, grid = self.solver, self.ctx.settings.grid
        import_kwh, export_kwh = grid.max_import_kw * SLOT_HOURS, grid.max_export_kw * SLOT_HOURS
        heat_kwh = self.ctx.settings.water_heating.power_kw * SLOT_HOURS
        water = 0.0 if self.water[index] is None else heat_kwh * self.water[index]
        charge = solver.addVariable(lb=0, ub=self.in_kwh)
        discharge = solver.addVariable(lb=0, ub=self.out_kwh)
        bought = solver.addVariable(lb=0, ub=import_kwh)
        sold = solver.addVariable(lb=0, ub=export_kwh)
        thrown = solver.addVariable(lb=0, ub=row["pv_kwh"])
        after = solver.addVariable(lb=self.low, ub=self.high)
        charging, importing = solver.addBinary(), solver.addBinary()
        solver.addConstr(charge <= self.in_kwh * charging)
        solver.addConstr(discharge <= self.out_kwh * (1 - charging))
        if row["manual_action"] == "hold":
            # Nothing out of the battery, and nothing in but the sun the house leaves.
            solver.addConstr(discharge <= 0)
            solver.addConstr(charge <= max(0.0, row["pv_kwh"] - row["load_kwh"]))
        solver.addConstr(bought <= import_kwh * importing)
        solver.addConstr(sold <= export_kwh * (1 - importing))
        # Power is not thrown away on one side of the meter while it is bought on the other.
        solver.addConstr(thrown <= row["pv_kwh"] * (1 - importing))
        if not self.ctx.settings.inverter.can_curtail_pv:
            # Only what the feed-in limit leaves no room for is lost.
            full = solver.addBinary()
            solver.addConstr(thrown <= row["pv_kwh"] * full)
            solver.addConstr(sold >= export_kwh * full)
        solver.addConstr(
            bought + row["pv_kwh"] + discharge == row["load_kwh"] + water + charge + sold + thrown
        )
        solver.addConstr(after == stored + charge * self.one_way - discharge * (1 / self.one_way))
        wear = self.ctx.settings.battery.wear_cost_per_kwh / self.one_way
        self.cost += (
            bought * row["import_price_per_kwh"]
            - sold * row["export_price_per_kwh"]
            + discharge * wear
        )
        return after


def water_days(starts: Sequence[date], needed: dict[date, int]) -> list[tuple[list[int], int]]:
    """Return each day's own slots with how many of them must heat."""
    return [
        ([slot for slot, day in enumerate(starts) if day == wanted], count)
        for wanted, count in needed.items()
    ]
