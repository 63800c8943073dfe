"""Plans and slots that tests share."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from app.core.frames import SLOT, SLOTS
from app.planner.model.context import Context, HomeState
from app.planner.run import Plan, make_plan
from app.settings import Settings


def slots(
    start: datetime,
    prices: Sequence[float],
    *,
    load_kwh: float | Sequence[float] = 0.25,
    pv_kwh: float | Sequence[float] = 0.0,
    export_prices: Sequence[float] | None = None,
    manual: dict[int, str] | None = None,
    manual_power_kw: float | None = None,
) -> pl.DataFrame:
    """Return planner input: one row per price, from ``start`` on."""
    count = len(prices)
    loads = [load_kwh] * count if isinstance(load_kwh, float | int) else load_kwh
    suns = [pv_kwh] * count if isinstance(pv_kwh, float | int) else pv_kwh
    exports = [price * 0.8 - 0.6 for price in prices] if export_prices is None else export_prices
    actions = [(manual or {}).get(index) for index in range(count)]
    return pl.DataFrame(
        {
            "slot_start": [start + SLOT * index for index in range(count)],
            "import_price_per_kwh": [float(price) for price in prices],
            "export_price_per_kwh": [float(price) for price in exports],
            "pv_kwh": [float(sun) for sun in suns],
            "load_kwh": [float(load) for load in loads],
            "manual_action": actions,
            "manual_target_soc_percent": [None] * count,
            "manual_power_kw": [manual_power_kw] * count,
        },
        schema=SLOTS,
    )


ENGINE: str | None = None
"""The engine every plan is made with, when a module is tested with one after the other."""


def plan_of(frame: pl.DataFrame, settings: Settings | None = None, **home: object) -> Plan:
    """Plan a frame for a home at 50 % unless told otherwise."""
    state = HomeState(**{"soc_percent": 50.0, **home})  # type: ignore[arg-type]
    made = settings or Settings()
    if ENGINE is not None:
        planner = made.planner.model_copy(update={"engine": ENGINE})
        made = made.model_copy(update={"planner": planner})
    return make_plan(frame, Context(settings=made, home=state))
