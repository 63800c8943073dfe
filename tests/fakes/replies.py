"""What the real services would answer, in their recorded shapes, for any date asked for."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.core.clock import day_slots, slot_floor
from app.core.frames import SLOT
from app.ingest.prices.day import DELIVERY_ZONE

SECOND = timedelta(seconds=1)
_EUR = {"EUR": 1.0, "SEK": 11.05, "NOK": 11.7, "DKK": 7.46}


def iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def spot_eur_per_mwh(start: datetime) -> float:
    """Two peaks a day, cheap at night, a little different every day."""
    local = start.astimezone(DELIVERY_ZONE)
    hour = local.hour + local.minute / 60
    peaks = math.exp(-(((hour - 8) / 2) ** 2)) + 1.4 * math.exp(-(((hour - 18.5) / 2.5) ** 2))
    return round(25 + 90 * peaks + local.toordinal() % 7 * 3, 2)


def day_ahead_prices(
    day: date, area: str, currency: str, *, minutes: int = 15, state: str = "Final"
) -> dict[str, Any]:
    """A reply of the Nord Pool data portal: prices per MWh by delivery interval."""
    step = timedelta(minutes=minutes)
    starts = day_slots(day, DELIVERY_ZONE)[:: minutes // 15]
    rate = _EUR[currency]
    published = datetime(day.year, day.month, day.day, 11, 25, tzinfo=UTC) - timedelta(days=1)
    return {
        "deliveryDateCET": day.isoformat(),
        "version": 3,
        "updatedAt": published.strftime("%Y-%m-%dT%H:%M:%S.1484362Z"),
        "deliveryAreas": [area],
        "market": "DayAhead",
        "multiAreaEntries": [
            {
                "deliveryStart": iso(start),
                "deliveryEnd": iso(start + step),
                "entryPerArea": {area: round(spot_eur_per_mwh(start) * rate, 2)},
            }
            for start in starts
        ],
        "blockPriceAggregates": [],
        "currency": currency,
        "exchangeRate": rate,
        "areaStates": [{"state": state, "areas": [area]}],
        "areaAverages": [{"areaCode": area, "price": 700.0}],
    }


def entity_state(entity_id: str, state: str, unit: str | None, at: datetime) -> dict[str, Any]:
    """One entity as Home Assistant's REST API shows it."""
    attributes = {"friendly_name": entity_id}
    return {
        "entity_id": entity_id,
        "state": state,
        "attributes": attributes | ({"unit_of_measurement": unit} if unit else {}),
        "last_changed": at.isoformat(),
        "last_reported": at.isoformat(),
        "last_updated": at.isoformat(),
        "context": {"id": "01JB", "parent_id": None, "user_id": None},
    }


def load_kwh(start: datetime) -> float:
    """What the fake house uses in a quarter: 0.1 kWh at night, 0.4 kWh from 15 to 21 UTC."""
    return 0.4 if 15 <= start.hour < 21 else 0.1


def recorded(
    entity_id: str, told: list[tuple[datetime, str]], begin: datetime, end: datetime
) -> list[Mapping[str, str]]:
    """The states of [begin, end] as the history answers: first the one in force at ``begin``."""
    before = [(begin, said) for at, said in told if at <= begin][-1:]
    inside = [(at, said) for at, said in told if begin < at <= end]
    return [
        {"entity_id": entity_id, "state": said, "last_changed": at.isoformat()}
        for at, said in (*before, *inside)
    ]


def daily_history(
    entity_id: str, text: str, begin: datetime, end: datetime, midnight: datetime
) -> list[list[Mapping[str, str]]]:
    """A history of a counter that begins anew at midnight and says ``text`` a second later."""
    told = [(begin, "5.000")] if begin < midnight else []
    told += [
        (at, said) for at, said in ((midnight, "0.000"), (midnight + SECOND, text)) if at <= end
    ]
    return [
        [
            {"entity_id": entity_id, "state": said, "last_changed": at.isoformat()}
            for at, said in told
        ]
    ]


def counter_history(
    entity_id: str, begin: datetime, end: datetime
) -> list[list[Mapping[str, str]]]:
    """A history of a counter in kWh with minimal_response: only the first row names its entity."""
    rows: list[Mapping[str, str]] = []
    at = slot_floor(begin)
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    while at <= end:
        days, rest = divmod(at - epoch, timedelta(days=1))
        today = sum(load_kwh(epoch + SLOT * i) for i in range(rest // SLOT))
        state = f"{10_000 + days * 16.8 + today:.3f}"
        first = {"entity_id": entity_id, "last_updated": at.isoformat()} if not rows else {}
        rows.append({**first, "state": state, "last_changed": at.isoformat()})
        at += SLOT
    return [rows]
