"""Gather every input of one planning run, labelled, into what the planner takes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from app.core.clock import local_day
from app.core.frames import SLOT
from app.core.provenance import InputStatus
from app.db import manual_actions, plans
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.forecast import lookahead
from app.gather import outlook
from app.gather import slots as making
from app.gather import temperature as temperature_forecast
from app.gather.home.state import home_now
from app.gather.load import gather_load
from app.gather.lookahead import gather_lookahead
from app.gather.manual_slots import manual_frame
from app.gather.prices import gather_prices
from app.gather.pv import gather_pv
from app.planner.model.context import Context
from app.planner.model.s_index import safety_factor
from app.tariff.status import tariff_status


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything one run plans with."""

    slots: pl.DataFrame
    ctx: Context
    status: tuple[InputStatus, ...]


async def gather_inputs(sources: Sources, at: datetime, *, wish: bool = False) -> Inputs:
    """Collect every input of a run at ``at``; raises ``PlanHeldError`` without a price for now.

    ``wish``: a person asked for it.
    """
    settings = sources.settings
    prices = await gather_prices(sources, now=at, wish=wish)
    starts: list[datetime] = prices.frame["slot_start"].to_list()
    # Beyond the prices: the day that values what is left, and the days the S-index looks at.
    after = lookahead.slots_after(starts[-1] + SLOT)
    later = outlook.slots_ahead(settings, now=at, after=starts[-1])
    ahead = sorted({*after, *later})
    (pv, weather), load = await asyncio.gather(
        gather_pv(sources, starts, ahead, now=at),
        gather_load(sources, starts, ahead, now=at),
    )
    await temperature_forecast.keep(sources, weather, now=at)
    temperature_c, temperature_status = await outlook.temperatures(sources, weather, now=at)
    beyond, beyond_status = await gather_lookahead(sources, prices, pv, load, now=at)
    async with session_scope(sources.sessions) as session:
        present = await plans.current(session)
        actions = await manual_actions.active(session, at=at)
    home = await home_now(sources, present, now=at)
    hours = settings.automation.horizon_hours
    manual = manual_frame(actions)
    slots = await asyncio.to_thread(making.slots_of, prices, pv, load, manual, horizon_hours=hours)
    days = await asyncio.to_thread(outlook.outlook, settings, pv, load, temperature_c, now=at)
    ctx = Context(
        settings=settings,
        home=home.state,
        safety=safety_factor(settings.s_index, days, today=local_day(at, settings.zone)),
        discharge_allowed=home.soc_known,
        lookahead=beyond,
        published=prices.beside,
    )
    status = (prices.status, pv.status, load.status, *home.inputs, *temperature_status)
    billing = tariff_status(settings, starts)
    return Inputs(slots, ctx, (*status, beyond_status, *billing))
