"""From spot to what the home pays and is paid, per kWh; the parts are kept for explanations."""

import polars as pl

from app.settings import Pricing


def with_prices(lf: pl.LazyFrame, pricing: Pricing) -> pl.LazyFrame:
    """Add import and export price to a frame with ``spot_price_per_kwh`` (``frames.PRICES``).

    import = (spot + markup + grid transfer + energy tax) x (1 + VAT);
    export = spot x (1 + export VAT) - fees + grid benefit.
    """
    spot = pl.col("spot_price_per_kwh")
    before_vat = (
        spot
        + pricing.spot_markup_per_kwh
        + pricing.grid_transfer_fee_per_kwh
        + pricing.energy_tax_per_kwh
    )
    return lf.select(
        "slot_start",
        spot,
        import_price_per_kwh=before_vat * (1 + pricing.vat_percent / 100),
        export_price_per_kwh=spot * (1 + pricing.export_vat_percent / 100)
        - pricing.export_fees_per_kwh
        + pricing.export_grid_benefit_per_kwh,
    )


def price_parts(spot_price_per_kwh: float, pricing: Pricing) -> dict[str, float]:
    """Return what one import price is made of; the parts add up to it exactly as billed."""
    before_vat = {
        "spot": spot_price_per_kwh,
        "spot_markup": pricing.spot_markup_per_kwh,
        "grid_transfer": pricing.grid_transfer_fee_per_kwh,
        "energy_tax": pricing.energy_tax_per_kwh,
    }
    return {**before_vat, "vat": sum(before_vat.values()) * pricing.vat_percent / 100}
