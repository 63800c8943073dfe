"""What the energy in the battery is for, read off the plan itself.

The value of stored energy (``energy_value``) says what one more kWh is worth, not what becomes of
it: a stair may be a purchase that is saved, a use that a rule then forbade, or one of several at
the same price. What people are told is searched among what the plan really does later on, and of
that the thing whose worth comes nearest to the value.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from app.planner.model import terminal
from app.planner.model.context import Context

NOTICEABLE_KWH = 1e-6
Kind = Literal["use", "sale", "purchase", "left"]


class Purpose(NamedTuple):
    """Something the plan does later that a kWh in the battery is for.

    ``worth_per_kwh`` counts per stored kWh, after losses and wear; ``price_per_kwh`` is what the
    slot's meter counts per AC kWh. Energy left at the end has neither slot nor price.
    """

    worth_per_kwh: float
    kind: Kind
    slot: int | None = None
    price_per_kwh: float | None = None


class Prospects:
    """What every slot of a plan has ahead of it."""

    def __init__(self, rows: Sequence[dict[str, Any]], ctx: Context) -> None:
        """Read the plan once, back to front."""
        floor_kwh = ctx.limits.floor_kwh + NOTICEABLE_KWH
        self._ceiling_kwh = ctx.limits.ceiling_kwh - NOTICEABLE_KWH
        self._rows = rows
        self._limits = ctx.limits
        self._left = Purpose(terminal.marginal_value_per_kwh(rows[-1]["soc_end_kwh"], ctx), "left")
        # Until when what is stored at the end of a slot is not used up; the last slot's is left.
        self._empty_at: list[int | None] = [None] * len(rows)
        empty: int | None = None
        for slot in range(len(rows) - 1, -1, -1):
            self._empty_at[slot] = empty
            if rows[slot]["soc_end_kwh"] <= floor_kwh:
                empty = slot
        self._uses = [self._use(slot) for slot in range(len(rows))]

    def of(self, slot: int) -> list[Purpose]:
        """Return what energy in the battery at the end of a slot is for, in order of time."""
        if self._rows[slot]["soc_end_kwh"] <= self._limits.floor_kwh + NOTICEABLE_KWH:
            return []
        empty = self._empty_at[slot]
        ends = len(self._rows) if empty is None else empty + 1
        found = []
        # A battery that was full meanwhile would have bought the same later on.
        is_full = False
        for later in range(slot + 1, ends):
            use = self._uses[later]
            if use is not None and not (use.kind == "purchase" and is_full):
                found.append(use)
            is_full = is_full or self._rows[later]["soc_end_kwh"] >= self._ceiling_kwh
        return found if empty is not None else [*found, self._left]

    def _use(self, slot: int) -> Purpose | None:
        """Return what the plan does in a slot with a kWh that was kept for it."""
        row, limits = self._rows[slot], self._limits
        word = row["classification"]
        if word == "charge":
            price = row["import_price_per_kwh"]
            return Purpose(price / limits.efficiency, "purchase", slot, price)
        if word not in {"discharge", "export"}:
            return None
        # Where the battery serves the house and sells, the last kWh is the one that is sold.
        is_sale = word == "export"
        price = row["export_price_per_kwh" if is_sale else "import_price_per_kwh"]
        worth = price * limits.efficiency - limits.wear_per_kwh
        return Purpose(worth, "sale" if is_sale else "use", slot, price)


def nearest(purposes: Sequence[Purpose], value_per_kwh: float) -> Purpose | None:
    """Return the purpose whose worth comes nearest to a value, the earliest of equals."""
    return min(purposes, key=lambda each: abs(each.worth_per_kwh - value_per_kwh), default=None)
