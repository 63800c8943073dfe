"""What one entity's own 24 hours tell: unit, scale, sign, silence, gaps, resets."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from app.doctor.checks.entity import Entity
from app.doctor.checks.report import Finding, Verdict
from app.doctor.checks.roles import Kind
from app.doctor.checks.series import HOUR, is_dip
from app.ingest.home.consumption import ENERGY_UNITS, POWER_UNITS, RESET_BELOW_RATIO

# Gaps shorter than a slot cost nothing; four hours miss a whole price peak.
GAP_AMBER, GAP_RED = timedelta(minutes=15), timedelta(hours=4)
# A counter that begins anew every day falls once; one that falls more often counts nothing.
MOST_RESETS = 3
# A history that begins this much after the window is a short one.
SHORT_OF_HOURS = 0.25
# Measuring noise around zero.
NOISE_KW = 0.05
NOISE_RATIO = 0.05
LOWEST_C, HIGHEST_C = -60.0, 55.0
UNITS = {
    Kind.LEVEL: ("%",),
    Kind.TEMPERATURE: ("°C",),
    Kind.SIGNED: tuple(POWER_UNITS),
    Kind.DAILY: tuple(ENERGY_UNITS),
    Kind.ENERGY: (*ENERGY_UNITS, *POWER_UNITS),
}


def has_unit(entity: Entity) -> bool:
    """Tell whether the unit is one that the role can have."""
    return entity.answer.unit in UNITS[entity.role.kind]


def unit(entity: Entity) -> Finding:
    """Say whether the unit fits the role."""
    wanted = " or ".join(UNITS[entity.role.kind])
    given = entity.answer.unit or "no unit"
    if has_unit(entity):
        return Finding("unit", Verdict.GREEN, f"unit {given}")
    fix = f"map an entity in {wanted} to {entity.role.setting}"
    if not entity.answer.unit:
        fix = f"give {entity.answer.mapped.entity_id} a unit_of_measurement ({wanted})"
    if entity.role.kind is Kind.SIGNED and entity.is_counter:
        fix = (
            f"{entity.role.setting} takes a power; map counters to the two settings for import and "
            "export, or charge and discharge"
        )
    if entity.role.kind is Kind.TEMPERATURE and entity.answer.unit:
        fix = f"choose °C as the unit of {entity.answer.mapped.entity_id} in Home Assistant"
    return Finding("unit", Verdict.RED, f"unit {given} where {wanted} is needed", fix=fix)


def statistics(entity: Entity) -> Iterator[Finding]:
    """Say when Home Assistant keeps no long-term statistics of an energy."""
    if entity.role.kind in {Kind.ENERGY, Kind.SIGNED} and not entity.answer.state_class:
        yield Finding(
            "statistics",
            Verdict.AMBER,
            "no state_class: Home Assistant keeps its states for days, and no statistics",
            fix=f"give {entity.answer.mapped.entity_id} a state_class "
            f"({'total_increasing' if entity.is_counter else 'measurement'})",
        )


def gaps(entity: Entity) -> Finding:
    """Say for how long the entity was unavailable or unknown since its history begins."""
    silent = entity.stretches.filter(pl.col("value").is_null()).select(
        length=pl.col("end") - pl.col("begin")
    )["length"]
    lengths = silent.to_list()
    total, longest = sum(lengths, timedelta(0)), max(lengths, default=timedelta(0))
    minutes = total / timedelta(minutes=1)
    verdict = (
        Verdict.RED if total >= GAP_RED else Verdict.AMBER if total >= GAP_AMBER else Verdict.GREEN
    )
    if not lengths:
        return Finding("gaps", Verdict.GREEN, "no gap", 0.0, "min")
    proof = f"{_minutes(total)} without a value, the longest {_minutes(longest)}"
    fix = "see why the integration or the device drops out: its log in Home Assistant tells"
    return Finding(
        "gaps", verdict, proof, round(minutes, 1), "min", "" if verdict is Verdict.GREEN else fix
    )


def history(entity: Entity) -> Iterator[Finding]:
    """Say that it is too early to judge what was not recorded: a new sensor, or a new home."""
    if entity.points.is_empty():
        return
    begin = entity.points["at"][0]
    missing = (begin - entity.start) / HOUR
    if missing > SHORT_OF_HOURS:
        yield Finding(
            "history",
            Verdict.GREY,
            f"its history begins at {begin:%d %b %H:%M} UTC; too early to say more",
            round(missing, 2),
            "h",
        )


def resets(entity: Entity) -> Iterator[Finding]:
    """Say how often a counter fell: once a day is its nature, often means it is no counter."""
    if not entity.is_counter:
        return
    known = entity.points.drop_nulls()
    dips = known.filter(is_dip()).height
    falls = known.filter(~is_dip()).filter(pl.col("value").diff() < 0)
    resets = known.filter(~is_dip()).filter(
        pl.col("value") < pl.col("value").shift() * RESET_BELOW_RATIO
    )
    if falls.height > MOST_RESETS:
        yield Finding(
            "resets",
            Verdict.RED,
            f"fell {falls.height} times in 24 h; a counter only rises",
            float(falls.height),
            fix="it looks like a power or a stored energy with an energy unit: map a counter, or "
            f"give {entity.answer.mapped.entity_id} the unit W or kW",
        )
    elif resets.height > 1:
        yield Finding(
            "resets",
            Verdict.AMBER,
            f"reset {resets.height} times in 24 h",
            float(resets.height),
            fix="see why the device restarts; what it counted just before each reset is lost",
        )
    elif dips:
        yield Finding(
            "resets",
            Verdict.AMBER,
            f"fell and came back {dips} times in 24 h",
            float(dips),
            fix="readings like the zero after a restart are left out; an availability template "
            "in Home Assistant avoids them",
        )
    else:
        text = "one reset" if resets.height else "no reset"
        yield Finding("resets", Verdict.GREEN, text, float(resets.height))


def sign(entity: Entity) -> Iterator[Finding]:
    """Say when what can only be positive is negative."""
    if entity.role.kind is not Kind.ENERGY or entity.steps.is_empty():
        return
    kwh = (pl.col("end") - pl.col("begin")) / HOUR * pl.col("kw")
    sums = entity.steps.select(
        above=kwh.filter(pl.col("kw") > 0).sum(), below=kwh.filter(pl.col("kw") < -NOISE_KW).sum()
    )
    above, below = sums.row(0)
    if below >= -NOISE_RATIO * above:
        yield Finding("sign", Verdict.GREEN, "never negative", round(below, 3), "kWh")
        return
    yield Finding(
        "sign",
        Verdict.RED,
        f"{below:.1f} kWh of negative power against {above:.1f} kWh of positive",
        round(below, 3),
        "kWh",
        _sign_fix(entity),
    )


def _sign_fix(entity: Entity) -> str:
    key, name = entity.role.key, entity.answer.mapped.entity_id
    pair = {
        "grid": ("grid_power_entity_id", "grid_power_positive_is", "import or export"),
        "battery": ("battery_power_entity_id", "battery_power_positive_is", "charge or discharge"),
    }.get(key.split("_", 1)[0])
    if pair:
        return (
            f"{name} has two directions: write it as home_assistant.{pair[0]} with "
            f"home_assistant.{pair[1]}: {pair[2]}, and leave {entity.role.setting} empty"
        )
    if key == "consumption_entity_id":
        return (
            f"{name} looks like the grid's exchange, not the house's use: write it as "
            "home_assistant.grid_power_entity_id and map the house's own meter here"
        )
    return f"reverse {name} with a template sensor (its value times -1) and map that one"


def temperature(entity: Entity) -> Iterator[Finding]:
    """Say when a temperature is none of this climate."""
    if entity.role.kind is not Kind.TEMPERATURE or entity.bounds is None:
        return
    low, high = entity.bounds
    fits = low >= LOWEST_C and high <= HIGHEST_C
    yield Finding(
        "scale",
        Verdict.GREEN if fits else Verdict.RED,
        f"between {low:.1f} and {high:.1f} °C",
        high,
        "°C",
        "" if fits else "map an outdoor thermometer in °C",
    )


def _minutes(length: timedelta) -> str:
    minutes = length / timedelta(minutes=1)
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004
