"""What a counter of the day does at the home's midnight: begin anew, or go on counting."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from app.doctor.checks.entity import Entity
from app.doctor.checks.report import Finding, Verdict
from app.doctor.checks.roles import Kind
from app.ingest.home.consumption import RESET_BELOW_RATIO

# A device with a clock of its own may be a little late.
LATE = timedelta(minutes=30)


def midnight_reset(entity: Entity, *, midnight: datetime) -> Iterator[Finding]:
    """Say whether a daily counter fell at ``midnight`` (UTC), the last one of the home."""
    known = entity.points.drop_nulls()
    before = known.filter(pl.col("at") < midnight)
    if entity.role.kind is not Kind.DAILY or not entity.is_counter or before.is_empty():
        return
    full = float(before["value"][-1])
    if full <= 0 or entity.end - midnight < LATE:
        return
    after = known.filter(pl.col("at") >= midnight)
    anew = after.filter(pl.col("value") < full * RESET_BELOW_RATIO)
    if anew.is_empty():
        yield Finding(
            "midnight",
            Verdict.GREEN,
            "goes on counting at midnight; what it rises since then is taken for the day",
        )
        return
    late = anew["at"][0] - midnight
    minutes = late / timedelta(minutes=1)
    if late > LATE:
        yield Finding(
            "midnight",
            Verdict.AMBER,
            f"began anew {minutes:.0f} min after midnight",
            round(minutes, 1),
            "min",
            "set the time zone of the device, or of Home Assistant, to the home's",
        )
    else:
        yield Finding("midnight", Verdict.GREEN, "began anew at midnight", minutes, "min")
