"""What a kWh cost and paid in slots that are over: from the stored spot prices and the tariff."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from app.core.frames import SLOT
from app.core.slot_quality import ESTIMATED, GAP, MEASURED
from app.db import heater_slots, prices
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.recorder.slots import PRICES, Known, Slots
from app.tariff import prices as tariff


async def known_prices(sources: Sources, slots: Sequence[datetime]) -> Slots:
    """Return both prices of each slot, per kWh; ``slots`` are in order, without a hole.

    Where the spot price is not stored any more (or the tariff is not known) the plan's own price
    stands, as an estimate.
    """
    settings, end = sources.settings, slots[-1] + SLOT
    before = tariff.quarters_before(slots[0], settings)
    async with session_scope(sources.sessions) as session:
        stored = await prices.load(
            session,
            area=settings.nordpool.price_area,
            currency=settings.nordpool.currency,
            start=(before or slots)[0],
            end=end,
        )
        planned = await heater_slots.prices_used(session, start=slots[0], end=end)
    spot = stored.select("slot_start", "spot_price_per_kwh")
    parts = await asyncio.to_thread(tariff.with_parts, spot, settings)
    known = {slot: (prices, ESTIMATED) for slot, *prices in planned.iter_rows()}
    for slot, *values, is_estimated in parts.select("slot_start", *PRICES, "estimated").iter_rows():
        known[slot] = (values, ESTIMATED if is_estimated else MEASURED)
    nothing = ([None] * len(PRICES), GAP)
    return {
        slot: {name: Known(value, quality) for name, value in zip(PRICES, values, strict=True)}
        for slot in slots
        for values, quality in [known.get(slot, nothing)]
    }
