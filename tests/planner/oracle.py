"""An independent optimum: the same home as a mixed-integer programme, solved by HiGHS.

It shares nothing with the planner but the settings: every flow is a variable, every rule a row.
Used only to check the planner, which must reach the same cost without a solver.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import highspy
import polars as pl

from app.core.frames import SLOT_HOURS
from app.planner.model.context import Context

GAP = 1e-7
_MISSED_HEAT = 1000.0
"""What a slot of heat that is not delivered costs in the programme: more than any day's money."""
_OVERLOAD = 100.0
"""What a kWh beyond the main fuse costs in the programme; only the house itself may take it."""
_ENDED = {
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kSolutionLimit,
    highspy.HighsModelStatus.kInterrupt,
}


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best plan found and what is proven of it, in currency.

    No plan costs less than ``bound``. ``missed_slots`` of heat cannot be delivered, and the house
    takes ``overload_kwh`` beyond the main fuse whatever the battery does.
    """

    cost: float
    bound: float
    missed_slots: int
    overload_kwh: float


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
    found = solved(slots, ctx, water_days=water_days, end_value_per_kwh=end_value_per_kwh)
    assert found.missed_slots == 0
    return found.cost


def solved(
    slots: pl.DataFrame,
    ctx: Context,
    *,
    water_days: Sequence[tuple[Sequence[int], int]] = (),
    end_value_per_kwh: float,
    gap: float = GAP,
    most_nodes: int | None = None,
) -> Optimum:
    """Return the optimum and what it cannot do; the search may be cut short after nodes."""
    model = _Model(slots, ctx)
    model.solver.setOptionValue("mip_rel_gap", gap)
    if most_nodes is not None:
        model.solver.setOptionValue("mip_max_nodes", most_nodes)
    for window, needed in water_days:
        model.heat(list(window), needed)
    return model.solve(end_value_per_kwh)


class _Model:
    def __init__(self, slots: pl.DataFrame, ctx: Context) -> None:
        self.slots, self.ctx = slots, ctx
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's signature
        self.solver.setOptionValue("threads", 1)
        battery, inverter = ctx.settings.battery, ctx.settings.inverter
        self.one_way = math.sqrt(battery.roundtrip_efficiency_percent / 100)
        self.in_kwh = min(battery.max_charge_kw, inverter.max_power_kw) * SLOT_HOURS
        self.out_kwh = min(battery.max_discharge_kw, inverter.max_power_kw) * SLOT_HOURS
        self.low = battery.capacity_kwh * battery.min_soc_percent / 100
        self.high = battery.capacity_kwh * battery.max_soc_percent / 100
        self.start = battery.capacity_kwh * ctx.home.soc_percent / 100
        self.water = [None] * slots.height
        self.cost: Any = 0.0
        self.missed: list[Any] = []
        self.over: list[Any] = []
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
        missed = self.solver.addVariable(lb=0, ub=needed)
        self.missed.append(missed)
        self.solver.addConstr(sum(on.values()) + missed >= needed)
        rules = self.ctx.settings.water_heating
        if not self.ctx.judged_water_rules:
            # Where using power is paid for the tank takes more, but not without end.
            most_kwh = rules.max_kwh_per_day or 2 * rules.min_kwh_per_day
            most = math.floor(most_kwh / (rules.power_kw * SLOT_HOURS) + 1e-9)
            self.solver.addConstr(sum(on.values()) <= max(needed, most))
        self.solver.addConstr(sum(begins.values()) <= rules.max_blocks_per_day)

    def solve(self, end_value_per_kwh: float) -> Optimum:
        stored = self.start
        for index, row in enumerate(self.rows):
            stored = self._slot(index, row, stored)
        self.cost -= (stored - self.start) * end_value_per_kwh
        penalty = sum(self.missed) * _MISSED_HEAT + sum(self.over) * _OVERLOAD
        self.solver.minimize(self.cost + penalty)
        assert self.solver.getModelStatus() in _ENDED, self.solver.getModelStatus()
        missed, over = (sum(map(self.solver.val, each)) for each in (self.missed, self.over))
        extra = missed * _MISSED_HEAT + over * _OVERLOAD
        info = self.solver.getInfo()
        reached = info.objective_function_value
        bound = info.mip_dual_bound if any(self.solver.getLp().integrality_) else reached
        return Optimum(reached - extra, bound - extra, round(missed), over)

    def _slot(self, index: int, row: dict[str, Any], stored: object) -> object:
        solver, grid = self.solver, self.ctx.settings.grid
        import_kwh, export_kwh = grid.max_import_kw * SLOT_HOURS, grid.max_export_kw * SLOT_HOURS
        heat_kwh = self.ctx.settings.water_heating.power_kw * SLOT_HOURS
        heats = self.water[index]
        water = 0.0 if heats is None else heat_kwh * heats
        alone_kwh = max(0.0, row["load_kwh"] - row["pv_kwh"] - import_kwh)
        charge = solver.addVariable(lb=0, ub=self.in_kwh)
        discharge = solver.addVariable(lb=0, ub=self.out_kwh)
        bought = solver.addVariable(lb=0, ub=import_kwh + alone_kwh)
        over = solver.addVariable(lb=0, ub=alone_kwh)
        # The sun serves the house first: only what that leaves may be thrown away.
        net_kwh = row["load_kwh"] - row["pv_kwh"]
        demand, spare = _part(net_kwh, heat_kwh, heats), _part(-net_kwh, -heat_kwh, heats)
        sold = solver.addVariable(lb=0, ub=export_kwh)
        thrown = solver.addVariable(lb=0, ub=max(0.0, -net_kwh))
        if heats is not None:
            solver.addConstr(thrown <= spare)
        after = solver.addVariable(lb=self.low, ub=self.high)
        self.over.append(over)
        solver.addConstr(bought <= import_kwh + over)
        if heats is not None and alone_kwh > 0:
            # The house alone may exceed the fuse, the heater may not add to that.
            solver.addConstr(over <= alone_kwh * (1 - heats))
        if row["export_price_per_kwh"] <= 0:
            # The battery never sells at a loss: it serves what the sun leaves, no more.
            solver.addConstr(discharge <= demand)
        if row["manual_action"] == "hold":
            # Nothing out of the battery, and nothing in but the sun the house leaves.
            solver.addConstr(discharge <= 0)
            solver.addConstr(charge <= max(0.0, row["pv_kwh"] - row["load_kwh"]))
        if self._both_ways_may_pay(row):
            charging, importing = solver.addBinary(), solver.addBinary()
            solver.addConstr(charge <= self.in_kwh * charging)
            solver.addConstr(discharge <= self.out_kwh * (1 - charging))
            solver.addConstr(bought <= (import_kwh + alone_kwh) * importing)
            solver.addConstr(sold <= export_kwh * (1 - importing))
            # Power is not thrown away on one side of the meter while it is bought on the other.
            solver.addConstr(thrown <= row["pv_kwh"] * (1 - importing))
        if not self.ctx.settings.inverter.can_curtail_pv:
            # Only what the feed-in limit leaves no room for is lost.
            if row["pv_kwh"] <= export_kwh:
                solver.addConstr(thrown <= 0)
            else:
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

    def _both_ways_may_pay(self, row: dict[str, Any]) -> bool:
        """Say whether power in and out of battery or meter at once could be cheaper.

        It cannot where using power costs at least what giving it away brings: the sum of both
        directions can be taken out of every such plan. Whole numbers only where they are needed.
        """
        price, sale = row["import_price_per_kwh"], row["export_price_per_kwh"]
        return bool(price < 0 or price < sale or sale < 0)


def _part(alone_kwh: float, heat_kwh: float, heats: Any) -> Any:
    """Return the positive part of an energy to which the heater adds when it is on, kWh."""
    if heats is None:
        return max(0.0, alone_kwh)
    return max(0.0, alone_kwh) + (max(0.0, alone_kwh + heat_kwh) - max(0.0, alone_kwh)) * heats


def water_days(starts: Sequence[date], needed: dict[date, int]) -> list[tuple[list[int], int]]:
    """Return each day's own slots with how many of them must heat."""
    return [
        ([slot for slot, day in enumerate(starts) if day == wanted], count)
        for wanted, count in needed.items()
        if count > 0
    ]
