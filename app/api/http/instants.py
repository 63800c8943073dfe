"""Instants in queries: aware, and inside the calendar once they are in UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

_YEARS = range(1970, 9999)


def _utc(instant: datetime) -> datetime:
    # The year as written: near either end of the calendar no other zone can say the instant.
    if instant.year not in _YEARS:
        raise ValueError("is out of the calendar; write a day near today")
    return instant.astimezone(UTC)


UtcInstant = Annotated[AwareDatetime, AfterValidator(_utc)]
