"""What the home's local day costs by the plan, and what it would cost with the battery idle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.api.schemas import ScheduleOut, SlotOut
from app.clock import local_day, local_midnight
from app.frames import SLOT_HOURS


def slots_of_today(plan: ScheduleOut | None, now: datetime, zone: ZoneInfo) -> list[SlotOut]:
    """Return the plan's slots of the local day, the past ones as they were planned."""
    day = local_day(now, zone)
    start, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
    return [slot for slot in (plan.schedule if plan else []) if start <= slot.slot_start < end]


def idle_cost(slots: Sequence[SlotOut], *, can_curtail: bool) -> float:
    """Return what these slots would cost with the battery idle: same load, water and sun."""
    return sum(_idle_cost(slot, can_curtail=can_curtail) for slot in slots)


def _idle_cost(slot: SlotOut, *, can_curtail: bool) -> float:
    net_kwh = slot.planned_load_kwh + slot.water_kw * SLOT_HOURS - slot.planned_pv_kwh
    if net_kwh >= 0:
        return net_kwh * slot.import_price_per_kwh
    # Where selling costs money, an inverter that can throttle its panels does.
    price = slot.export_price_per_kwh
    return net_kwh * (max(0.0, price) if can_curtail else price)
