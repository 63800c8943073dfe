"""Price a plan by physics of its own: what the meter says if the inverter does just this.

Nothing of the planner is used. A plan's powers are taken literally, cut to what battery, inverter
and grid can do, and the flows are priced; every cut is a violation, as is missing hot water.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.bench.scenario import Scenario, ScenarioSlot

TOLERANCE_KWH = 0.01
_HALF_DAY_HOURS = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan costs in the scenario's currency, and the rules it breaks (name to count)."""

    cost: float
    violations: Mapping[str, int]


@dataclass(slots=True)
class _Home:
    """The home while the plan runs through it."""

    scenario: Scenario
    stored_kwh: float
    cost: float = 0.0
    broken: Counter[str] = field(default_factory=Counter)
    heated_kwh: dict[date, float] = field(default_factory=dict)
    blocks: Counter[date] = field(default_factory=Counter)
    heating_day: date | None = None

    @property
    def hours(self) -> float:
        return self.scenario.slot_minutes / 60

    def cut(self, rule: str, wanted_kwh: float, possible_kwh: float) -> float:
        """Return what is possible of the wanted energy; more than a rounding is a violation."""
        if wanted_kwh > possible_kwh + TOLERANCE_KWH:
            self.broken[rule] += 1
        return min(wanted_kwh, max(0.0, possible_kwh))


def judge(scenario: Scenario, plan: Mapping[str, Any]) -> Verdict:
    """Run a plan (``slots`` with ``start`` and powers in kW) through the home and price it."""
    battery = scenario.battery
    home = _Home(scenario, battery.capacity_kwh * scenario.initial_soc_percent / 100)
    begin_kwh = home.stored_kwh
    given = {
        datetime.fromisoformat(slot["start"]).timestamp(): slot for slot in plan.get("slots", [])
    }
    for slot in scenario.slots:
        powers = given.get(slot.start.timestamp())
        if powers is None:
            home.broken["missing"] += 1
        _run(home, slot, powers or {})
    short_kwh = _water_short(home)
    prices = [slot.import_price for slot in scenario.slots]
    one_way = math.sqrt(battery.roundtrip_efficiency_percent / 100)
    left = (home.stored_kwh - begin_kwh) * one_way * sum(prices) / len(prices)
    return Verdict(home.cost - left + short_kwh * max(prices), dict(home.broken))


def _run(home: _Home, slot: ScenarioSlot, powers: Mapping[str, Any]) -> None:
    """Carry the home over one slot."""
    scenario, battery = home.scenario, home.scenario.battery
    one_way = math.sqrt(battery.roundtrip_efficiency_percent / 100)
    charge, discharge, water = (
        _energy(home, powers, name) for name in ("charge_kw", "discharge_kw", "water_kw")
    )
    if min(charge, discharge) > TOLERANCE_KWH:
        home.broken["simultaneous"] += 1
    charge, discharge = max(0.0, charge - discharge), max(0.0, discharge - charge)
    inverter_kw = scenario.inverter.max_kw
    charge = home.cut("charge_power", charge, min(battery.max_charge_kw, inverter_kw) * home.hours)
    discharge = home.cut(
        "discharge_power", discharge, min(battery.max_discharge_kw, inverter_kw) * home.hours
    )
    ceiling_kwh = battery.capacity_kwh * battery.max_soc_percent / 100
    floor_kwh = battery.capacity_kwh * battery.min_soc_percent / 100
    charge = home.cut("soc_high", charge, (ceiling_kwh - home.stored_kwh) / one_way)
    discharge = home.cut("soc_low", discharge, (home.stored_kwh - floor_kwh) * one_way)
    rules = scenario.water
    full_kwh = rules["power_kw"] * home.hours if rules else 0.0
    water = home.cut("water_power", water, full_kwh)
    net = slot.pv_kwh + discharge - slot.load_kwh - water - charge
    import_kwh = scenario.grid["max_import_kw"] * home.hours
    over = max(0.0, -net - import_kwh)
    if over > TOLERANCE_KWH:
        home.broken["grid_import"] += 1
    # The fuse sheds the battery first, then the heater; what is left is billed.
    shed = min(charge, over)
    cold = min(water, over - shed)
    charge, water, net = charge - shed, water - cold, net + shed + cold
    _note_heat(home, slot, water, full_kwh)
    export_kwh = scenario.grid["max_export_kw"] * home.hours
    spare = max(0.0, net - export_kwh)
    kept = min(discharge, spare)
    if kept > TOLERANCE_KWH:
        home.broken["grid_export"] += 1
    discharge, net = discharge - kept, net - kept
    home.stored_kwh += charge * one_way - discharge / one_way
    home.cost += max(0.0, -net) * slot.import_price
    home.cost -= min(max(0.0, net), export_kwh) * slot.export_price
    home.cost += discharge / one_way * battery.wear_cost_per_kwh


def _energy(home: _Home, powers: Mapping[str, Any], name: str) -> float:
    """Return a power of the plan as energy; what is no number counts as zero."""
    power = powers.get(name, 0.0)
    number = isinstance(power, int | float) and math.isfinite(power)
    if not number or power < 0:
        home.broken["bad_number"] += 1
        return 0.0
    return float(power) * home.hours


def _note_heat(home: _Home, slot: ScenarioSlot, water_kwh: float, full_kwh: float) -> None:
    """Count the heater's energy for its local day, and the blocks it comes in."""
    day = slot.start.astimezone(home.scenario.zone).date()
    home.heated_kwh[day] = home.heated_kwh.get(day, 0.0) + water_kwh
    if water_kwh <= TOLERANCE_KWH:
        home.heating_day = None
        return
    if water_kwh < full_kwh - TOLERANCE_KWH:
        home.broken["water_partial"] += 1
    if home.heating_day != day:
        home.blocks[day] += 1
    home.heating_day = day


def _water_short(home: _Home) -> float:
    """Return the hot water that days go without, kWh, and note short days and blocks too many."""
    rules = home.scenario.water
    if rules is None:
        return 0.0
    hours: Counter[date] = Counter()
    for slot in home.scenario.slots:
        hours[slot.start.astimezone(home.scenario.zone).date()] += 1
    missing_kwh = 0.0
    for day, count in hours.items():
        span = count * home.hours
        # A day the horizon covers less than half of needs its share only.
        share = 1.0 if span >= _HALF_DAY_HOURS else span / 24
        need_kwh = min(rules["min_kwh_per_day"] * share, rules["power_kw"] * span)
        short_kwh = max(0.0, need_kwh - home.heated_kwh[day])
        missing_kwh += short_kwh
        if short_kwh > TOLERANCE_KWH:
            home.broken["water_short_days"] += 1
        if home.blocks[day] > rules["max_blocks_per_day"]:
            home.broken["water_blocks"] += 1
    return missing_kwh
