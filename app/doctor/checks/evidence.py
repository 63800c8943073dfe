"""What the other meters saw while one stood still."""

from typing import Final

import polars as pl

from app.doctor.checks.entity import Entity
from app.doctor.checks.flows import Flows, implied
from app.doctor.checks.home_balance import AMBER_PERCENT, mismatch_percent
from app.doctor.checks.roles import Kind
from app.settings import Battery

# Less is rounding of many meters.
PASSED_KWH: Final = 1.0
PASSED_KW: Final = 0.1
# The same for a charge level, in percent of the battery.
MOVED_PERCENT: Final = 5.0
BATTERY_OFF_PERCENT: Final = 20.0
# No meter can tell a long winter night from a sensor of the sun that is stuck at zero.
NIGHT_HOURS: Final = 20


def passed(entity: Entity, flows: Flows, battery: Battery, hours: range) -> str:
    """Return in words what passed in these hours and was not seen by ``entity``; empty if nothing.

    The battery is judged by its level, the others by the home's books.
    """
    if entity.role.kind is Kind.LEVEL:
        return _battery_moved(flows, battery, hours)
    flow = next((flow for flow, key in flows.used.items() if key == entity.role.key), None)
    if flow is None or entity.role.kind is not Kind.ENERGY or not hours:
        return ""
    own_kwh = float(_within(flows.frame, hours)[flow].sum())
    if own_kwh > PASSED_KWH / 10 or (flow == "pv_kwh" and len(hours) < NIGHT_HOURS):
        return ""
    if flow in {"charge_kwh", "discharge_kwh"}:
        return _level_moved(flows, flow, hours)
    return (
        _books_miss(flows, flow, own_kwh, hours) if _battery_agrees(flows, battery, hours) else ""
    )


def _within(frame: pl.DataFrame, hours: range) -> pl.DataFrame:
    return frame[hours.start : hours.stop]


def _battery_moved(flows: Flows, battery: Battery, hours: range) -> str:
    moved = _within(flows.frame, hours).select("charge_kwh", "discharge_kwh").sum().row(0)
    kwh = sum(moved)
    enough = kwh * 100 > MOVED_PERCENT * battery.capacity_kwh > 0
    return f"the battery moved {kwh:.1f} kWh" if enough else ""


def _level_moved(flows: Flows, flow: str, hours: range) -> str:
    if flows.level is None:
        return ""
    rise = _within(flows.level, hours)["rise"]
    points = float((rise if flow == "charge_kwh" else -rise).clip(lower_bound=0).sum())
    word = "rose" if flow == "charge_kwh" else "fell"
    return f"the battery's level {word} by {points:.0f} %" if points > 2 * MOVED_PERCENT else ""


def _battery_agrees(flows: Flows, battery: Battery, hours: range) -> bool:
    """Tell whether level and meters of the battery agree; losses and rounding aside."""
    if flows.level is None or not battery.capacity_kwh:
        return True
    points = (pl.col("charge_kwh") - pl.col("discharge_kwh")) * 100 / battery.capacity_kwh
    both = flows.frame.select(points=points).with_columns(flows.level["rise"])
    off = _within(both, hours).select((pl.col("points") - pl.col("rise")).abs()).to_series()
    return float(off.sum()) < BATTERY_OFF_PERCENT


def _books_miss(flows: Flows, flow: str, own_kwh: float, hours: range) -> str:
    others = implied(flows.frame, flow)[hours.start : hours.stop].sum()
    missing_kwh = float(others) - own_kwh
    if missing_kwh < max(PASSED_KWH, PASSED_KW * len(hours)):
        return ""
    # Books that never agree have another fault: this meter need not be the one.
    outside = pl.concat([flows.frame[: hours.start], flows.frame[hours.stop :]])
    agree = mismatch_percent(outside) <= AMBER_PERCENT
    return f"the other meters say that {missing_kwh:.1f} kWh passed" if agree else ""
