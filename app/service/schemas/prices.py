"""What REST clients see of prices and their parts. Names are public: additive changes only."""

from datetime import date
from typing import Any, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from app.service.schemas.plan import Out

EXAMPLE: Final[dict[str, Any]] = {
    "price_area": "SE3",
    "currency": "SEK",
    "timezone": "Europe/Stockholm",
    "billed_by": "quarter",
    "tariff": "own tariff, pack SE3",
    "is_sample": False,
    "problems": [],
    "corrections": [
        {
            "delivery_day": "2026-11-26",
            "corrected_at": "2026-11-25T15:40:00Z",
            "source_before": "Nord Pool",
        }
    ],
    "slots": [
        {
            "slot_start": "2026-11-26T17:00:00Z",
            "slot_end": "2026-11-26T17:15:00Z",
            "import_price_per_kwh": 2.3125,
            "import_parts": {
                "spot": 0.92,
                "spot_markup": 0.01,
                "grid_transfer": 0.56,
                "energy_tax": 0.36,
                "vat": 0.4625,
            },
            "export_price_per_kwh": 0.97,
            "export_parts": {"spot": 0.92, "vat": 0.0, "fees": -0.02, "credit": 0.07},
            "source": "Nord Pool",
            "estimated": False,
        }
    ],
}


class ImportParts(Out):
    """Parts of an import price per kWh, unrounded; they add up to it."""

    spot: float = Field(description="spot price as billed: of the quarter, or the hour's mean")
    spot_markup: float = Field(description="what the supplier adds, without VAT")
    grid_transfer: float = Field(description="what the grid company takes, without VAT")
    energy_tax: float = Field(description="tax and public levies per kWh, without VAT")
    vat: float = Field(description="VAT on all of these; below zero where their sum is")


class ExportParts(Out):
    """Parts of an export price per kWh, unrounded; they add up to it."""

    spot: float = Field(description="spot price as billed: of the quarter, or the hour's mean")
    vat: float = Field(description="VAT paid on top of spot to a seller who charges it")
    fees: float = Field(description="what is taken off: below zero, or zero")
    credit: float = Field(description="what the grid company pays on top")


class PriceSlotOut(Out):
    """What a kWh costs and brings in ``[slot_start, slot_end)``, and why."""

    slot_start: AwareDatetime
    slot_end: AwareDatetime
    import_price_per_kwh: float
    import_parts: ImportParts
    export_price_per_kwh: float
    export_parts: ExportParts
    source: str = Field(description="who published the spot price")
    estimated: bool = Field(
        description="a figure of the tariff is missing or has run out (`problems` says which), or "
        "the hour's mean lacks a quarter"
    )


class CorrectionOut(Out):
    """A delivery day whose prices were replaced by later ones; the old ones are kept."""

    delivery_day: date
    corrected_at: AwareDatetime = Field(description="the last time, if it was more than one")
    source_before: str = Field(description="whose prices stood there until then")


class PricesOut(Out):
    """Every known price from today's local midnight on, oldest first, with its parts."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    price_area: str
    currency: str
    timezone: str
    billed_by: str = Field(description="quarter or hour")
    tariff: str = Field(description="where the figures beyond spot come from")
    is_sample: bool = Field(description="recorded prices of the demo home stand in")
    problems: list[str] = Field(description="figures that are missing or have run out")
    corrections: list[CorrectionOut] = Field(description="days from today on that were corrected")
    slots: list[PriceSlotOut]


class RefreshedDayOut(Out):
    """What came of asking for one delivery day again."""

    delivery_day: date
    outcome: Literal["new", "corrected", "unchanged", "missing"]
    source: str | None = Field(description="whose prices are stored now")
    reasons: list[str] = Field(description="why providers' answers were not had, or are doubted")


class PricesRefreshedOut(Out):
    """What came of asking for prices again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "days": [
                        {
                            "delivery_day": "2026-11-26",
                            "outcome": "corrected",
                            "source": "Nord Pool",
                            "reasons": [],
                        }
                    ],
                    "waits": [],
                    "plans": True,
                }
            ]
        }
    )

    days: list[RefreshedDayOut]
    waits: list[str] = Field(description="providers that are left alone: until when, whose choice")
    plans: bool = Field(description="prices changed: a new plan is being made")
