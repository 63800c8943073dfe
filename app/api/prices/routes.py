"""Prices and what they are made of: REST, and the same for the page."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from app.api.web.dependencies import ServicesDep
from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.core.frames import SLOT
from app.fetch.days import Fetched
from app.plans.price_breakdown import Breakdown, price_breakdown
from app.service.schemas.prices import PricesOut, PricesRefreshedOut
from app.service.services import Services
from app.settings import Settings
from app.settings.tariff_layers import source

router = APIRouter()


@router.get("/api/prices", tags=["plan"], operation_id="getPrices")
async def get_prices(deps: ServicesDep) -> PricesOut:
    """Return what a kWh costs and brings, slot by slot, each price with the parts it is made of."""
    return await prices_of(deps)


@router.post("/api/prices/refresh", tags=["plan"], operation_id="refreshPrices")
async def refresh_prices(deps: ServicesDep) -> PricesRefreshedOut:
    """Ask the providers for today's and tomorrow's prices again; a changed day is planned anew."""
    return refreshed(await deps.refresh_prices())


def refreshed(found: Fetched) -> PricesRefreshedOut:
    """Return what came of asking again."""
    return PricesRefreshedOut.model_validate(
        {
            "days": [
                {
                    "delivery_day": each.day,
                    "outcome": each.outcome.value,
                    "source": each.source,
                    "reasons": [*filter(None, (each.in_vain, *each.refusals, each.doubt))],
                }
                for each in found.days
            ],
            "waits": list(found.waits),
            "plans": found.stored,
        }
    )


async def prices_of(deps: Services, *, now: datetime | None = None) -> PricesOut:
    """Return the prices known from the local day of ``now`` on, today's unless given.

    Raises ``DatabaseUnavailableError``.
    """
    if not deps.job.log.migrated:
        # There are no tables to read yet.
        raise DatabaseUnavailableError(deps.job.log.database_error or "the database is being made")
    found = await price_breakdown(deps.job.sources, now=now or clock.now())
    return await asyncio.to_thread(_out, found, deps.job.settings)


def _out(found: Breakdown, settings: Settings) -> PricesOut:
    return PricesOut.model_validate(
        {
            "price_area": settings.nordpool.price_area,
            "currency": settings.nordpool.currency,
            "timezone": settings.timezone,
            "billed_by": settings.pricing.billed_by,
            "tariff": source(settings),
            "is_sample": found.is_sample,
            "problems": list(found.problems),
            "corrections": [
                {
                    "delivery_day": each.delivery_day,
                    "corrected_at": each.superseded_at,
                    "source_before": each.provider,
                }
                for each in found.corrections
            ],
            "slots": [_slot(row) for row in found.frame.iter_rows(named=True)],
        }
    )


def _slot(row: dict[str, Any]) -> dict[str, Any]:
    start = row["slot_start"]
    return {"slot_start": start, "slot_end": start + SLOT, **slot_parts(row)}


def slot_parts(row: dict[str, Any]) -> dict[str, Any]:
    """Return the prices of a row of ``frames.PRICE_PARTS`` with their parts."""
    return {
        "import_price_per_kwh": row["import_price_per_kwh"],
        "import_parts": {
            "spot": row["spot_price_per_kwh"],
            "spot_markup": row["spot_markup_per_kwh"],
            "grid_transfer": row["grid_transfer_per_kwh"],
            "energy_tax": row["energy_tax_per_kwh"],
            "vat": row["vat_per_kwh"],
        },
        "export_price_per_kwh": row["export_price_per_kwh"],
        "export_parts": {
            "spot": row["spot_price_per_kwh"],
            "vat": row["export_vat_per_kwh"],
            "fees": row["export_fees_per_kwh"],
            "credit": row["export_credit_per_kwh"],
        },
        "source": row["provider"],
        "estimated": row["estimated"],
    }
