"""Frozen and silent sensors: a value that stays while the home goes on living."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.doctor.checks.entity import HOURS, Entity
from app.doctor.checks.evidence import passed
from app.doctor.checks.flows import Flows
from app.doctor.checks.report import Finding, Verdict
from app.doctor.checks.roles import Kind
from app.doctor.checks.series import HOUR
from app.ingest.home.charge_level import UNCHANGED_FOR
from app.ingest.home.home_assistant import COUNTER_USABLE_FOR
from app.settings import Battery

# A level may rest at its limit for a night.
LEVEL_HOURS: Final = 12.0
_SHOWN_HOURS: Final = 2.0
# A power or a temperature that says nothing for longer is not measured, or not reported.
_POWER_TOLD_WITHIN: Final = timedelta(hours=1)


def standstill(entity: Entity, flows: Flows, battery: Battery) -> Iterator[Finding]:
    """Say for how long the value stood still, and whether the other meters say it cannot have."""
    begin, end, value = _longest(entity)
    hours = (end - begin) / HOUR
    lasts = end >= entity.end
    text = f"{value:g} {entity.answer.unit}".strip()
    since = f"stood at {text} for {hours:.1f} h" + (", until now" if lasts else "")
    missed = passed(entity, flows, battery, _whole_hours(entity, begin, end))
    limits = _limits(entity, value)
    fix = f"restart the integration behind {entity.answer.mapped.entity_id} and see its log"
    if missed:
        yield Finding("frozen", Verdict.RED, f"{since}, while {missed}", round(hours, 2), "h", fix)
    elif limits and hours >= limits[0]:
        red = lasts and hours >= limits[1]
        yield Finding(
            "frozen", Verdict.RED if red else Verdict.AMBER, since, round(hours, 2), "h", fix
        )
    else:
        proof = since if hours > _SHOWN_HOURS else f"stood still for {hours * 60:.0f} min at most"
        yield Finding("frozen", Verdict.GREEN, proof, round(hours, 2), "h")


def _longest(entity: Entity) -> tuple[datetime, datetime, float]:
    """Return begin, end and value of the longest stretch with a number."""
    known = entity.stretches.drop_nulls("value")
    longest = known.sort(pl.col("end") - pl.col("begin")).tail(1)
    begin, end, value = longest.row(0)
    return begin, end, value


def _limits(entity: Entity, value: float) -> tuple[float, float] | None:
    """Return the hours (amber, red) that are too many by themselves."""
    if entity.role.kind is Kind.LEVEL:
        return (LEVEL_HOURS, float("inf"))
    if entity.is_counter:
        return entity.role.still_counter_hours
    # Sun and battery rest at zero, a house never does.
    rests = value == 0 and entity.role.key != "consumption_entity_id"
    return None if rests and entity.is_power else entity.role.still_power_hours


def _whole_hours(entity: Entity, begin: datetime, end: datetime) -> range:
    """Return the hours of the window that lie wholly in a stretch."""
    first = -((entity.start - begin) // HOUR)
    return range(max(0, first), min(HOURS, (end - entity.start) // HOUR))


def silence(entity: Entity) -> Iterator[Finding]:
    """Say when nothing was heard for longer than a plan believes.

    Home Assistant marks no value that is said again over an integration that reports changes only:
    a level that stays is judged by what moved the battery (``standstill``), nothing is at rest.
    """
    if entity.answer.at is None or entity.role.kind is Kind.DAILY or _rests(entity):
        return
    age = entity.end - entity.answer.at
    needed = entity.role.kind is Kind.LEVEL
    limit = UNCHANGED_FOR if needed else _POWER_TOLD_WITHIN
    if entity.is_counter:
        limit = COUNTER_USABLE_FOR
    if age <= limit:
        return
    minutes = age / timedelta(minutes=1)
    yield Finding(
        "silent",
        Verdict.RED if needed else Verdict.AMBER,
        f"last confirmed {minutes:.0f} min ago; a reading counts for {limit / HOUR:.0f} h",
        round(minutes, 1),
        "min",
        f"let the integration of {entity.answer.mapped.entity_id} report unchanged values, too "
        "(a shorter polling interval, or a newer Home Assistant)",
    )


def _rests(entity: Entity) -> bool:
    """Tell whether it is a power of nothing, such as that of a roof at night."""
    known = entity.points.drop_nulls()
    return entity.is_power and known.height > 0 and known["value"][-1] == 0
