"""Worked invoices: the arithmetic is done by hand beside each case, to the öre."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from app.core.frames import SLOT
from app.settings import Settings
from app.tariff.prices import with_parts
from tests.ingest.test_tariff_parts import spot_frame

ZONE = ZoneInfo("Europe/Stockholm")
# Winter weekdays 06-22 cost 70 öre with VAT, the rest 12 öre with VAT (Ellevio's Tid of 2024).
TIME_OF_USE = [
    {
        "per_kwh": 0.70,
        "includes_vat": True,
        "months": [11, 12, 1, 2, 3],
        "days": "workday",
        "hours": "06-22",
    },
    {"per_kwh": 0.12, "includes_vat": True},
]


def bill(
    settings: Settings, start: datetime, hours: list[tuple[float, float]], *, export: bool = False
) -> Decimal:
    """Return what hours of (spot price, kWh) cost or earn, in kronor and öre."""
    spot = [price for price, _ in hours for _ in range(4)]
    frame = with_parts(spot_frame(start.astimezone(UTC), spot), settings)
    name = "export_price_per_kwh" if export else "import_price_per_kwh"
    kwh = pl.Series([energy / 4 for _, energy in hours for _ in range(4)])
    total = float((frame[name] * kwh).sum())
    return Decimal(f"{total:.9f}").quantize(Decimal("0.01"), ROUND_HALF_UP)


def home(pricing: dict[str, Any] | None = None, **tariff: Any) -> Settings:
    return Settings.model_validate({"pricing": pricing or {}, "tariff": tariff})


def local(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold)


def test_a_flat_swedish_invoice() -> None:
    """100 kWh at spot 0.50, markup 0.0625, grid 0.2456, tax 0.36, VAT 25 %.

    0.50 + 0.0625 + 0.2456 + 0.36 = 1.1681; x 1.25 = 1.460125; x 100 kWh = 146.01 kr.
    """
    flat = home(spot_markup=0.0625, grid_transfer=0.2456, energy_tax=0.36, vat=25)
    assert bill(flat, local("2026-05-05T10:00"), [(0.50, 100)]) == Decimal("146.01")


def test_the_same_invoice_from_pricing_alone() -> None:
    legacy = home(
        {
            "spot_markup_per_kwh": 0.0625,
            "grid_transfer_fee_per_kwh": 0.2456,
            "energy_tax_per_kwh": 0.36,
            "vat_percent": 25,
        }
    )
    assert bill(legacy, local("2026-05-05T10:00"), [(0.50, 100)]) == Decimal("146.01")


@pytest.mark.parametrize(
    ("start", "kronor"),
    [
        # Thursday 05:00-07:00: one low hour, one high hour. With VAT: spot 1.00 -> 1.25,
        # tax 0.36 -> 0.45; 1.25 + 0.45 + 0.12 = 1.82 and 1.25 + 0.45 + 0.70 = 2.40;
        # 2 kWh each: 3.64 + 4.80 = 8.44.
        ("2026-11-26T05:00", "8.44"),
        # Thursday 21:00-23:00: high, then low: the same two prices.
        ("2026-11-26T21:00", "8.44"),
        # Saturday 10:00-12:00: low twice: 4 kWh x 1.82 = 7.28.
        ("2026-11-28T10:00", "7.28"),
        # Epiphany 2026-01-06, a Tuesday: a holiday, low twice: 7.28.
        ("2026-01-06T10:00", "7.28"),
        # The Wednesday after it: high twice: 4 kWh x 2.40 = 9.60.
        ("2026-01-07T10:00", "9.60"),
        # A Wednesday in April: summer, low twice: 7.28.
        ("2026-04-15T10:00", "7.28"),
        # Friday 23:00 to Saturday 01:00: low twice.
        ("2026-11-27T23:00", "7.28"),
    ],
)
def test_a_time_of_use_invoice_knows_hours_weekends_holidays_and_months(
    start: str, kronor: str
) -> None:
    tariff = home(grid_transfer=TIME_OF_USE, energy_tax=0.36, vat=25)
    assert bill(tariff, local(start), [(1.00, 2), (1.00, 2)]) == Decimal(kronor)


def test_weekdays_by_name_do_not_mind_holidays() -> None:
    """Epiphany is a Tuesday: where the grid company says Monday to Friday it is a high day."""
    by_name = [{**TIME_OF_USE[0], "days": ["mon", "tue", "wed", "thu", "fri"]}, TIME_OF_USE[1]]
    tariff = home(grid_transfer=by_name, energy_tax=0.36, vat=25)
    assert bill(tariff, local("2026-01-06T10:00"), [(1.00, 2), (1.00, 2)]) == Decimal("9.60")


def test_christmas_eve_is_a_holiday_where_the_tariff_says_so() -> None:
    """2026-12-24 is a Thursday: high (9.60) by law, low (7.28) where eves count."""
    parts = {"grid_transfer": TIME_OF_USE, "energy_tax": 0.36, "vat": 25}
    hours = [(1.00, 2.0), (1.00, 2.0)]
    start = local("2026-12-24T10:00")
    assert bill(home(**parts), start, hours) == Decimal("9.60")
    with_eves = home(**parts, holiday_kinds=["public", "de_facto"])
    assert bill(with_eves, start, hours) == Decimal("7.28")


def test_a_price_changes_at_local_midnight() -> None:
    """New Year 2026: the tax falls from 43.9 to 36.0 öre at midnight, 23:00 UTC.

    23:00-00:00: (0.40 + 0.439) x 1.25 = 1.04875; 00:00-01:00: (0.40 + 0.36) x 1.25 = 0.95;
    10 kWh each: 10.4875 + 9.50 = 19.9875 = 19.99 kr.
    """
    tax = [
        {"per_kwh": 0.439, "valid_to": "2025-12-31"},
        {"per_kwh": 0.36, "valid_from": "2026-01-01"},
    ]
    tariff = home(grid_transfer=0, energy_tax=tax, vat=25)
    assert bill(tariff, local("2025-12-31T23:00"), [(0.40, 10), (0.40, 10)]) == Decimal("19.99")


def test_a_negative_spot_price_takes_its_vat_with_it() -> None:
    """Spot -0.60, grid 0.20, tax 0.36: -0.04 before VAT, -0.05 with it; 20 kWh: -1.00 kr.

    Spot -0.10: 0.46, with VAT 0.575; 20 kWh: 11.50 kr.
    """
    tariff = home(grid_transfer=0.20, energy_tax=0.36, vat=25)
    assert bill(tariff, local("2026-06-21T13:00"), [(-0.60, 20)]) == Decimal("-1.00")
    assert bill(tariff, local("2026-06-21T13:00"), [(-0.10, 20)]) == Decimal("11.50")


def test_a_share_of_spot_follows_its_sign() -> None:
    """5 % of spot and 0.04, quoted with VAT: at 0.80, 0.04 + 0.04 = 0.08 with VAT.

    Import: 0.80 x 1.25 + 0.08 = 1.08, 10 kWh: 10.80. At -0.80: -1.00 + 0.04 - 0.04 = -1.00: -10.00.
    """
    markup = {"per_kwh": 0.04, "percent_of_spot": 5, "includes_vat": True}
    tariff = home(spot_markup=markup, grid_transfer=0, energy_tax=0, vat=25)
    assert bill(tariff, local("2026-05-05T10:00"), [(0.80, 10)]) == Decimal("10.80")
    assert bill(tariff, local("2026-05-05T10:00"), [(-0.80, 10)]) == Decimal("-10.00")


def test_export_pays_spot_less_fees_with_the_grids_credit() -> None:
    """Sale of 40 kWh at 0.75: fee 0.03, credit 0.05 + 5.6 % of spot = 0.092.

    0.75 - 0.03 + 0.092 = 0.812; x 40 = 32.48 kr. At spot -0.20: -0.20 - 0.03 + 0.0388 = -0.1912,
    40 kWh cost 7.65 kr.
    """
    credit = {"per_kwh": 0.05, "percent_of_spot": 5.6}
    tariff = home(export_fees=0.03, export_credit=credit)
    start = local("2026-06-21T13:00")
    assert bill(tariff, start, [(0.75, 40)], export=True) == Decimal("32.48")
    assert bill(tariff, start, [(-0.20, 40)], export=True) == Decimal("-7.65")


def test_a_seller_with_vat_is_paid_vat_on_spot_only() -> None:
    """0.80 x 1.25 - 0.02 + 0.06 = 1.04; 10 kWh: 10.40 kr."""
    tariff = home(export_vat=25, export_fees=0.02, export_credit=0.06)
    assert bill(tariff, local("2026-06-21T13:00"), [(0.80, 10)], export=True) == Decimal("10.40")


NIGHT = [{"per_kwh": 0.50, "hours": "02-03"}, {"per_kwh": 0.10}]


def test_an_autumn_night_has_the_hour_two_twice() -> None:
    """00:00 to 04:00 has five hours; 02-03 costs 0.50 in both of them, the rest 0.10.

    No spot, no VAT, 1 kWh an hour: 0.10 + 0.10 + 0.50 + 0.50 + 0.10 = 1.30 kr.
    """
    tariff = home(grid_transfer=NIGHT, energy_tax=0, vat=0)
    assert bill(tariff, local("2026-10-25T00:00"), [(0.0, 1)] * 5) == Decimal("1.30")


def test_a_spring_night_has_no_hour_two() -> None:
    """00:00 to 04:00 has three hours, none of them 02-03: 3 x 0.10 = 0.30 kr."""
    tariff = home(grid_transfer=NIGHT, energy_tax=0, vat=0)
    assert bill(tariff, local("2026-03-29T00:00"), [(0.0, 1)] * 3) == Decimal("0.30")


def test_whole_days_at_both_changes_of_the_clock() -> None:
    """06-22 has 16 hours on every day; the night has 8, on 2026-03-29 7, on 2026-10-25 9.

    1 kWh an hour, 0.70 and 0.12 without VAT on them, every day alike:
    16 x 0.70 + 8 x 0.12 = 12.16; 11.20 + 7 x 0.12 = 12.04; 11.20 + 9 x 0.12 = 12.28.
    """
    rules = [{"per_kwh": 0.70, "hours": "06-22"}, {"per_kwh": 0.12}]
    tariff = home(grid_transfer=rules, energy_tax=0, vat=0)
    for day, hours, kronor in (
        ("2026-03-28", 24, "12.16"),
        ("2026-03-29", 23, "12.04"),
        ("2026-10-25", 25, "12.28"),
    ):
        start = local(f"{day}T00:00")
        assert bill(tariff, start, [(0.0, 1)] * hours) == Decimal(kronor)
        end = start.astimezone(UTC) + SLOT * 4 * hours
        assert end.astimezone(ZONE) - timedelta(days=1) == start


def test_a_contract_by_the_hour_pays_the_mean_of_the_quarters() -> None:
    """Quarters 0.20, 0.40, 0.60, 1.20 have the mean 0.60; all 8 kWh in the last quarter.

    By the hour: (0.60 + 0.36) x 1.25 x 8 = 9.60; by the quarter: (1.20 + 0.36) x 1.25 x 8 = 15.60.
    """
    spot = [0.20, 0.40, 0.60, 1.20]
    for billed_by, kronor in (("hour", 9.60), ("quarter", 15.60)):
        tariff = home({"billed_by": billed_by}, grid_transfer=0, energy_tax=0.36, vat=25)
        frame = with_parts(spot_frame(local("2026-05-05T10:00").astimezone(UTC), spot), tariff)
        assert frame["import_price_per_kwh"][3] * 8 == pytest.approx(kronor, abs=1e-9)
