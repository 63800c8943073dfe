"""The plan folded into blocks that people can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from app.service.schemas.plan import ScheduleOut, SlotOut
from app.wording import i18n, words
from app.wording.i18n import _, marked

ACTIONS = {
    "charge": marked("Charging"),
    "discharge": marked("Using the battery"),
    "hold": marked("Holding"),
    "export": marked("Selling"),
    "pv_charge": marked("Storing sun"),
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
    is_now: bool


@dataclass(frozen=True, slots=True)
class BlocksView:
    """The blocks that are over, and the ones that run or are to come."""

    earlier: tuple[BlockView, ...]
    ahead: tuple[BlockView, ...]


def action(slot: SlotOut) -> str:
    """Say what a slot does with the battery and the heater."""
    said = _(ACTIONS[slot.classification])
    return _("{action}, heating water", action=said) if slot.water_kw > 0 else said


def why(slot: SlotOut) -> str:
    """Say why a slot does what it does."""
    return words.reason(
        slot.reason, slot.reason_params, slot.reason_text, heats_water=slot.water_kw > 0
    )


def block_why(block: Sequence[SlotOut], now: datetime, zone: ZoneInfo) -> str:
    """Say why a block does what it does, with figures that are the block's.

    The reason that holds is the one of the slot in progress, else of the first. Where it holds for
    a part of the block only, the sentence says for which.
    """
    at = next((i for i, slot in enumerate(block) if slot.slot_start <= now < slot.slot_end), 0)
    first, last = at, at
    shape = _shape(block[at])
    while shape and first > 0 and _shape(block[first - 1]) == shape:
        first -= 1
    while shape and last + 1 < len(block) and _shape(block[last + 1]) == shape:
        last += 1
    run = block[first : last + 1]
    said = (
        words.reason_of_run(
            run[0].reason, [slot.reason_params for slot in run], heats_water=run[0].water_kw > 0
        )
        if shape
        else why(block[at])
    )
    if len(run) == len(block):
        return said
    start, end = words.hhmm(run[0].slot_start, zone), words.hhmm(run[-1].slot_end, zone)
    return _("{start} to {end}: {reason}", start=start, end=end, reason=said)


def _shape(slot: SlotOut) -> tuple[str, ...]:
    return words.reason_shape(slot.reason, slot.reason_params, heats_water=slot.water_kw > 0)


def kind(slot: SlotOut) -> tuple[str, bool, bool]:
    """Return what the slots of a block share: action, heater, and whether you asked for it."""
    return slot.classification, slot.water_kw > 0, slot.is_manual


def blocks(plan: ScheduleOut | None, now: datetime, zone: ZoneInfo) -> BlocksView:
    """Fold neighbouring slots of one day and ``kind``."""
    folded = [
        list(members)
        for _, members in groupby(
            plan.schedule if plan else [],
            key=lambda slot: (slot.slot_start.astimezone(zone).date(), *kind(slot)),
        )
    ]
    return BlocksView(
        earlier=_views([block for block in folded if block[-1].slot_end <= now], now, zone),
        ahead=_views([block for block in folded if block[-1].slot_end > now], now, zone),
    )


def _views(folded: Sequence[list[SlotOut]], now: datetime, zone: ZoneInfo) -> tuple[BlockView, ...]:
    result, day_before = [], None
    for block in folded:
        day = block[0].slot_start.astimezone(zone).date()
        heading = i18n.dated(day, "EEEE d MMMM") if day != day_before else ""
        result.append(_block(block, heading, now, zone))
        day_before = day
    return tuple(result)


def _block(block: list[SlotOut], heading: str, now: datetime, zone: ZoneInfo) -> BlockView:
    prices = [slot.import_price_per_kwh for slot in block]
    power = max(max(slot.charge_kw, slot.discharge_kw) for slot in block)
    first, last = block[0], block[-1]
    return BlockView(
        day=heading,
        span=f"{words.hhmm(first.slot_start, zone)}\u2013{words.hhmm(last.slot_end, zone)}",
        word=first.classification,
        letter=LETTERS[first.classification],
        action=action(first),
        power=words.amount(power, "kW", 1) if power else "\u2013",
        price=words.between(min(prices), max(prices)),
        soc=words.amount(last.soc_projected, "%"),
        cost=words.number(sum(slot.planned_cost for slot in block)),
        why=block_why(block, now, zone),
        is_now=first.slot_start <= now < last.slot_end,
    )
