"""The planner's input, joined from what was gathered: milliseconds that no event loop can spare."""

import polars as pl

from app.core.frames import FORECAST
from app.fetch.sources import Gathered
from app.gather import assemble


def slots_of(
    prices: Gathered, pv: Gathered, load: Gathered, manual: pl.DataFrame, *, horizon_hours: int
) -> pl.DataFrame:
    """Join what was gathered to the planner's input (``frames.SLOTS``)."""
    forecast = pv.frame.lazy().join(load.frame.lazy(), on="slot_start", how="left")
    return assemble.assemble(
        prices.frame.lazy(),
        forecast.select(FORECAST.names()),
        manual.lazy(),
        start=prices.frame["slot_start"][0],
        hours=horizon_hours,
    ).collect()
