"""From irradiance on the panels to AC energy: each plane by itself, each inverter with its limit.

P = kWp x G/1000 x (1 + k (T_cell - 25)) x PR, with k = -0.4 %/K for crystalline silicon and 14 %
system losses, the default of PVWatts (NREL/TP-6A20-62641, 2014). The cell's temperature is that of
Faiman (Progress in Photovoltaics 16(4), 2008, pp. 307-315; adopted by IEC 61853-2):
T_cell = T_air + G / (25.0 + 6.84 v), v being the wind at the panels in m/s.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from app.core.frames import SLOT_HOURS, UTC_TIME
from app.settings import Settings, SolarArray

STANDARD_CELL_C: Final = 25.0
POWER_PER_KELVIN: Final = -0.004
PERFORMANCE_RATIO: Final = 0.86
HEAT_LOSS_W_PER_M2_K: Final = 25.0
WIND_HEAT_LOSS: Final = 6.84
# Hellmann's law, exponent 0.34 for neutral air above inhabited land: 5 m (a roof) against 10 m.
WIND_AT_THE_PANELS_RATIO: Final = (5 / 10) ** 0.34
# Where the wind is not known: that of the conditions in which a module's temperature is rated.
RATED_WIND_M_PER_S: Final = 1.0
# Panels that name no inverter feed the home's own.
HOME_INVERTER: Final = ""

# The panels of one inverter together, before its limit. `snow_ratio` is the part of their peak
# power under snow.
PANELS: Final = pl.Schema(
    {
        "slot_start": UTC_TIME,
        "inverter": pl.String(),
        "power_kw": pl.Float64(),
        "snow_ratio": pl.Float64(),
    }
)
Limits = Mapping[str, float]


def limits_kw(settings: Settings) -> dict[str, float]:
    """Return what each inverter of panels can give; one without a limit is not in it."""
    limits = {each.name: each.max_power_kw for each in settings.solar_inverters}
    if settings.inverter.max_power_kw:
        limits[HOME_INVERTER] = settings.inverter.max_power_kw
    return limits


def cell_c(irradiance: pl.Expr, air_c: pl.Expr, wind_m_per_s: pl.Expr) -> pl.Expr:
    """Return the cells' temperature; ``wind_m_per_s`` is 10 m above the ground, may be null."""
    wind = (wind_m_per_s.clip(lower_bound=0) * WIND_AT_THE_PANELS_RATIO).fill_null(
        RATED_WIND_M_PER_S
    )
    return air_c + irradiance / (HEAT_LOSS_W_PER_M2_K + WIND_HEAT_LOSS * wind)


def power_kw(array: SolarArray) -> pl.Expr:
    """Return the AC power of a plane from its weather and ``snow_ratio``, never above its peak."""
    irradiance = pl.col("irradiance_w_per_m2").clip(lower_bound=0)
    cell = cell_c(irradiance, pl.col("temperature_c"), pl.col("wind_m_per_s"))
    derate = 1 + POWER_PER_KELVIN * (cell - STANDARD_CELL_C)
    power = array.peak_power_kwp * irradiance / 1000 * derate * PERFORMANCE_RATIO
    return power.clip(0, array.peak_power_kwp) * (1 - pl.col("snow_ratio"))


def panels(
    planes: Sequence[tuple[pl.DataFrame, SolarArray]], *, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Add up planes per inverter (``PANELS`` and the columns ``by``, sorted).

    Each plane's weather has ``snow_ratio``; a slot counts only if every plane has it.
    """
    keys = ["slot_start", *by]
    parts = [
        weather.select(
            *keys,
            inverter=pl.lit(array.inverter or HOME_INVERTER),
            power_kw=power_kw(array),
            snowed_kwp=pl.col("snow_ratio") * array.peak_power_kwp,
            kwp=pl.lit(array.peak_power_kwp),
        )
        for weather, array in planes
    ]
    return (
        pl.concat(parts)
        .filter(pl.len().over(keys) == len(planes))
        .group_by([*keys, "inverter"])
        .agg(pl.col("power_kw").sum(), pl.col("snowed_kwp").sum(), pl.col("kwp").sum())
        .with_columns(snow_ratio=pl.col("snowed_kwp") / pl.col("kwp"))
        .select(*keys, "inverter", "power_kw", "snow_ratio")
        .sort([*keys, "inverter"])
    )


def energy(
    frame: pl.DataFrame,
    limits: Limits,
    *,
    factor: pl.Series | None = None,
    by: Sequence[str] = (),
) -> pl.DataFrame:
    """Return ``slot_start`` (and ``by``) and ``pv_kwh``: each inverter cut at its limit.

    ``factor`` corrects the panels' power, row by row, before the inverter sees it.
    """
    limit_kw = pl.col("inverter").replace_strict(
        dict(limits), default=float("inf"), return_dtype=pl.Float64()
    )
    power = pl.col("power_kw") if factor is None else pl.col("power_kw") * factor
    return (
        frame.with_columns(pv_kwh=pl.min_horizontal(power, limit_kw) * SLOT_HOURS)
        .group_by(["slot_start", *by], maintain_order=True)
        .agg(pl.col("pv_kwh").sum())
        .select("slot_start", *by, "pv_kwh")
    )
