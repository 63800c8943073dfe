"""What a counter of energy counted since midnight, whichever kind of counter it is.

A counter that begins anew every day, one that counts for its whole life and one that is reset now
and then look alike in a single value: 12 kWh may be today's or last year's. So the value alone is
never trusted; what it rose since the home's midnight is, and that needs its history.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx
import polars as pl

from app.core.errors import UpstreamError
from app.ingest.home.consumption import ENERGY_UNITS, RESET_BELOW_RATIO, without_dips
from app.ingest.home.ha_rest import SOURCE, EntityState, read_history, read_state
from app.ingest.home.home_assistant import Reading, SensorInvalidError, energy_kwh, number
from app.settings import HomeAssistant

# A value known this long before midnight still is the one at midnight.
BEFORE_MIDNIGHT: Final = timedelta(hours=3)
# A device with a clock of its own may begin its day a little early or late.
LATE: Final = timedelta(minutes=30)
# A counter that begins anew every day falls once; one that falls more often counts nothing.
MOST_RESETS: Final = 3
# A reset begins near zero; what falls by a part is a level, such as the heat in a tank.
RESET_TO_RATIO: Final = 0.5
_NOTHING_KWH: Final = 0.05


class CounterUnknownError(UpstreamError):
    """Nobody can say yet how much of a counter's value is of today."""

    code = "counter_unknown"


@dataclass(frozen=True, slots=True)
class CountedToday:
    """Energy since midnight in kWh, when the counter last said so (UTC), and how it is known.

    ``how`` is empty for a counter that itself begins anew at midnight.
    """

    energy_kwh: float
    at: datetime
    how: str = ""


async def read_today(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    *,
    midnight: datetime,
    now: datetime,
    most_kwh: float,
) -> CountedToday:
    """Return what a counter counted since ``midnight`` (UTC), at most ``most_kwh``.

    Raises ``CounterUnknownError`` where neither ``last_reset`` nor the history tells, and
    ``SensorInvalidError`` for what is no counter or counted more.
    """
    state = await read_state(client, settings, entity_id)
    shown_kwh = energy_kwh(Reading(number(state.text, entity_id), state.unit, state.at), entity_id)
    if state.last_reset is not None and midnight - LATE <= state.last_reset <= now:
        return CountedToday(_at_most(shown_kwh, most_kwh, entity_id), state.at)
    points = await read_history(
        client, settings, entity_id, unit=state.unit, start=midnight - BEFORE_MIDNIGHT, end=now
    )
    found = await asyncio.to_thread(
        counted_today, points, state, entity_id, shown_kwh=shown_kwh, midnight=midnight
    )
    return CountedToday(_at_most(found.energy_kwh, most_kwh, entity_id), state.at, found.how)


def counted_today(
    points: pl.DataFrame,
    state: EntityState,
    entity_id: str,
    *,
    shown_kwh: float,
    midnight: datetime,
) -> CountedToday:
    """Return what a counter rose since ``midnight`` by its history (``POINTS``)."""
    known = without_dips(points.drop_nulls().unique("at", keep="last").sort("at"))
    factor = ENERGY_UNITS[state.unit]
    before, after = pl.col("value").shift(), pl.col("value")
    fell = after < before * RESET_BELOW_RATIO
    steps = known.select(
        "at",
        rise=pl.when(fell).then(after).otherwise((after - before).clip(lower_bound=0)) * factor,
        is_reset=fell,
        is_level=fell & (after > before * RESET_TO_RATIO),
    )
    today = steps.filter(pl.col("at") > midnight).drop_nulls("rise")
    _require_counter(today, state, entity_id)
    energy_kwh = float(today["rise"].sum())
    first_at, first_kwh = (
        (known["at"][0], known["value"][0] * factor) if known.height else (state.at, shown_kwh)
    )
    begins_late = first_at > midnight
    if begins_late and first_kwh > _NOTHING_KWH:
        raise CounterUnknownError(
            f"{SOURCE}: the history of {entity_id} does not reach back to midnight; how much of "
            f"its {shown_kwh:g} kWh was counted today cannot be said before tomorrow; "
            "a utility meter with the cycle daily tells at once"
        )
    began_anew = bool(steps.filter(pl.col("at") > midnight - LATE)["is_reset"].any())
    if began_anew or abs(shown_kwh - energy_kwh) <= _NOTHING_KWH:
        return CountedToday(energy_kwh, state.at)
    return CountedToday(
        energy_kwh, state.at, "a counter that goes on counting; what it rose since midnight"
    )


def _require_counter(today: pl.DataFrame, state: EntityState, entity_id: str) -> None:
    """Refuse what falls as no counter does."""
    falls, parts = int(today["is_reset"].sum()), int(today["is_level"].sum())
    if falls > MOST_RESETS or parts > (0 if state.state_class == "measurement" else 1):
        raise SensorInvalidError(
            f"{SOURCE}: {entity_id} fell {falls} times since midnight; a counter only rises; "
            "map the counter of the energy that the heater used"
        )


def _at_most(energy_kwh: float, most_kwh: float, entity_id: str) -> float:
    if energy_kwh <= most_kwh:
        return energy_kwh
    raise SensorInvalidError(
        f"{SOURCE}: {entity_id} counted {energy_kwh:g} kWh since midnight, more than the "
        f"{most_kwh:g} kWh the water heater can use in a day; map the heater's own counter, or "
        "correct water_heating.power_kw"
    )
