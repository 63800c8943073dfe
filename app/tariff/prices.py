"""From spot to what the home pays and is paid, per kWh, with every part kept.

import = (spot + markup + grid transfer + energy tax) x (1 + VAT);
export = spot x (1 + export VAT) - fees + credit.

All of it is linear, negative prices too: VAT on a sum below zero is below zero (the bill shrinks by
it), and a fee of some percent of spot turns into a credit where spot is negative.
"""

from datetime import datetime, timedelta
from typing import Final, TypeVar

import polars as pl

from app.core.frames import PRICE_PARTS, PRICES, SLOT
from app.settings import Settings
from app.settings.tariff_layers import components, holidays
from app.tariff.terms import amount, amount_before_vat, estimated, local_times

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

QUARTERS_OF_AN_HOUR: Final = 4
PARTIAL: Final = "is_partial_hour"


def with_prices(lf: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Return ``frames.PRICES`` for a frame with ``slot_start`` and ``spot_price_per_kwh``."""
    return with_parts(lf, settings).select(PRICES.names())


def with_parts(frame: Frame, settings: Settings) -> Frame:
    """Return ``frames.PRICE_PARTS`` for a frame with ``slot_start``, ``spot_price_per_kwh``."""
    return tariffed(billed_spot(frame, settings), settings)


def billed_spot(frame: Frame, settings: Settings) -> Frame:
    """Put the spot price that is billed in place of the quarter's own.

    Where the contract bills by the hour that is the mean over the local clock hour, the two hours
    of an autumn night each for itself. An hour of which some quarters are not known takes the mean
    of those that are, and counts as estimated.
    """
    if settings.pricing.billed_by == "quarter":
        return frame.with_columns(pl.lit(value=False).alias(PARTIAL))
    local = pl.col("slot_start").dt.convert_time_zone(settings.timezone)
    # Not the local hour itself: it comes twice in an autumn night.
    hour = pl.col("slot_start") - pl.duration(minutes=local.dt.minute())
    return frame.with_columns(
        pl.col("spot_price_per_kwh").mean().over(hour),
        (pl.len().over(hour) < QUARTERS_OF_AN_HOUR).alias(PARTIAL),
    )


def quarters_before(slot: datetime, settings: Settings) -> list[datetime]:
    """Return the slots that the bill needs before ``slot``: the beginning of its clock hour."""
    if settings.pricing.billed_by == "quarter":
        return []
    start = slot - timedelta(minutes=slot.astimezone(settings.zone).minute)
    return [start + SLOT * index for index in range(round((slot - start) / SLOT))]


def tariffed(frame: Frame, settings: Settings) -> Frame:
    """Return ``frames.PRICE_PARTS`` for a frame whose spot price is already the billed one."""
    parts = components(settings)
    red_days = holidays(settings)
    spot, vat = pl.col("spot_price_per_kwh"), pl.col("_vat_ratio")
    before_vat = spot + pl.col("spot_markup_per_kwh")
    before_vat = before_vat + pl.col("grid_transfer_per_kwh") + pl.col("energy_tax_per_kwh")
    timed = frame.with_columns(*local_times(settings.timezone)).with_columns(
        (amount(parts["vat"], red_days) / 100).alias("_vat_ratio"),
        (amount(parts["export_vat"], red_days) / 100).alias("_export_vat_ratio"),
    )
    summed = timed.with_columns(
        spot_markup_per_kwh=amount_before_vat(parts["spot_markup"], red_days),
        grid_transfer_per_kwh=amount_before_vat(parts["grid_transfer"], red_days),
        energy_tax_per_kwh=amount_before_vat(parts["energy_tax"], red_days),
        export_vat_per_kwh=spot * pl.col("_export_vat_ratio"),
        # A part that is taken off: the parts of a price add up.
        export_fees_per_kwh=0.0 - amount(parts["export_fees"], red_days),
        export_credit_per_kwh=amount(parts["export_credit"], red_days),
        estimated=estimated(parts.values()) | pl.col(PARTIAL),
    )
    return summed.with_columns(
        vat_per_kwh=before_vat * vat,
        import_price_per_kwh=before_vat * (1 + vat),
        export_price_per_kwh=spot * (1 + pl.col("_export_vat_ratio"))
        + pl.col("export_fees_per_kwh")
        + pl.col("export_credit_per_kwh"),
    ).select(PRICE_PARTS.names())
