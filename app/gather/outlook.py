"""The days beyond the horizon, as far as they are known: what the dynamic S-index looks at."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import day_slots, local_day
from app.core.errors import UpstreamError
from app.core.provenance import InputStatus, Quality
from app.fetch.sources import Gathered, Sources
from app.ingest import demo
from app.ingest.weather import open_meteo
from app.planner.model.s_index import DayOutlook
from app.settings import Settings, SolarArray


def days_ahead(settings: Settings, *, now: datetime) -> list[date]:
    """Return the days the S-index looks at, none where it is static."""
    if settings.s_index.mode == "static":
        return []
    today = local_day(now, settings.zone)
    return [today + timedelta(days=ahead) for ahead in sorted(set(settings.s_index.days_ahead))]


def slots_ahead(settings: Settings, *, now: datetime, after: datetime) -> list[datetime]:
    """Return the slots of those days that start later than ``after``."""
    return [
        slot
        for day in days_ahead(settings, now=now)
        for slot in day_slots(day, settings.zone)
        if slot > after
    ]


async def temperatures(
    sources: Sources, weather: pl.DataFrame | None, *, now: datetime
) -> tuple[dict[date, float], tuple[InputStatus, ...]]:
    """Return the mean temperature per local day and its label; nothing where no one asks."""
    settings = sources.settings
    days = days_ahead(settings, now=now)
    if not days:
        return {}, ()
    problem = "the weather of the PV forecast was not reached"
    if weather is None and not any(array.peak_power_kwp > 0 for array in settings.solar_arrays):
        try:
            weather = await open_meteo.fetch_weather(
                sources.client,
                settings.open_meteo,
                location=settings.location,
                # The temperature is the same on every plane.
                array=SolarArray(),
            )
        except UpstreamError as error:
            problem = str(error)
    if weather is not None:
        found = open_meteo.daily_mean_temperature(weather, settings.zone)
        return found, (InputStatus("temperature", open_meteo.SOURCE, Quality.LIVE, now),)
    if settings.is_demo:
        found = demo.temperature_days(days, zone=settings.zone)
        return found, (InputStatus("temperature", demo.SOURCE, Quality.SAMPLE, None, problem),)
    detail = f"the S-index leaves the cold out; {problem}"
    return {}, (InputStatus("temperature", open_meteo.SOURCE, Quality.MISSING, None, detail),)


def outlook(
    settings: Settings,
    pv: Gathered,
    load: Gathered,
    temperature_c: dict[date, float],
    *,
    now: datetime,
) -> dict[date, DayOutlook]:
    """Return what is known of each day ahead; an energy counts only for a whole local day."""
    pv_kwh = _daily_kwh(pv.frame, "pv_kwh", settings.zone)
    load_kwh = _daily_kwh(load.frame, "load_kwh", settings.zone)
    return {
        day: DayOutlook(
            pv_kwh=pv_kwh.get(day), load_kwh=load_kwh.get(day), temperature_c=temperature_c.get(day)
        )
        for day in days_ahead(settings, now=now)
    }


def _daily_kwh(frame: pl.DataFrame, column: str, zone: ZoneInfo) -> dict[date, float]:
    local_date = pl.col("slot_start").dt.convert_time_zone(zone.key).dt.date().alias("day")
    sums = frame.group_by(local_date).agg(pl.col(column).sum(), slots=pl.len())
    return {day: kwh for day, kwh, slots in sums.iter_rows() if slots == len(day_slots(day, zone))}
