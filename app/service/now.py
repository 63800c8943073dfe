"""From the plan in force to the compact answer: what counts now, and whether it may be acted on."""

from zoneinfo import ZoneInfo

from app.core.clock import local_day, local_midnight
from app.service.day_money import Home, saving, slots_of_today
from app.service.replies import slot_at
from app.service.schemas.now import SAFE, SAFE_TEXT, NowOut
from app.service.schemas.plan import ScheduleOut, SlotOut, StatusOut
from app.service.services import Services


async def read_now(services: Services) -> NowOut:
    """Read the plan and return what counts at this instant; there always is an answer."""
    return now_of(*await services.overview(), Home.of(services.job.settings))


def now_of(plan: ScheduleOut | None, status: StatusOut, home: Home) -> NowOut:
    """Build the answer; a row that is no longer valid is as good as none."""
    present = slot_at(plan, status.now)
    valid = present if present is not None and status.now < present.valid_until else None
    change = _change(plan, valid)
    zone = ZoneInfo(status.timezone)
    today = slots_of_today(plan, status.now, zone)
    cost = sum(slot.planned_cost for slot in today) if today else None
    meta = plan.meta if plan else None
    return NowOut(
        now=status.now,
        plan_valid=valid is not None,
        valid_until=valid.valid_until if valid else None,
        **_orders(valid, status.safe_default_text),
        slot_start=present.slot_start if present else None,
        slot_end=present.slot_end if present else None,
        **change,
        currency=status.currency,
        import_price_per_kwh=present.import_price_per_kwh if present else None,
        export_price_per_kwh=present.export_price_per_kwh if present else None,
        cost_today=cost,
        saving_today=saving(today, home).money if today else None,
        day_start=local_midnight(local_day(status.now, zone), zone),
        state=status.state,
        planned_at=meta.planned_at if meta else None,
        plan_age_seconds=status.plan_age_seconds,
        plan_run_id=meta.plan_run_id if meta else None,
        optimality_percent=meta.optimality_percent if meta else None,
    )


def _orders(slot: SlotOut | None, why_safe: str) -> dict[str, object]:
    """Return what the battery and the heater are told."""
    if slot is None:
        none = dict.fromkeys(("charge_kw", "discharge_kw", "export_kw", "water_kw"), 0.0)
        return {
            "action": SAFE,
            "reason": "no_valid_plan",
            "reason_text": f"{SAFE_TEXT} ({why_safe})" if why_safe else SAFE_TEXT,
            "is_manual": False,
            "soc_target": None,
            "water_on": False,
            **none,
        }
    return {
        "action": slot.classification,
        "reason": slot.reason,
        "reason_text": slot.reason_text,
        "is_manual": slot.is_manual,
        "soc_target": slot.soc_target,
        "charge_kw": slot.charge_kw,
        "discharge_kw": slot.discharge_kw,
        "export_kw": slot.export_kw,
        "water_kw": slot.water_kw,
        "water_on": slot.water_kw > 0,
    }


def _change(plan: ScheduleOut | None, slot: SlotOut | None) -> dict[str, object]:
    """Return when the action or the heater changes next, and to what."""
    nothing = dict.fromkeys(("next_change_at", "next_action", "next_water_on"))
    if plan is None or slot is None:
        return nothing
    ends = slot.slot_end
    for later in plan.schedule:
        if later.slot_start < ends:
            continue
        if later.slot_start > ends:
            break
        if _is_other(later, slot):
            return {
                "next_change_at": later.slot_start,
                "next_action": later.classification,
                "next_water_on": later.water_kw > 0,
            }
        ends = later.slot_end
    return {"next_change_at": ends, "next_action": SAFE, "next_water_on": False}


def _is_other(one: SlotOut, two: SlotOut) -> bool:
    return (one.classification, one.water_kw > 0) != (two.classification, two.water_kw > 0)
