"""What the home's local day costs by the plan, and what it would cost with the battery idle."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from app.core.clock import local_day, local_midnight
from app.core.frames import SLOT_HOURS
from app.service.schemas.plan import ScheduleOut, SlotOut
from app.settings import Settings


def slots_of_today(plan: ScheduleOut | None, now: datetime, zone: ZoneInfo) -> list[SlotOut]:
    """Return the plan's slots of the local day, the past ones as they were planned."""
    day = local_day(now, zone)
    start, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
    return [slot for slot in (plan.schedule if plan else []) if start <= slot.slot_start < end]


@dataclass(frozen=True, slots=True)
class Home:
    """What the day's money needs to know of the home."""

    can_curtail_pv: bool = True
    roundtrip_efficiency_percent: float = 100

    @classmethod
    def of(cls, settings: Settings) -> "Home":
        """Take it from the settings."""
        return cls(
            can_curtail_pv=settings.inverter.can_curtail_pv,
            roundtrip_efficiency_percent=settings.battery.roundtrip_efficiency_percent,
        )


@dataclass(frozen=True, slots=True)
class Saving:
    """What a day saves against an idle battery, in currency.

    ``stored_kwh`` is what the battery holds more at the day's end than at its start (below zero:
    less); it counts at ``value_per_kwh``, what a stored kWh is then worth.
    """

    money: float
    stored_kwh: float
    value_per_kwh: float


def saving(slots: Sequence[SlotOut], home: Home) -> Saving:
    """Return what these slots save; there is at least one."""
    one_way = sqrt(home.roundtrip_efficiency_percent / 100)
    stored_kwh = SLOT_HOURS * sum(
        slot.charge_kw * one_way - slot.discharge_kw / one_way for slot in slots
    )
    value = slots[-1].marginal_value_per_kwh
    paid = idle_cost(slots, can_curtail=home.can_curtail_pv) - sum(s.planned_cost for s in slots)
    return Saving(paid + stored_kwh * value, stored_kwh, value)


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
