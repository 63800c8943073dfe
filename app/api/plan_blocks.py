"""The plan folded into blocks that people can read."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from app.api.schemas import ScheduleOut, SlotOut

ACTIONS = {
    "charge": "Charging",
    "discharge": "Using the battery",
    "hold": "Holding",
    "export": "Selling",
    "pv_charge": "Storing sun",
}
LETTERS = {"charge": "C", "discharge": "D", "hold": "H", "export": "X", "pv_charge": "S"}


@dataclass(frozen=True, slots=True)
class BlockView:
    """A run of slots with one action; ``day`` is set on the first block of a day."""

    day: str
    span: str
    word: str
    letter: str
    action: str
    power: str
    price: str
    soc: str
    cost: str
    why: str
    is_past: bool


def blocks(plan: ScheduleOut | None, now: datetime, zone: ZoneInfo) -> tuple[BlockView, ...]:
    """Fold neighbouring slots of one day with the same action and heater state."""
    result: list[BlockView] = []
    day_before = None
    slots = plan.schedule if plan else []
    for (day, word, water), members in groupby(
        slots,
        key=lambda s: (s.slot_start.astimezone(zone).date(), s.classification, s.water_kw > 0),
    ):
        block = list(members)
        heading = f"{day:%A %-d %B}" if day != day_before else ""
        result.append(_block(block, heading, word, water=water, now=now, zone=zone))
        day_before = day
    return tuple(result)


def _block(
    block: list[SlotOut], heading: str, word: str, *, water: bool, now: datetime, zone: ZoneInfo
) -> BlockView:
    low = min(s.import_price_per_kwh for s in block)
    high = max(s.import_price_per_kwh for s in block)
    power = max(max(s.charge_kw, s.discharge_kw) for s in block)
    heat = f" + water {block[0].water_kw:g} kW" if water else ""
    first, last = block[0].slot_start.astimezone(zone), block[-1].slot_end.astimezone(zone)
    return BlockView(
        day=heading,
        # The zone's name tells the two 02:15 of the autumn night apart.
        span=f"{first:%H:%M}\u2013{last:%H:%M}"
        + (f" {first.tzname()}" if first.utcoffset() != last.utcoffset() or first.fold else ""),
        word=word,
        letter=LETTERS[word],
        action=ACTIONS[word] + heat,
        power=f"{power:.1f} kW" if power else "\u2013",
        price=f"{low:.2f}" if high - low < 0.005 else f"{low:.2f}\u2013{high:.2f}",  # noqa: PLR2004 - half a cent
        soc=f"{block[-1].soc_projected:.0f} %",
        cost=f"{sum(s.planned_cost for s in block):.2f}".replace("-", "\u2212"),
        why=block[0].reason_text,
        is_past=block[-1].slot_end <= now,
    )
