"""From irradiance on the panels to AC energy, per roof plane.

P = kWp x G/1000 x (1 + k (T_cell - 25)) x PR, with the cell temperature from the NOCT formula
T_cell = T_air + (NOCT - 20)/800 x G (Ross, 1976; NOCT 45 degrees Celsius), k = -0.4 %/K for
crystalline silicon, and 14 % system losses, the default of PVWatts (NREL/TP-6A20-62641, 2014).
"""

from collections.abc import Sequence

import polars as pl

from app.frames import SLOT_HOURS
from app.settings import SolarArray

NOCT_C = 45.0
STANDARD_CELL_C = 25.0
POWER_PER_KELVIN = -0.004
PERFORMANCE_RATIO = 0.86


def pv_energy(weather: pl.LazyFrame, array: SolarArray) -> pl.LazyFrame:
    """Return ``slot_start`` and ``pv_kwh`` (AC) of one plane; never above its peak power."""
    irradiance = pl.col("irradiance_w_per_m2").clip(lower_bound=0)
    cell_c = pl.col("temperature_c") + (NOCT_C - 20) / 800 * irradiance
    derate = 1 + POWER_PER_KELVIN * (cell_c - STANDARD_CELL_C)
    power_kw = array.peak_power_kwp * irradiance / 1000 * derate * PERFORMANCE_RATIO
    return weather.select("slot_start", pv_kwh=power_kw.clip(0, array.peak_power_kwp) * SLOT_HOURS)


def total(planes: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Add up planes; a slot counts only if every plane has it."""
    return (
        pl.concat(planes)
        .group_by("slot_start")
        .agg(pl.col("pv_kwh").sum(), planes=pl.len())
        .filter(pl.col("planes") == len(planes))
        .select("slot_start", "pv_kwh")
        .sort("slot_start")
    )
