"""Gather what the house will use: its own history, the demo sample, or the daily energy."""

import asyncio
from datetime import datetime

from app.errors import UpstreamError
from app.gather import Gathered, Sources
from app.ingest import demo, home_assistant, load_forecast
from app.provenance import InputStatus, Quality


async def gather_load(sources: Sources, slots: list[datetime], *, now: datetime) -> Gathered:
    """Return ``slot_start`` and ``load_kwh``: own history, the demo sample, or the daily energy."""
    settings = sources.settings
    entity_id = settings.home_assistant.consumption_entity_id
    problem = "Home Assistant is not configured"
    if settings.home_assistant.url and not entity_id:
        problem = "no sensor of the consumption is mapped"
    elif settings.home_assistant.url and entity_id:
        try:
            history = await home_assistant.read_consumption(
                sources.client, settings.home_assistant, entity_id, now=now
            )
            load = await asyncio.to_thread(
                load_forecast.from_history, history, slots=slots, zone=settings.zone
            )
        except UpstreamError as error:
            problem = str(error)
        else:
            days = history.height / 96
            detail = f"mean of {days:.1f} days of {entity_id}"
            status = InputStatus("load", home_assistant.SOURCE, Quality.LIVE, now, detail)
            return Gathered(load, status)
    if settings.demo_home:
        sample = await asyncio.to_thread(
            demo.sample_slots, slots, zone=settings.zone, currency=demo.CURRENCY
        )
        status = InputStatus("load", demo.SOURCE, Quality.SAMPLE, None, problem)
        return Gathered(sample.select("slot_start", load_kwh="load_forecast_kwh"), status)
    daily_kwh = settings.forecasting.fallback_daily_load_kwh
    status = InputStatus(
        "load", f"configured {daily_kwh:g} kWh a day", Quality.ESTIMATED, now, problem
    )
    return Gathered(load_forecast.flat(daily_kwh, slots=slots), status)
