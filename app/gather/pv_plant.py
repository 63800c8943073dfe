"""The panels and inverters of one home, and what the weather makes of them."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from app.core.errors import UpstreamError
from app.core.frames import SLOT_HOURS
from app.fetch.sources import Sources
from app.forecast import pv as pv_forecast
from app.ingest.weather import open_meteo, open_meteo_ensemble
from app.ingest.weather.snow_cover import with_snow
from app.settings import Settings, SolarArray

# Part of what a forecast is made for: another way of modelling makes another plant.
_MODEL_VERSION: Final = 1
# Above this share of its limit an inverter may have cut what the panels gave.
_NEARLY_LIMITED_RATIO: Final = 0.95


@dataclass(frozen=True, slots=True)
class Plant:
    """The arrays that have panels, the limits of their inverters in kW, and their fingerprint."""

    arrays: tuple[SolarArray, ...]
    limits_kw: Mapping[str, float]
    made_for: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the plant of a home."""
        arrays = tuple(each for each in settings.solar_arrays if each.peak_power_kwp > 0)
        limits = pv_forecast.limits_kw(settings)
        used = {each.inverter or pv_forecast.HOME_INVERTER for each in arrays}
        limits = {name: limit for name, limit in limits.items() if name in used}
        parts = (
            _MODEL_VERSION,
            (settings.location.latitude, settings.location.longitude),
            [each.model_dump() for each in arrays],
            sorted(limits.items()),
        )
        return cls(arrays, limits, hashlib.sha256(repr(parts).encode()).hexdigest()[:16])

    @property
    def most_kwh(self) -> float:
        """Return the most it can give in a slot: each inverter its limit, or its panels' peak."""
        peaks: dict[str, float] = {}
        for each in self.arrays:
            name = each.inverter or pv_forecast.HOME_INVERTER
            peaks[name] = peaks.get(name, 0.0) + each.peak_power_kwp
        powers = (min(peak, self.limits_kw.get(name, peak)) for name, peak in peaks.items())
        return sum(powers) * SLOT_HOURS


@dataclass(frozen=True, slots=True)
class Sun:
    """What the weather makes of a plant: ``weather`` of its first plane, and its ``PANELS``.

    ``members`` are the panels by ``member`` of an ensemble, None where none was asked or answered;
    ``problem`` says why.
    """

    weather: pl.DataFrame
    panels: pl.DataFrame
    members: pl.DataFrame | None
    problem: str = ""


async def ask_the_sun(sources: Sources, plant: Plant, *, past_days: int) -> Sun:
    """Ask for every plane's weather; raises ``UpstreamError`` when one cannot be known.

    Arrays that lie alike share a request.
    """
    settings = sources.settings
    found: dict[tuple[float, float], pl.DataFrame] = {}
    for array in plant.arrays:
        if _plane(array) not in found:
            found[_plane(array)] = await open_meteo.fetch_weather(
                sources.client,
                settings.open_meteo,
                location=settings.location,
                array=array,
                past_days=past_days,
            )
    snowed = await asyncio.to_thread(_with_snow, found)
    planes = [(snowed[_plane(array)], array) for array in plant.arrays]
    panels = await asyncio.to_thread(pv_forecast.panels, planes)
    members, problem = None, ""
    if settings.open_meteo.ensemble:
        try:
            members = await _members(sources, plant, snowed)
        except UpstreamError as error:
            problem = str(error)
    return Sun(found[_plane(plant.arrays[0])], panels, members, problem)


def _plane(array: SolarArray) -> tuple[float, float]:
    return array.tilt_degrees, array.azimuth_degrees


def _with_snow(
    weather: Mapping[tuple[float, float], pl.DataFrame],
) -> dict[tuple[float, float], pl.DataFrame]:
    return {plane: with_snow(frame, tilt_degrees=plane[0]) for plane, frame in weather.items()}


async def _members(
    sources: Sources, plant: Plant, weather: Mapping[tuple[float, float], pl.DataFrame]
) -> pl.DataFrame:
    """Return ``PANELS`` by ``member``: each one's sun, everything else from the weather."""
    settings = sources.settings
    found: dict[tuple[float, float], pl.DataFrame] = {}
    for array in plant.arrays:
        if _plane(array) not in found:
            found[_plane(array)] = await open_meteo_ensemble.fetch_members(
                sources.client, settings.open_meteo, location=settings.location, array=array
            )
    quarters = await asyncio.to_thread(_by_quarter, found, weather)
    planes = [(quarters[_plane(array)], array) for array in plant.arrays]
    return await asyncio.to_thread(pv_forecast.panels, planes, by=["member"])


def _by_quarter(
    members: Mapping[tuple[float, float], pl.DataFrame],
    weather: Mapping[tuple[float, float], pl.DataFrame],
) -> dict[tuple[float, float], pl.DataFrame]:
    return {
        plane: open_meteo_ensemble.by_quarter(frame, weather[plane])
        for plane, frame in members.items()
    }


def modelled(panels: pl.DataFrame, plant: Plant) -> pl.DataFrame:
    """Return what the panels should have given (``modelled_pv.MODELLED``), uncorrected."""
    limit_kw = pl.col("inverter").replace_strict(
        dict(plant.limits_kw), default=float("inf"), return_dtype=pl.Float64()
    )
    return (
        panels.group_by("slot_start")
        .agg(
            modelled_kwh=pl.col("power_kw").sum() * SLOT_HOURS,
            snow_ratio=pl.col("snow_ratio").max(),
            is_limited=(pl.col("power_kw") >= _NEARLY_LIMITED_RATIO * limit_kw).any(),
        )
        .sort("slot_start")
    )
