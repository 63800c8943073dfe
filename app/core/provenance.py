"""Where a number came from: every input of a planning run carries one ``InputStatus``."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

AFTER_THE_HORIZON = "prices_after_the_horizon"
"""The input that is an estimate by nature: it never makes a plan degraded."""


class Quality(StrEnum):
    """How far an input can be trusted, best first."""

    LIVE = "live"
    CACHED = "cached"
    ESTIMATED = "estimated"
    SAMPLE = "sample"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class InputStatus:
    """Source, time of issue and quality of one input (``prices``, ``pv``, ``load``, ``soc``, …).

    ``issued_at`` is when the source made the data (aware UTC), None if nothing is known.
    ``detail`` is one sentence for people: what is missing and why, empty when all is well.
    """

    name: str
    source: str
    quality: Quality
    issued_at: datetime | None
    detail: str = ""

    def age(self, *, now: datetime) -> timedelta | None:
        """Return how old the data is at ``now``, None when its time is not known."""
        return None if self.issued_at is None else now - self.issued_at
