"""Schemas of the frames that cross a border, and the one slot length.

Conventions, written once: a row is one slot ``[slot_start, slot_start + 15 min)`` keyed by its
aware UTC start; energy is kWh per slot on the AC side, never negative, the direction in the
name; power is kW; prices are currency per kWh; state of charge is percent of capacity.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import polars as pl

from app.core.errors import FrameError

SLOT: Final = timedelta(minutes=15)
SLOT_HOURS: Final = SLOT.total_seconds() / 3600

UTC_TIME: Final = pl.Datetime("us", "UTC")

PRICES: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "spot_price_per_kwh": pl.Float64(),
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
    }
)

# What each price is made of, per kWh. Import: spot, markup, transfer, tax and VAT add up to the
# import price; export: spot, export VAT, fees (taken off, so negative or 0) and credit add up to
# the export price. `estimated`: a figure of the tariff is missing or has run out.
PRICE_PARTS: Final = pl.Schema(
    {
        **PRICES,
        "spot_markup_per_kwh": pl.Float64(),
        "grid_transfer_per_kwh": pl.Float64(),
        "energy_tax_per_kwh": pl.Float64(),
        "vat_per_kwh": pl.Float64(),
        "export_vat_per_kwh": pl.Float64(),
        "export_fees_per_kwh": pl.Float64(),
        "export_credit_per_kwh": pl.Float64(),
        "estimated": pl.Boolean(),
    }
)

FORECAST: Final = pl.Schema(
    {"slot_start": UTC_TIME, "pv_kwh": pl.Float64(), "load_kwh": pl.Float64()}
)

# What the planner takes. `manual_action` is charge, water, hold, export or null;
# `manual_target_soc_percent` overrides the configured manual target of that slot;
# `manual_power_kw` is the most a manual charge buys or a manual export sells, null for all it can.
SLOTS: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "pv_kwh": pl.Float64(),
        "load_kwh": pl.Float64(),
        "manual_action": pl.String(),
        "manual_target_soc_percent": pl.Float64(),
        "manual_power_kw": pl.Float64(),
    }
)

# The day after the horizon as recent days would have it: `price_day` names the day whose prices
# stand in, `quality` is always `estimated`. It values what is left at the end and is never shown
# as published prices.
LOOKAHEAD: Final = pl.Schema(
    {
        "price_day": pl.Date(),
        "slot_start": UTC_TIME,
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "pv_kwh": pl.Float64(),
        "load_kwh": pl.Float64(),
        "quality": pl.String(),
    }
)

# What the planner gives and everyone downstream reads. `charge_kw` and `discharge_kw` are AC
# powers of the battery from any source; `export_kw` is everything that leaves for the grid;
# `soc_projected` is at the slot's end; `reason_params` is a JSON object.
SCHEDULE: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "slot_end": UTC_TIME,
        "classification": pl.String(),
        "charge_kw": pl.Float64(),
        "discharge_kw": pl.Float64(),
        "import_kw": pl.Float64(),
        "export_kw": pl.Float64(),
        "curtailed_kw": pl.Float64(),
        "water_kw": pl.Float64(),
        "planned_load_kwh": pl.Float64(),
        "planned_pv_kwh": pl.Float64(),
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "planned_cost": pl.Float64(),
        "soc_target": pl.Float64(),
        "soc_projected": pl.Float64(),
        "marginal_value_per_kwh": pl.Float64(),
        "is_manual": pl.Boolean(),
        "reason": pl.String(),
        "reason_params": pl.String(),
        "reason_text": pl.String(),
    }
)

CLASSIFICATIONS: Final = ("charge", "discharge", "hold", "export", "pv_charge")


def check(lf: pl.LazyFrame, wanted: Mapping[str, pl.DataType], *, by: str) -> pl.LazyFrame:
    """Return ``lf`` unchanged, or raise ``FrameError`` naming the broken columns. Reads no rows."""
    require(lf.collect_schema(), wanted, by=by)
    return lf


def require(got: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType], *, by: str) -> None:
    """Raise ``FrameError`` naming the columns of ``wanted`` that are missing or of another type."""
    broken = {name: str(got.get(name)) for name in wanted if got.get(name) != wanted[name]}
    if broken:
        promised = {name: str(wanted[name]) for name in broken}
        raise FrameError(f"{by}: wanted {promised}, got {broken}")
