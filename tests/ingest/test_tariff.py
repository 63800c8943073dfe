"""What the home pays and is paid per kWh."""

from datetime import UTC, datetime

import polars as pl
import pytest

from app.core.frames import PRICES, UTC_TIME, check
from app.settings import Pricing, Settings
from app.tariff.prices import with_prices

START = datetime(2026, 1, 1, tzinfo=UTC)


def _priced(spot: float, pricing: Pricing) -> dict[str, float]:
    lf = pl.LazyFrame(
        {"slot_start": [START], "spot_price_per_kwh": [spot]},
        schema={"slot_start": UTC_TIME, "spot_price_per_kwh": pl.Float64()},
    )
    settings = Settings(pricing=pricing)
    return check(with_prices(lf, settings), PRICES, by="tariff").collect().row(0, named=True)


@pytest.mark.parametrize(
    ("spot", "import_price"), [(-0.1, 0.73075), (0, 0.85575), (0.5, 1.48075), (3.0, 4.60575)]
)
def test_a_swedish_bill_is_spot_fee_and_tax_with_vat_on_all_of_it(
    spot: float, import_price: float
) -> None:
    pricing = Pricing(grid_transfer_fee_per_kwh=0.2456, energy_tax_per_kwh=0.439, vat_percent=25)
    priced = _priced(spot, pricing)
    assert priced["import_price_per_kwh"] == pytest.approx(import_price, abs=1e-12)
    assert priced["export_price_per_kwh"] == spot


def test_every_part_of_the_tariff_counts_with_its_sign() -> None:
    pricing = Pricing(
        vat_percent=20,
        spot_markup_per_kwh=0.05,
        grid_transfer_fee_per_kwh=0.3,
        energy_tax_per_kwh=0.4,
        export_vat_percent=10,
        export_fees_per_kwh=0.02,
        export_grid_benefit_per_kwh=0.07,
    )
    priced = _priced(1.0, pricing)
    assert priced["import_price_per_kwh"] == pytest.approx(1.75 * 1.2)
    assert priced["export_price_per_kwh"] == pytest.approx(1.1 - 0.02 + 0.07)
