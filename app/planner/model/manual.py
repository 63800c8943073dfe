"""Manual actions as fixed slots: the same passes, with the levels of those slots set by hand."""

from app.planner.model.battery import FORBIDDEN
from app.planner.model.context import Context
from app.planner.model.levels import Levels

BATTERY_ACTIONS = ("charge", "hold", "export")


def target_kwh(action: str, target_percent: float | None, ctx: Context) -> float:
    """Return the stored energy a manual charge or export steers to, kWh."""
    manual, limits = ctx.settings.manual_planning, ctx.limits
    percent = target_percent
    if percent is None:
        percent = (
            manual.charge_target_percent if action == "charge" else manual.export_target_percent
        )
    wanted_kwh = ctx.settings.battery.capacity_kwh * percent / 100
    return min(max(wanted_kwh, limits.floor_kwh), limits.ceiling_kwh)


def apply(
    levels: Levels,
    action: str | None,
    target_percent: float | None,
    ctx: Context,
    *,
    is_cheap: bool,
    reserve_kwh: float,
) -> Levels:
    """Return the levels of a slot under a manual action; ``water`` leaves the battery free.

    ``reserve_kwh`` is what the protective guard would keep; an export may be told to respect it.
    """
    if action not in BATTERY_ACTIONS:
        return levels
    still = levels._replace(
        use_floor_kwh=FORBIDDEN,
        water_floor_kwh=FORBIDDEN,
        export_floor_kwh=FORBIDDEN,
        store_to_kwh=ctx.limits.ceiling_kwh,
        spill_to_kwh=ctx.limits.ceiling_kwh,
        buy_to_kwh=0.0,
    )
    if action == "hold":
        # The sun may charge, where that beats selling it: storing all of it cost 19 SEK on one of
        # sixty generated homes.
        return still._replace(store_to_kwh=levels.store_to_kwh, spill_to_kwh=levels.spill_to_kwh)
    target = target_kwh(action, target_percent, ctx)
    if action == "charge":
        return still._replace(buy_to_kwh=target)
    rules = ctx.settings.manual_planning
    still = still._replace(store_to_kwh=0.0, spill_to_kwh=0.0)
    if not ctx.discharge_allowed or (is_cheap and not rules.override_hold_in_cheap):
        return still
    floor = target if rules.ignore_protective_guard else max(target, reserve_kwh)
    if rules.force_discharge_on_deficit:
        return still._replace(use_floor_kwh=floor, water_floor_kwh=floor, export_floor_kwh=floor)
    # The meter cannot sell while the house buys: where the house is not worth serving, nothing is.
    return still._replace(
        use_floor_kwh=max(floor, levels.use_floor_kwh),
        water_floor_kwh=max(floor, levels.water_floor_kwh),
        export_floor_kwh=floor,
    )
