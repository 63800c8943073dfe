"""The ways of running a slot whose cost is not convex, each with terms of its own.

Three kinds of slot have more than one: where selling pays more than buying costs, either of the two
happens and never both; where using power is paid for, burning it in and out of the battery would
gain, and a slot charges or draws; where the feed-in limit takes off one's hands what selling would
have to be paid for, the sun beyond it is free to store and the rest is not.
"""

from collections.abc import Sequence
from math import inf

from app.planner.model import terms as engine_terms
from app.planner.model.context import Context
from app.planner.model.energy_value import Piece, SlotTerms
from app.planner.model.levels import BUY, HOUSE, SALE, WATER
from app.planner.model.manual import BATTERY_ACTIONS
from app.planner.model.terms import Rules, SlotInput

Ways = tuple[SlotTerms, ...]
_FORCED_PRICES = 4
"""What a way must do is worth so many times what keeping the fuse whole is."""
_TINY = 1e-9
_NEVER: Piece = (inf, 0.0)


def ways_of(
    rows: Sequence[SlotInput], water_kwh: Sequence[float], base: Sequence[SlotTerms], ctx: Context
) -> list[Ways]:
    """Return the ways of every slot, given its terms as planned with the lower sale price.

    Where those are exact they are the only way.
    """
    rules = engine_terms.rules_of(rows, ctx, ctx.limits)
    arbitrage, thresholds = ctx.settings.arbitrage, ctx.settings.decision_thresholds
    buffer = (
        arbitrage.future_price_guard_buffer_per_kwh if arbitrage.export_future_price_guard else 0.0
    )
    margins = (
        thresholds.battery_use_margin_per_kwh,
        thresholds.battery_water_margin_per_kwh,
        arbitrage.export_profit_margin_per_kwh + buffer,
    )
    return [
        _Slot(row, heat_kwh, terms, rules, margins).ways()
        for row, heat_kwh, terms in zip(rows, water_kwh, base, strict=True)
    ]


def are_single(rows: Sequence[SlotInput], ctx: Context) -> bool:
    """Say whether prices alone tell that every slot has one way: those of most homes do."""
    curtails = ctx.limits.can_curtail
    return all(
        row.import_price >= max(row.export_price, 0.0) and (curtails or row.export_price >= 0)
        for row in rows
    )


class _Slot:
    """One slot: its net load, its prices, and its terms as planned with the lower sale price."""

    def __init__(
        self,
        row: SlotInput,
        heat_kwh: float,
        base: SlotTerms,
        rules: Rules,
        margins: tuple[float, float, float],
    ) -> None:
        self.row, self.heat_kwh, self.base, self.rules = row, heat_kwh, base, rules
        self.margins = margins
        self.limits = limits = rules.limits
        net_kwh = row.load_kwh + heat_kwh - row.pv_kwh
        self.demand_kwh, self.surplus_kwh = max(0.0, net_kwh), max(0.0, -net_kwh)
        # What surplus earns: nothing where it is thrown away instead of sold at a loss.
        self.sale_price = max(0.0, row.export_price) if limits.can_curtail else row.export_price
        self.forced_value = _FORCED_PRICES * max(1.0, rules.relief_value)

    def ways(self) -> Ways:
        """Return the ways, the terms as they are where they are exact."""
        if self.row.action in BATTERY_ACTIONS:
            return (self.base,)
        sells_dear = self.sale_price > self.row.import_price + _TINY
        burns = self._worth(0) > self.row.import_price / self.limits.efficiency + _TINY
        spills = (
            self.row.export_price < 0
            and not self.limits.can_curtail
            and self.surplus_kwh > self.limits.export_kwh + _TINY
        )
        if not (sells_dear or (burns and self.demand_kwh > 0) or spills):
            return (self.base,)
        found = [*self._buying(burns=burns, forces=sells_dear)]
        if sells_dear and (self.surplus_kwh > 0 or self._may_sell()):
            found.append(self._selling())
        if spills:
            if not sells_dear:
                found.clear()
            else:
                found.pop()
            found += self._beyond_the_limit()
        return tuple(found) or (self.base,)

    def _worth(self, use: int, price: float | None = None) -> float:
        """Return what a stored kWh brings in a use, at the slot's own prices."""
        if price is None:
            price = self.row.export_price if use == SALE else self.row.import_price
        return (price - self.margins[use]) * self.limits.efficiency - self.limits.wear_per_kwh

    def _may_sell(self) -> bool:
        heats = self.row.is_cheap and self.heat_kwh > 0 and not self.rules.heats_in_cheap
        return (
            self.row.may_export
            and self.rules.may_discharge
            and not heats
            and self.demand_kwh < self.limits.discharge_kwh - _TINY
        )

    def _buying(self, *, burns: bool, forces: bool) -> list[SlotTerms]:
        """Return the ways on the buying side of the meter: nothing is sold."""
        uses, supplies, idle_cost, _ = self.base
        eff, limits = self.limits.efficiency, self.limits
        if self.surplus_kwh > 0:
            if not forces:
                return [self.base]
            if self.surplus_kwh > limits.charge_kwh:
                return []
            # All the sun is stored, and what is bought comes on top.
            stored_kwh = self.surplus_kwh * eff
            bought_kwh = min(limits.charge_kwh - self.surplus_kwh, limits.import_kwh) * eff
            return [
                SlotTerms(
                    (),
                    ((-self.forced_value, stored_kwh), (self.row.buy_cost, bought_kwh), (0.0, 0.0)),
                    self.forced_value * stored_kwh,
                )
            ]
        if uses:
            house, water, _, relief = uses
            uses = (house, water, (0.0, 0.0), relief)
            if burns:
                house = (self._worth(HOUSE), house[1])
                water = (min(self._worth(WATER), house[0]), water[1])
                drawing = SlotTerms(
                    (house, water, (0.0, 0.0), relief), (_NEVER, _NEVER, (0.0, 0.0)), idle_cost
                )
                only_relief = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), relief)
                return [SlotTerms(only_relief, supplies, idle_cost), drawing]
        return [SlotTerms(uses, supplies, idle_cost)]

    def _selling(self) -> SlotTerms:
        """Return the way on the selling side: nothing is bought, the house is served first."""
        limits, eff = self.limits, self.limits.efficiency
        house_kwh = min(max(0.0, self.row.load_kwh - self.row.pv_kwh), self.demand_kwh)
        sold_kwh = 0.0
        if self._may_sell():
            room_kwh = max(0.0, limits.export_kwh - self.surplus_kwh)
            sold_kwh = min(limits.discharge_kwh - self.demand_kwh, room_kwh)
        uses = (
            (self.forced_value, house_kwh / eff),
            (self.forced_value, (self.demand_kwh - house_kwh) / eff),
            (self._worth(SALE), sold_kwh / eff),
            (self.rules.relief_value, 0.0),
        )
        store_kwh = min(self.surplus_kwh, limits.charge_kwh)
        spilt_kwh = min(max(0.0, self.surplus_kwh - limits.export_kwh), store_kwh)
        supplies = (
            (self.sale_price / eff, (store_kwh - spilt_kwh) * eff),
            _NEVER,
            (0.0, spilt_kwh * eff),
        )
        owed = (self.forced_value + limits.wear_per_kwh) * self.demand_kwh / eff
        earned = min(self.surplus_kwh, limits.export_kwh) * self.sale_price
        return SlotTerms(uses, supplies, owed - earned)

    def _beyond_the_limit(self) -> list[SlotTerms]:
        """Return the ways of sun beyond the feed-in limit while selling costs money."""
        limits, eff = self.limits, self.limits.efficiency
        store_kwh = min(self.surplus_kwh, limits.charge_kwh)
        spilt_kwh = min(self.surplus_kwh - limits.export_kwh, store_kwh)
        idle_cost = -limits.export_kwh * self.sale_price
        found = [SlotTerms((), (_NEVER, _NEVER, (0.0, spilt_kwh * eff)), idle_cost)]
        if store_kwh > spilt_kwh:
            buy = self.base.supplies[BUY] if self.sale_price <= self.row.import_price else _NEVER
            store = (self.sale_price / eff, (store_kwh - spilt_kwh) * eff)
            spill = (-self.forced_value, spilt_kwh * eff)
            found.append(
                SlotTerms((), (store, buy, spill), idle_cost + self.forced_value * spilt_kwh * eff)
            )
        return found
