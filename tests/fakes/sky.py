"""The sky over the fake home: what Open-Meteo's forecast and ensemble services say of it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.core.frames import SLOT

HOUR = timedelta(hours=1)
Plane = tuple[float, float]  # tilt, and azimuth from south as the service counts it


def irradiance_w_per_m2(start: datetime) -> float:
    """Sun from 06 to 18 UTC on every day of the year, 700 W/m2 at noon."""
    hour = start.hour + start.minute / 60
    return round(700 * max(0.0, math.sin(math.pi * (hour - 6) / 12)), 1)


def outdoor_c(day: date) -> float:
    """Cold and mild days by turns, as a front passes every few days."""
    return round(4 + 9 * math.sin(day.toordinal() * 1.3), 1)


def member_ratio(member: int) -> float:
    """How much of the sun an ensemble's member sees: 0.5 to 1.0 of it, the control all."""
    return 1.0 - member % 11 / 20


@dataclass
class Sky:
    """What the services answer; every part can be replaced.

    ``irradiance`` is the mean of the quarter that begins then, on a plane. ``snow_depth_m`` and
    ``snowfall_cm`` (per quarter) take the instant a value is stamped with.
    """

    irradiance: Callable[[datetime, Plane], float] = lambda start, _: irradiance_w_per_m2(start)
    temperature_c: Callable[[datetime], float] = lambda at: round(
        8 + 4 * math.sin(at.hour / 24 * 6.28), 1
    )
    snowfall_cm: Callable[[datetime], float] = lambda _: 0.0
    snow_depth_m: Callable[[datetime], float | None] = lambda _: 0.0
    wind_m_per_s: float = 3.0
    members: int = 11
    spoil: Callable[[dict[str, Any]], object] = lambda _: None

    def answer(self, path: str, query: Mapping[str, str], now: datetime) -> tuple[int, Any]:
        """Status and body of a request, as the services give them."""
        if path == "/v1/ensemble":
            body = self._ensemble(query, now)
        elif path == "/v1/forecast" and "minutely_15" in query:
            body = self._forecast(query, now)
        elif path == "/v1/forecast" and query.get("hourly") == "temperature_2m":
            body = self._daily(query, now)
        else:
            return 400, {"error": True, "reason": "Data corrupted at path ''."}
        self.spoil(body)
        return 200, body

    def _forecast(self, query: Mapping[str, str], now: datetime) -> dict[str, Any]:
        plane = float(query["tilt"]), float(query["azimuth"])
        times = _times(query, now, SLOT)
        hours = _times(query, now, HOUR)
        quarters = {
            "global_tilted_irradiance": [self.irradiance(at - SLOT, plane) for at in times],
            "temperature_2m": [self.temperature_c(at) for at in times],
            "wind_speed_10m": [self.wind_m_per_s for _ in times],
            "snowfall": [self.snowfall_cm(at) for at in times],
        }
        asked = query["minutely_15"].split(",")
        return _shell() | {
            "minutely_15_units": {
                "time": "unixtime",
                "global_tilted_irradiance": "W/m²",
                "temperature_2m": "°C",
                "wind_speed_10m": "m/s",
                "snowfall": "cm",
            },
            "minutely_15": {"time": _stamps(times)} | {name: quarters[name] for name in asked},
            "hourly_units": {"time": "unixtime", "snow_depth": "m"},
            "hourly": {
                "time": _stamps(hours),
                "snow_depth": [self.snow_depth_m(at) for at in hours],
            },
        }

    def _ensemble(self, query: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """Hourly means of the hour before; the control run carries no number."""
        plane = float(query["tilt"]), float(query["azimuth"])
        times = _times(query, now, HOUR)
        means = [
            sum(self.irradiance(at - SLOT * back, plane) for back in range(1, 5)) / 4
            for at in times
        ]
        name = query["hourly"]
        return _shell() | {
            "hourly_units": {"time": "unixtime", name: "W/m²"},
            "hourly": {"time": _stamps(times)}
            | {
                f"{name}_member{member:02d}" if member else name: [
                    round(mean * member_ratio(member), 3) for mean in means
                ]
                for member in range(self.members)
            },
        }

    @staticmethod
    def _daily(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """Hourly temperatures, the same all day."""
        times = _times(query, now, HOUR)
        return _shell() | {
            "hourly_units": {"time": "unixtime", "temperature_2m": "°C"},
            "hourly": {
                "time": _stamps(times),
                "temperature_2m": [outdoor_c(at.date()) for at in times],
            },
        }


def _times(query: Mapping[str, str], now: datetime, step: timedelta) -> list[datetime]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past_days = int(query.get("past_days", "0"))
    first = midnight - timedelta(days=past_days)
    days = timedelta(days=past_days + int(query["forecast_days"]))
    return [first + step * index for index in range(days // step)]


def _stamps(times: list[datetime]) -> list[int]:
    return [int(at.timestamp()) for at in times]


def _shell() -> dict[str, Any]:
    return {
        "latitude": 55.6,
        "longitude": 13.0,
        "generationtime_ms": 0.2,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 20.0,
    }
