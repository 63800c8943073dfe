"""Gather what the sun will give, each step down the ladder labelled.

The live forecast, the last one as it was issued, own production at this time of the year, zero;
the sample only in the demo home.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import slot_floor
from app.core.errors import UpstreamError
from app.core.frames import UTC_TIME
from app.core.provenance import InputStatus, Quality
from app.db import forecasts
from app.db.connection.engine import session_scope
from app.fetch.sources import Gathered, Sources
from app.forecast import pv as pv_forecast
from app.forecast import pv_spread
from app.forecast.pv_correction import Correction
from app.forecast.pv_spread import PV
from app.gather import pv_learning
from app.gather.load_sources import RECORDER
from app.gather.pv_learning import KIND
from app.gather.pv_plant import Plant, Sun, ask_the_sun
from app.ingest import demo
from app.ingest.weather import open_meteo

PV_REUSABLE_FOR: Final = timedelta(hours=24)
_STORED: Final = {"pv_kwh": "value", "p10_kwh": "p10", "p90_kwh": "p90"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The slots of the plan, those beyond it, and for which plant."""

    plant: Plant
    slots: Sequence[datetime]
    ahead: Sequence[datetime]
    now: datetime

    def of(self, known: pl.DataFrame) -> pl.DataFrame | None:
        """Return what is known of these slots, None where one of the plan is not."""
        found = known.filter(pl.col("slot_start").is_in([*self.slots, *self.ahead]))
        return found if set(self.slots) <= set(found["slot_start"]) else None


async def gather_pv(
    sources: Sources, slots: Sequence[datetime], ahead: Sequence[datetime], *, now: datetime
) -> tuple[Gathered, pl.DataFrame | None]:
    """Return ``pv_spread.PV`` for the slots, and the weather if it was reached.

    Of the slots ``ahead``, beyond the plan, those that are known come with them.
    """
    wanted = _Wanted(Plant.of(sources.settings), slots, ahead, now)
    if not wanted.plant.arrays:
        status = InputStatus("pv", "no solar arrays configured", Quality.LIVE, now)
        return Gathered(_no_pv([*slots, *ahead]), status), None
    try:
        days = await pv_learning.past_days(sources, wanted.plant, now=now)
        sun = await ask_the_sun(sources, wanted.plant, past_days=days)
    except UpstreamError as error:
        return await _without_weather(sources, wanted, problem=str(error)), None
    if wanted.of(sun.panels) is None:
        problem = f"{open_meteo.SOURCE}: the forecast does not cover every slot of the plan"
        return await _without_weather(sources, wanted, problem=problem), sun.weather
    return await _from_sun(sources, wanted, sun), sun.weather


async def _from_sun(sources: Sources, wanted: _Wanted, sun: Sun) -> Gathered:
    """Make the forecast of the weather, and keep it."""
    plant, now = wanted.plant, wanted.now
    await pv_learning.remember(sources, plant, sun.panels, now=now)
    learnt = await pv_learning.correction(sources, plant, now=now)
    errors = None
    if sun.members is None:
        errors = await pv_learning.past_errors(sources, plant, now=now)
    first = min(slot_floor(now), *wanted.slots[:1])
    coming = sun.panels.filter(pl.col("slot_start") >= first)
    forecast, spread = await asyncio.to_thread(
        _forecast, coming, sun.members, learnt, errors, plant
    )
    await _store(sources, wanted, forecast)
    found = wanted.of(forecast)
    assert found is not None  # noqa: S101 - the panels were asked before
    detail = _words(found, coming, learnt, spread, sun.problem)
    return Gathered(found, InputStatus("pv", open_meteo.SOURCE, Quality.LIVE, now, detail))


def _forecast(
    coming: pl.DataFrame,
    members: pl.DataFrame | None,
    learnt: Correction,
    errors: pl.DataFrame | None,
    plant: Plant,
) -> tuple[pl.DataFrame, str]:
    """Return ``PV`` and where its spread comes from, in words."""
    limits = plant.limits_kw
    middle = pv_forecast.energy(coming, limits, factor=learnt.of(coming))
    if members is not None:
        ahead = members.join(middle.select("slot_start"), on="slot_start", how="semi")
        each = pv_forecast.energy(ahead, limits, factor=learnt.of(ahead), by=["member"])
        names = each["member"].n_unique()
        return pv_spread.from_members(middle, each), f"spread of {names} ensemble members"
    if errors is not None and errors.height:
        found = pv_spread.from_past_errors(middle, errors, most_kwh=plant.most_kwh)
        if found is not None:
            return found, "spread of its own past errors"
    return pv_spread.without_spread(middle), ""


def _words(
    found: pl.DataFrame, panels: pl.DataFrame, learnt: Correction, spread: str, problem: str
) -> str:
    """Say what the forecast knows beside the weather."""
    words = []
    if learnt.days:
        words.append(f"corrected by {learnt.days} days of own production")
    ours = panels.join(found.select("slot_start"), on="slot_start", how="semi")
    snowy = ours.filter(pl.col("snow_ratio") > 0)["slot_start"].n_unique()
    if snowy:
        words.append(f"snow on the panels in {snowy} of {found.height} slots")
    return "; ".join(filter(None, [*words, spread, problem]))


def _no_pv(slots: Sequence[datetime]) -> pl.DataFrame:
    times = pl.DataFrame({"slot_start": slots}, schema={"slot_start": UTC_TIME})
    return pv_spread.without_spread(times.with_columns(pv_kwh=pl.lit(0.0)))


async def _store(sources: Sources, wanted: _Wanted, known: pl.DataFrame) -> None:
    """Store the forecast as far as any plan may reach while it can be reused."""
    start = slot_floor(wanted.now)
    end = start + timedelta(hours=sources.settings.automation.horizon_hours) + PV_REUSABLE_FOR
    reachable = known.filter(pl.col("slot_start").is_between(start, end, closed="left"))
    issue = forecasts.Issue(
        KIND,
        open_meteo.SOURCE,
        wanted.now,
        reachable.rename(_STORED),
        made_for=wanted.plant.made_for,
    )
    async with session_scope(sources.sessions, writes=True) as session:
        await forecasts.save(session, issue)


async def _without_weather(sources: Sources, wanted: _Wanted, *, problem: str) -> Gathered:
    """Go down the ladder: the last issue of today, the demo sample, own production, zero."""
    now, both = wanted.now, [*wanted.slots, *wanted.ahead]
    async with session_scope(sources.sessions) as session:
        last = await forecasts.latest(
            session,
            kind=KIND,
            issued_after=now - PV_REUSABLE_FOR,
            made_for=wanted.plant.made_for,
        )
    if last is not None:
        stored = last.frame.rename({there: here for here, there in _STORED.items()})
        pv = wanted.of(stored.select(PV.names()))
        if pv is not None:
            return Gathered(
                pv, InputStatus("pv", last.source, Quality.CACHED, last.issued_at, problem)
            )
    if sources.settings.is_demo:
        sample = await asyncio.to_thread(
            demo.sample_slots, both, zone=sources.settings.zone, currency=demo.CURRENCY
        )
        status = InputStatus("pv", demo.SOURCE, Quality.SAMPLE, None, problem)
        return Gathered(pv_spread.without_spread(sample), status)
    known = await pv_learning.climatology(sources, wanted.plant, both, now=now)
    if known is not None:
        frame, days = known
        detail = f"mean of {days} days at this time of the year; {problem}"
        return Gathered(frame, InputStatus("pv", RECORDER, Quality.ESTIMATED, now, detail))
    status = InputStatus("pv", "no forecast: planned as zero", Quality.ESTIMATED, now, problem)
    return Gathered(_no_pv(wanted.slots), status)
