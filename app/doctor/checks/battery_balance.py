"""The battery's own books: whether its level follows the energy that went in and out.

While charging rise / energy = ηc·100/C, while discharging fall / energy = 100/(ηd·C). With ηc = ηd
the quotient of the two is the round-trip efficiency and their product gives the capacity.
"""

import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from app.doctor.checks.flows import Flows
from app.doctor.checks.report import Finding, Verdict
from app.settings import Battery

# A level in whole percent: with fewer points moved, rounding decides.
ENOUGH_POINTS: Final = 10.0
ENOUGH_FOR_EFFICIENCY: Final = 40.0
CAPACITY_GREEN, CAPACITY_AMBER = 0.15, 0.35
EFFICIENCY_POINTS: Final = 10.0
# An hour counts as charging or discharging from this share of the capacity on.
_MOVING: Final = 0.02
_STUCK: Final = 0.001
# Within half a decade of a thousand (W for kW) or a hundred (0 to 1 for percent).
_HALF_DECADE: Final = 0.25
_LEVEL: Final = "home_assistant.battery_soc_entity_id"


@dataclass(frozen=True, slots=True)
class Moves:
    """Percent points of the level and kWh of the meters, in charging and in discharging hours.

    ``follow`` is what the level did over what the meters and the settings say, 1 when they agree;
    ``all_points`` is how far the level moved in all hours, whatever the meters say.
    """

    up_points: float
    up_kwh: float
    down_points: float
    down_kwh: float
    expected_points: float
    followed_points: float
    all_points: float

    @property
    def follow(self) -> float:
        """The level's movement over the expected one."""
        return self.followed_points / self.expected_points if self.expected_points else 0.0


def moves(flows: Flows, level: pl.DataFrame, battery: Battery) -> Moves:
    """Compare level and meters hour by hour (``level`` has the column ``rise``, in points)."""
    one_way = math.sqrt(battery.roundtrip_efficiency_percent / 100)
    stored = pl.col("charge_kwh") * one_way - pl.col("discharge_kwh") / one_way
    expected = stored * 100 / battery.capacity_kwh
    hours = (
        flows.frame.select("charge_kwh", "discharge_kwh")
        .with_columns(level["rise"], net=pl.col("charge_kwh") - pl.col("discharge_kwh"))
        .with_columns(expected=expected)
        .drop_nulls()
        .filter(pl.col("net").abs() > _MOVING * battery.capacity_kwh)
    )
    up, down = hours.filter(pl.col("net") > 0), hours.filter(pl.col("net") < 0)
    return Moves(
        up_points=float(up["rise"].sum()),
        up_kwh=float(up["net"].sum()),
        down_points=-float(down["rise"].sum()),
        down_kwh=-float(down["net"].sum()),
        expected_points=float(hours["expected"].abs().sum()),
        followed_points=float((hours["rise"] * hours["expected"].sign()).sum()),
        all_points=float(level["rise"].abs().sum()),
    )


def balance(flows: Flows, battery: Battery) -> list[Finding]:
    """Return whether the level follows the meters, and what capacity and efficiency they imply."""
    if not battery.capacity_kwh:
        return []
    level = flows.level
    absent = [_LEVEL] * (level is None) + [
        f"home_assistant.battery_{way}_entity_id or home_assistant.battery_power_entity_id"
        for way in ("charge", "discharge")
        if f"{way}_kwh" not in flows.used
    ]
    if level is None or absent:
        return [
            Finding(
                "battery_balance",
                Verdict.GREY,
                "the battery's level and its energy cannot be compared",
                fix=f"map {' and '.join(absent)}",
            )
        ]
    found = moves(flows, level, battery)
    if found.expected_points < ENOUGH_POINTS and found.all_points > 2 * ENOUGH_POINTS:
        return [_meters_stand(found, flows)]
    if found.expected_points < ENOUGH_POINTS:
        return [
            Finding(
                "battery_balance",
                Verdict.GREY,
                f"the battery moved by {found.expected_points:.0f} % only; look again later",
                round(found.expected_points, 1),
                "%",
            )
        ]
    return [_follows(found, flows, battery), *_efficiency(found, battery)]


def _meters(flows: Flows) -> str:
    keys = dict.fromkeys((flows.used["charge_kwh"], flows.used["discharge_kwh"]))
    return " and ".join(f"home_assistant.{key}" for key in keys)


def _meters_stand(found: Moves, flows: Flows) -> Finding:
    return Finding(
        "battery_balance",
        Verdict.RED,
        f"the level moved {found.all_points:.0f} % where the meters say "
        f"{found.expected_points:.1f} %",
        round(found.all_points, 1),
        "%",
        f"{_meters(flows)} count too little: check their unit (kW, not W) and that they are live",
    )


def _follows(found: Moves, flows: Flows, battery: Battery) -> Finding:
    meters = _meters(flows)
    proof = (
        f"the level moved {found.followed_points:.0f} % where the meters "
        f"({found.up_kwh:.1f} kWh in, {found.down_kwh:.1f} kWh out) say "
        f"{found.expected_points:.0f} %"
    )
    if fix := _wrong_by_far(found, meters):
        return Finding("battery_balance", Verdict.RED, proof, round(found.follow, 4), "", fix)
    return _capacity(found, battery, proof, meters)


def _wrong_by_far(found: Moves, meters: str) -> str:
    """Return the fix where level and meters differ in kind and not in degree."""
    follow = found.follow
    if abs(follow) < _STUCK / 4:
        return f"{_LEVEL} does not move with the battery: map its live level"
    if follow < 0:
        return "the battery's sign is the wrong way round: see the entity marked red"
    factors = {
        0.01: f"{_LEVEL} is written as 0 to 1: map one in percent",
        0.001: f"the meters count a thousand times too much: check the unit of {meters} (W, Wh)",
    }
    return next((fix for factor, fix in factors.items() if _near(follow, factor)), "")


def _near(value: float, target: float) -> bool:
    return abs(math.log10(value / target)) < _HALF_DECADE


def _capacity(found: Moves, battery: Battery, proof: str, meters: str) -> Finding:
    implied = battery.capacity_kwh / found.follow
    off = abs(implied / battery.capacity_kwh - 1)
    if off <= CAPACITY_GREEN:
        return Finding("battery_balance", Verdict.GREEN, proof, round(found.follow, 3))
    return Finding(
        "battery_balance",
        Verdict.AMBER if off <= CAPACITY_AMBER else Verdict.RED,
        f"{proof}: a battery of {implied:.1f} kWh, not {battery.capacity_kwh:g} kWh",
        round(implied, 2),
        "kWh",
        f"write battery.capacity_kwh: {implied:.1f} if that is what the battery can use; otherwise "
        f"check that {meters} count this battery alone",
    )


def _efficiency(found: Moves, battery: Battery) -> list[Finding]:
    """Return the measured round trip where the battery moved enough both ways."""
    if min(found.up_points, found.down_points) < ENOUGH_FOR_EFFICIENCY:
        return []
    measured = 100 * found.up_points / found.up_kwh * found.down_kwh / found.down_points
    configured = battery.roundtrip_efficiency_percent
    proof = f"{measured:.0f} % of what went in came out again; the settings say {configured:g} %"
    if abs(measured - configured) <= EFFICIENCY_POINTS:
        return [Finding("efficiency", Verdict.GREEN, proof, round(measured, 1), "%")]
    fix = f"write battery.roundtrip_efficiency_percent: {measured:.0f} if other days agree"
    if measured > 100:  # noqa: PLR2004 - more out than in
        fix = "one of the battery's meters misses energy: check that both count its AC side"
    return [Finding("efficiency", Verdict.AMBER, proof, round(measured, 1), "%", fix)]
