"""What an appliance costs at every start it may have, with the battery planned around it.

The price of a slot is not what a kWh costs there: it may come from sun that would have been sold,
or from the battery, which then lacks it in a dearer hour or buys it back in a cheaper one. So every
start is priced by the exact value of stored energy (``energy_value``): the least cost of the
horizon with the load added, less the least cost without it. Only the slots under the appliance
change, and the curves before and after them are shared by all starts: 0.1 ms a start instead of a
plan.

The owner's limits and gates hold, margins and the safety factor do not count: they say when a gain
is worth the trouble and are not paid. The heater stays where the plan has it and manual slots count
as free, so where a new plan would move the heat, the appliance is a little cheaper than said.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.core.frames import SLOT_HOURS
from app.planner.model import terminal, worth
from app.planner.model import terms as engine_terms
from app.planner.model.context import Context, SafetyFactor
from app.planner.model.energy_value import (
    Curve,
    SlotTerms,
    cost_so_far,
    cost_to_go,
    least_cost,
    step_back,
)
from app.planner.run import Plan

_TINY = 1e-9
_NOT_PAID = {
    "decision_thresholds": ("battery_use_margin_per_kwh", "battery_water_margin_per_kwh"),
    "arbitrage": ("export_profit_margin_per_kwh", "future_price_guard_buffer_per_kwh"),
}


class PricedSlot(NamedTuple):
    """One slot under the appliance: its energy, how much of it is the sun's surplus, its cost.

    Energies in kWh, ``cost`` in currency: what the slots up to this one cost more than those
    before it, so that they add up to the cost of the start.
    """

    slot: int
    kwh: float
    from_surplus_kwh: float
    cost: float


@dataclass(frozen=True, slots=True)
class Load:
    """An appliance: its energy in every slot it runs, kWh; constant power, the last slot's rest."""

    kwh: tuple[float, ...]

    @property
    def total_kwh(self) -> float:
        """All it takes, kWh."""
        return sum(self.kwh)


def load_of(*, kwh: float, hours: float) -> Load:
    """Return the load of ``kwh`` taken evenly over ``hours``."""
    per_slot = kwh / hours * SLOT_HOURS
    whole = math.floor(hours / SLOT_HOURS + _TINY)
    rest = kwh - whole * per_slot
    return Load((*[per_slot] * whole, *([rest] if rest > _TINY * kwh else [])))


def _as_paid(ctx: Context) -> Context:
    """Return the context with what uses must earn beyond their cost set to nothing."""
    groups = {
        name: getattr(ctx.settings, name).model_copy(update=dict.fromkeys(margins, 0.0))
        for name, margins in _NOT_PAID.items()
    }
    return replace(ctx, settings=ctx.settings.model_copy(update=groups), safety=SafetyFactor())


class BestTime:
    """Prices the starts of appliances in one plan, from its slot ``first`` on."""

    def __init__(self, plan: Plan, *, first: int) -> None:
        """Build the curves of the plan's slots: about as much computing as a tenth of a plan."""
        self.first, self.count = first, plan.frame.height
        ctx, frame = _as_paid(plan.ctx), plan.frame
        self._ctx = ctx
        self._rows = engine_terms.inputs_of(frame.with_columns(*worth.values(ctx)))
        self._water: list[float] = frame["water_kwh"].to_list()
        self._import_prices: list[float] = frame["import_price_per_kwh"].to_list()
        self._terms = self._with(0.0)
        last = terminal.end_curve(ctx)
        start = Curve(frame["soc_start_kwh"][first], 0.0, ())
        self._to_go = cost_to_go(self._terms, last)
        self._so_far = cost_so_far(self._terms, start, band=last, start=first)
        self._least = self._least_cost(first, self._to_go[first])

    def starts(self, load: Load) -> range:
        """Return the slots at which the appliance could start and still end in the horizon."""
        return range(self.first, self.count - len(load.kwh) + 1)

    def fits(self, load: Load, start: int) -> bool:
        """Say whether the main fuse carries the appliance without the battery's help."""
        limit_kwh = self._ctx.limits.import_kwh + _TINY
        return all(
            self._demand_kwh(slot) + kwh <= limit_kwh for slot, kwh in enumerate(load.kwh, start)
        )

    def costs(self, load: Load) -> dict[int, float]:
        """Return what each start costs more than no appliance, in currency; those that fit."""
        added = self._added(load)
        return {
            start: self._cost(load, start, added)
            for start in self.starts(load)
            if self.fits(load, start)
        }

    def spot_costs(self, load: Load) -> dict[int, float]:
        """Return what each start that fits would cost at import prices alone."""
        return {
            start: sum(
                kwh * price
                for kwh, price in zip(load.kwh, self._import_prices[start:], strict=False)
            )
            for start in self.starts(load)
            if self.fits(load, start)
        }

    def parts(self, load: Load, start: int) -> list[PricedSlot]:
        """Return the slots under the appliance, each with its share of the cost."""
        found: list[PricedSlot] = []
        before = 0.0
        for index, kwh in enumerate(load.kwh):
            part = Load(load.kwh[: index + 1])
            cost = self._cost(part, start, self._added(part))
            surplus_kwh = max(0.0, -self._demand_kwh(start + index))
            found.append(PricedSlot(start + index, kwh, min(kwh, surplus_kwh), cost - before))
            before = cost
        return found

    def _demand_kwh(self, slot: int) -> float:
        row = self._rows[slot]
        return row.load_kwh + self._water[slot] - row.pv_kwh

    def _with(self, kwh: float) -> list[SlotTerms]:
        """Return what every slot offers with ``kwh`` more load."""
        rows = [row._replace(load_kwh=row.load_kwh + kwh) for row in self._rows]
        offered = engine_terms.terms(rows, self._water, self._ctx, may_buy=[True] * len(rows))
        # Forced both ways, before and after a slot, the curves would not fit each other.
        return [slot._replace(forced=False) for slot in offered]

    def _added(self, load: Load) -> dict[float, Sequence[SlotTerms]]:
        """Return the terms for each amount the appliance takes in a slot: two at most."""
        return {kwh: self._with(kwh) for kwh in set(load.kwh)}

    def _cost(self, load: Load, start: int, added: dict[float, Sequence[SlotTerms]]) -> float:
        end = start + len(load.kwh)
        after = self._to_go[end]
        segments, low_cost = list(after.segments), after.low_cost
        for slot in range(end - 1, start - 1, -1):
            low_cost += step_back(segments, added[load.kwh[slot - start]][slot], slot)
        before = Curve(after.low_kwh, low_cost, tuple(segments))
        return self._least_cost(start, before) - self._least

    def _least_cost(self, slot: int, to_go: Curve) -> float:
        return least_cost(
            self._so_far[slot - self.first],
            to_go.segments,
            low_kwh=to_go.low_kwh,
            low_cost=to_go.low_cost,
        )
