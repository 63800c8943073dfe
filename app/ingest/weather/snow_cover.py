"""How much of a plane of panels lies under snow, slot by slot.

After Marion, Schaefer, Caine and Sanchez (Solar Energy 97, 2013, pp. 112-121): snow slides where
the air is warmer than the sun demands (T > -G/80), each hour by 0.197 times the sine of the tilt
of the panels' length, so that steeper planes shed sooner and a flat one never. There, an hour with
1 cm of snowfall covers everything; here lighter snow covers its share, since a Nordic night brings
the same centimetre in ten hours. Where less than 1 cm lies on the ground, none lies on the panels.
"""

import math
from typing import Final

import polars as pl

from app.core.frames import SLOT_HOURS

COVERING_CM: Final = 1.0
LEAST_DEPTH_CM: Final = 1.0
SLIDES_ABOVE_C_PER_W: Final = -1 / 80
SLIDE_RATIO_PER_HOUR: Final = 0.197


def with_snow(weather: pl.DataFrame, *, tilt_degrees: float) -> pl.DataFrame:
    """Return ``WEATHER`` rows in order of time with ``snow_ratio``, 0 bare to 1 all covered.

    The panels are bare at first; what the weather does not know (null) brings no snow.
    """
    slide = SLIDE_RATIO_PER_HOUR * math.sin(math.radians(tilt_degrees)) * SLOT_HOURS
    covered, ratios = 0.0, []
    rows = weather.select(
        fresh=(pl.col("snowfall_cm").fill_null(0).clip(lower_bound=0)) / COVERING_CM,
        slides=pl.col("temperature_c") > pl.col("irradiance_w_per_m2") * SLIDES_ABOVE_C_PER_W,
        is_bare=(pl.col("snow_depth_cm") < LEAST_DEPTH_CM).fill_null(value=False),
    )
    # What lies now depends on what lay before: there is no expression for that.
    for fresh, slides, is_bare in rows.iter_rows():
        covered = min(1.0, covered + fresh)
        if slides:
            covered = max(0.0, covered - slide)
        if is_bare:
            covered = 0.0
        ratios.append(covered)
    return weather.with_columns(snow_ratio=pl.Series(ratios, dtype=pl.Float64))
