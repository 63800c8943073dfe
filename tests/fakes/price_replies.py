"""What each price provider would answer for a day, in the shapes they were seen to send.

Every body is made from ``Row``s (start, step, EUR per MWh), so that a test can spoil the rows in
the same way for all of them. The numbers are made up.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

from app.core.clock import day_slots
from app.ingest.prices.day import DELIVERY_ZONE, next_day
from app.ingest.prices.entsoe import ZONES
from tests.fakes.replies import spot_eur_per_mwh

RATES = {"EUR": 1.0, "SEK": 11.05, "NOK": 11.7, "DKK": 7.46}
TIBBER_HOME = "96a14971-525a-4420-aae9-e5aedaa129ff"
FREE_LICENCE = "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de"


@dataclass(frozen=True)
class Row:
    """A price in EUR per MWh, None where the provider has a hole, from ``start`` for ``step``."""

    start: datetime
    step: timedelta
    eur_per_mwh: float | None

    @property
    def end(self) -> datetime:
        return self.start + self.step

    def per_mwh(self, currency: str) -> float | None:
        if self.eur_per_mwh is None:
            return None
        return round(self.eur_per_mwh * RATES[currency], 2)

    def per_kwh(self, currency: str) -> float | None:
        per_mwh = self.per_mwh(currency)
        return None if per_mwh is None else round(per_mwh / 1000, 5)


@dataclass(frozen=True)
class Asked:
    """What a provider was asked for, and what its answer says it is about."""

    day: date
    area: str
    currency: str


Body = Callable[[Sequence[Row], Asked], bytes]


def rows_of(day: date, *, minutes: int = 15, offset: float = 0.0) -> list[Row]:
    """The rows of a delivery day; ``offset`` (EUR/MWh) tells one provider's from another's."""
    starts = day_slots(day, DELIVERY_ZONE)[:: minutes // 15]
    step = timedelta(minutes=minutes)
    return [Row(start, step, round(spot_eur_per_mwh(start) + offset, 2)) for start in starts]


def nordpool(
    rows: Sequence[Row],
    asked: Asked,
    *,
    state: str = "Final",
    updated_at: datetime | None = None,
) -> bytes:
    published = datetime.combine(asked.day, time(11, 25, 6), tzinfo=UTC) - timedelta(days=1)
    return _json(
        {
            "deliveryDateCET": asked.day.isoformat(),
            "version": 3,
            "updatedAt": f"{updated_at or published:%Y-%m-%dT%H:%M:%S}.1484362Z",
            "deliveryAreas": [asked.area],
            "market": "DayAhead",
            "multiAreaEntries": [
                {
                    "deliveryStart": _z(row.start),
                    "deliveryEnd": _z(row.end),
                    "entryPerArea": {asked.area: row.per_mwh(asked.currency)},
                }
                for row in rows
            ],
            "blockPriceAggregates": [],
            "currency": asked.currency,
            "exchangeRate": RATES[asked.currency],
            "areaStates": [{"state": state, "areas": [asked.area]}],
            "areaAverages": [],
        }
    )


def day_file(rows: Sequence[Row], asked: Asked) -> bytes:
    """elprisetjustnu.se and hvakosterstrommen.no: local times with their offset."""
    other = {} if asked.currency == "EUR" else {"EUR": "EUR_per_kWh"}
    keys = {asked.currency: f"{asked.currency}_per_kWh"} | other
    return _json(
        [
            {
                **{key: row.per_kwh(currency) for currency, key in keys.items()},
                "EXR": RATES[asked.currency],
                "time_start": row.start.astimezone(DELIVERY_ZONE).isoformat(),
                "time_end": row.end.astimezone(DELIVERY_ZONE).isoformat(),
            }
            for row in rows
        ]
    )


def energi_data_service(rows: Sequence[Row], asked: Asked) -> bytes:
    return _json(
        {
            "total": len(rows),
            "filters": json.dumps({"PriceArea": [asked.area]}),
            "limit": 0,
            "dataset": "DayAheadPrices",
            "records": [
                {
                    "TimeUTC": row.start.strftime("%Y-%m-%dT%H:%M:%S"),
                    "TimeDK": row.start.astimezone(DELIVERY_ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
                    "PriceArea": asked.area,
                    "DayAheadPriceEUR": row.eur_per_mwh,
                    "DayAheadPriceDKK": row.per_mwh("DKK") if asked.currency == "DKK" else None,
                }
                for row in rows
            ],
        }
    )


def energy_charts(
    rows: Sequence[Row], asked: Asked, *, licence: str = FREE_LICENCE, unit: str = ""
) -> bytes:
    return _json(
        {
            "license_info": licence,
            "unix_seconds": [int(row.start.timestamp()) for row in rows],
            "price": [row.eur_per_mwh for row in rows],
            "unit": unit or f"{asked.currency} / MWh",
            "deprecated": False,
        }
    )


def tibber(rows: Sequence[Row], asked: Asked, *, home_id: str = TIBBER_HOME) -> bytes:
    """What is of the day asked for stands under today, the rest under tomorrow."""
    slots = day_slots(asked.day, DELIVERY_ZONE)
    prices: dict[str, list[dict[str, Any]]] = {"today": [], "tomorrow": []}
    for row in rows:
        prices["today" if row.start <= slots[-1] else "tomorrow"].append(
            {
                "startsAt": row.start.astimezone(DELIVERY_ZONE).isoformat(timespec="milliseconds"),
                "energy": row.per_kwh(asked.currency),
                "currency": asked.currency,
            }
        )
    home = {
        "id": home_id,
        "meteringPointData": {"priceAreaCode": asked.area},
        "currentSubscription": {"priceInfo": prices},
    }
    return _json({"data": {"viewer": {"homes": [home]}}})


def entsoe(rows: Sequence[Row], asked: Asked, *, curve: str = "A01", sequence: str = "1") -> bytes:
    """One series; under A03 a price that repeats the one before it is left out."""
    return document(series(rows, asked, curve=curve, sequence=sequence))


def series(rows: Sequence[Row], asked: Asked, *, curve: str = "A01", sequence: str = "1") -> str:
    first, step = min(row.start for row in rows), rows[0].step
    end = max(row.end for row in rows)
    points, before = "", None
    for row in rows:
        if curve == "A03" and row.eur_per_mwh == before:
            continue
        before = row.eur_per_mwh
        amount = "" if before is None else f"<price.amount>{before}</price.amount>"
        points += f"<Point><position>{(row.start - first) // step + 1}</position>{amount}</Point>"
    zone = ZONES[asked.area]
    return (
        "<TimeSeries><mRID>1</mRID><auction.type>A01</auction.type><businessType>A62</businessType>"
        f'<in_Domain.mRID codingScheme="A01">{zone}</in_Domain.mRID>'
        f'<out_Domain.mRID codingScheme="A01">{zone}</out_Domain.mRID>'
        "<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>"
        f"<currency_Unit.name>{asked.currency}</currency_Unit.name>"
        "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        "<classificationSequence_AttributeInstanceComponent.position>"
        f"{sequence}</classificationSequence_AttributeInstanceComponent.position>"
        f"<curveType>{curve}</curveType><Period><timeInterval>"
        f"<start>{first:%Y-%m-%dT%H:%MZ}</start><end>{end:%Y-%m-%dT%H:%MZ}</end></timeInterval>"
        f"<resolution>PT{step.seconds // 60}M</resolution>{points}</Period></TimeSeries>"
    )


def document(*content: str) -> bytes:
    space = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Publication_MarketDocument xmlns="{space}"><mRID>a</mRID>'
        f"<createdDateTime>2026-11-23T12:00:00Z</createdDateTime>{''.join(content)}"
        "</Publication_MarketDocument>"
    ).encode()


def acknowledgement(text: str, code: str = "999") -> bytes:
    space = "urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Acknowledgement_MarketDocument xmlns="{space}"><mRID>b</mRID><Reason>'
        f"<code>{code}</code><text>{escape(text)}</text></Reason></Acknowledgement_MarketDocument>"
    ).encode()


def days_after(day: date, count: int, *, offset: float = 0.0) -> list[Row]:
    """The rows of ``count`` days from ``day`` on."""
    rows: list[Row] = []
    for _ in range(count):
        rows += rows_of(day, offset=offset)
        day = next_day(day)
    return rows


def zeroed(rows: Sequence[Row]) -> list[Row]:
    return [replace(row, eur_per_mwh=0.0) for row in rows]


def _z(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
