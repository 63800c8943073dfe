"""The members of an ensemble: the right hour, the hour's energy, and every fault named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import polars as pl
import pytest
import respx

from app.core.errors import UpstreamAuthError, UpstreamError
from app.core.frames import SLOT, check
from app.ingest.http import client as http
from app.ingest.weather import open_meteo, open_meteo_ensemble
from app.settings import Location, OpenMeteo, SolarArray
from tests.fakes.sky import Sky

URL = "https://ensemble-api.open-meteo.com/v1/ensemble"
NOW = datetime(2026, 6, 20, 9, 20, tzinfo=UTC)
QUERY = {"tilt": "35", "azimuth": "0", "forecast_days": "2", "past_days": "1"}
HOURLY = QUERY | {"hourly": "global_tilted_irradiance"}
QUARTERLY = QUERY | {
    "minutely_15": "global_tilted_irradiance,temperature_2m,wind_speed_10m,snowfall"
}


def _body(sky: Sky | None = None) -> dict[str, Any]:
    body: dict[str, Any] = (sky or Sky()).answer("/v1/ensemble", HOURLY, NOW)[1]
    return body


def _weather(sky: Sky | None = None) -> pl.DataFrame:
    return open_meteo.parse_weather((sky or Sky()).answer("/v1/forecast", QUARTERLY, NOW)[1])


def test_a_value_belongs_to_the_hour_before_its_time() -> None:
    """The control and ten members; the first hour stands for the last of the day before."""
    found = open_meteo_ensemble.parse_members(_body())
    check(found.lazy(), open_meteo_ensemble.MEMBERS, by="members")
    assert found["member"].n_unique() == 11
    midnight = datetime(2026, 6, 19, tzinfo=UTC)
    assert found["hour_start"].min() == midnight - timedelta(hours=1)
    noon = found.filter(
        pl.col("hour_start") == midnight + timedelta(hours=12),
        pl.col("member") == "global_tilted_irradiance",
    )
    stamped = _body()["hourly"]["global_tilted_irradiance"][13]
    assert noon["irradiance_w_per_m2"].to_list() == [stamped]


def test_slots_conserve_the_energy_of_every_members_hour() -> None:
    """Quarters rise within the hour as the weather does, and their mean is the member's."""
    members = open_meteo_ensemble.parse_members(_body())
    quarters = open_meteo_ensemble.by_quarter(members, _weather())
    hours = quarters.group_by("member", hour_start=pl.col("slot_start").dt.truncate("1h")).agg(
        pl.col("irradiance_w_per_m2").mean().alias("mean"), pl.len()
    )
    # Yesterday's first stamp ends the day before: of that hour, only its last quarter is known.
    both = members.join(hours.filter(pl.col("len") == 4), on=("member", "hour_start"))
    assert both.height == 11 * 71
    assert both["mean"].to_list() == pytest.approx(both["irradiance_w_per_m2"].to_list(), abs=1e-9)
    morning = quarters.filter(
        pl.col("slot_start").is_between(
            NOW.replace(hour=7, minute=0), NOW.replace(hour=7, minute=45)
        ),
        pl.col("member") == "global_tilted_irradiance_member05",
    )["irradiance_w_per_m2"].to_list()
    assert morning == sorted(morning)
    assert morning[0] < morning[3]


def test_an_hour_without_sun_in_the_weather_is_spread_evenly() -> None:
    """A member that sees the dawn an hour earlier keeps its energy."""
    dark = Sky(irradiance=lambda *_: 0.0)
    members = open_meteo_ensemble.parse_members(_body())
    quarters = open_meteo_ensemble.by_quarter(members, _weather(dark)).filter(
        pl.col("member") == "global_tilted_irradiance",
        pl.col("slot_start").dt.truncate("1h") == NOW.replace(hour=10, minute=0),
    )
    assert quarters["irradiance_w_per_m2"].n_unique() == 1
    assert quarters["irradiance_w_per_m2"][0] > 100


def test_an_hour_known_in_part_is_not_bent() -> None:
    """Of the hour in which the weather begins, the quarters there are take the member's mean."""
    weather = _weather().filter(pl.col("slot_start") >= NOW.replace(minute=30))
    members = open_meteo_ensemble.parse_members(_body())
    first = open_meteo_ensemble.by_quarter(members, weather).filter(
        pl.col("slot_start") < NOW.replace(hour=10, minute=0),
        pl.col("member") == "global_tilted_irradiance",
    )
    assert first.height == 2
    assert first["irradiance_w_per_m2"].n_unique() == 1
    assert first["slot_start"].to_list() == [NOW.replace(minute=30), NOW.replace(minute=30) + SLOT]


def test_hours_without_a_value_are_left_out_and_members_without_any_are_none() -> None:
    """Nulls are no zeros."""
    body = _body()
    body["hourly"]["global_tilted_irradiance_member01"][5] = None
    body["hourly"]["global_tilted_irradiance_member02"] = [None] * len(body["hourly"]["time"])
    found = open_meteo_ensemble.parse_members(body)
    assert found["member"].n_unique() == 10
    of_one = found.filter(pl.col("member") == "global_tilted_irradiance_member01")
    assert of_one.height == len(body["hourly"]["time"]) - 1


REFUSED: dict[str, Callable[[dict[str, Any]], object]] = {
    "no series": lambda b: b.pop("hourly"),
    "no times": lambda b: b["hourly"].pop("time"),
    "no members": lambda b: b.update(hourly={"time": b["hourly"]["time"]}),
    "too few": lambda b: [
        b["hourly"].pop(f"global_tilted_irradiance_member{i:02d}") for i in range(1, 8)
    ],
    "all null": lambda b: [
        b["hourly"].update({name: [None] * len(each)})
        for name, each in list(b["hourly"].items())
        if name != "time"
    ],
    "different lengths": lambda b: b["hourly"]["global_tilted_irradiance"].pop(),
    "three-hourly": lambda b: b["hourly"].update(
        time=[i * 10800 for i in range(len(b["hourly"]["time"]))]
    ),
    "words": lambda b: b["hourly"]["global_tilted_irradiance"].__setitem__(3, "sun"),
}


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_an_unusable_reply_is_an_upstream_error(spoil: Callable[[dict[str, Any]], object]) -> None:
    """Each says whose it is."""
    body = _body()
    spoil(body)
    with pytest.raises(UpstreamError, match="Open-Meteo's ensemble"):
        open_meteo_ensemble.parse_members(body)


FAULTS: dict[str, tuple[httpx.Response | Exception, type[Exception], int]] = {
    "limit": (
        httpx.Response(429, json={"reason": "x"}, headers={"Retry-After": "3"}),
        UpstreamError,
        3,
    ),
    "long limit": (httpx.Response(429, headers={"Retry-After": "3600"}), UpstreamError, 1),
    "bad request": (httpx.Response(400, json={"error": True}), UpstreamError, 1),
    "blocked": (httpx.Response(403), UpstreamAuthError, 1),
    "down": (httpx.Response(500), UpstreamError, 3),
    "html": (httpx.Response(200, html="<html>"), UpstreamError, 1),
    "cut off": (httpx.Response(200, text='{"hourly": {"time": [17'), UpstreamError, 1),
    "nulls": (httpx.Response(200, json={"hourly": {"time": [None]}}), UpstreamError, 1),
    "timeout": (httpx.ReadTimeout("slow"), UpstreamError, 3),
}


@pytest.mark.parametrize(("answer", "error", "asked"), FAULTS.values(), ids=FAULTS)
@respx.mock
async def test_faults_of_the_service_become_our_errors(
    answer: httpx.Response | Exception,
    error: type[Exception],
    asked: int,
    no_waiting: list[float],
) -> None:
    """What may pass is tried three times, as slowly as asked; nothing else is."""
    route = respx.get(URL).mock(side_effect=[answer] * 3)
    async with http.make_client() as client:
        with pytest.raises(error, match="Open-Meteo's ensemble"):
            await open_meteo_ensemble.fetch_members(
                client, OpenMeteo(), location=Location(), array=SolarArray()
            )
    assert route.call_count == asked
    if isinstance(answer, httpx.Response) and answer.headers.get("Retry-After") == "3":
        assert min(no_waiting) >= 3


@respx.mock
async def test_the_request_names_the_plane_and_the_model() -> None:
    """East of a compass is minus ninety of Open-Meteo's."""
    route = respx.get(URL).respond(json=_body())
    async with http.make_client() as client:
        await open_meteo_ensemble.fetch_members(
            client,
            OpenMeteo(ensemble_model="ecmwf_ifs025"),
            location=Location(),
            array=SolarArray(azimuth_degrees=90, tilt_degrees=60),
        )
    params = dict(route.calls.last.request.url.params)
    assert (params["tilt"], params["azimuth"]) == ("60", "-90")
    assert params["models"] == "ecmwf_ifs025"
    assert params["hourly"] == "global_tilted_irradiance"
