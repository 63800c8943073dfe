"""Weather per slot: right direction, right quarter, and no invented values."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest
import respx

from app.core.clock import day_slots
from app.core.errors import UpstreamAuthError, UpstreamError
from app.core.frames import check
from app.ingest.http import client as http
from app.ingest.weather import open_meteo
from app.settings import Location, OpenMeteo, SolarArray
from tests.ingest.replies import reply

URL = "https://api.open-meteo.com/v1/forecast"
FIRST = datetime(2025, 6, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def _body() -> dict[str, Any]:
    body: dict[str, Any] = reply("open_meteo/two_days.json")
    return body


@pytest.mark.parametrize(
    ("compass", "theirs"), [(180, 0), (90, -90), (270, 90), (225, 45), (0, -180), (360, -180)]
)
def test_a_compass_bearing_becomes_an_angle_from_south(compass: float, theirs: float) -> None:
    assert open_meteo.azimuth_from_south(compass) == theirs


@respx.mock
async def test_the_request_asks_for_the_roof_and_for_the_days_the_s_index_needs() -> None:
    route = respx.get(URL).respond(json=_body())
    async with http.make_client() as client:
        await open_meteo.fetch_weather(
            client,
            OpenMeteo(),
            location=Location(latitude=55.6, longitude=13.0),
            array=SolarArray(azimuth_degrees=225, tilt_degrees=27),
        )
    params = dict(route.calls.last.request.url.params)
    assert params["azimuth"] == "45"
    assert params["tilt"] == "27"
    assert (params["latitude"], params["longitude"]) == ("55.6", "13")
    assert params["minutely_15"] == (
        "global_tilted_irradiance,temperature_2m,wind_speed_10m,snowfall"
    )
    assert (params["hourly"], params["wind_speed_unit"]) == ("snow_depth", "ms")
    assert (params["timezone"], params["timeformat"]) == ("GMT", "unixtime")
    assert int(params["forecast_days"]) >= 6, "today, and D+2 to D+4 in any time zone"


def test_a_value_belongs_to_the_quarter_before_its_time() -> None:
    weather = open_meteo.parse_weather(_body())
    check(weather.lazy(), open_meteo.WEATHER, by="weather")
    series = _body()["minutely_15"]
    assert weather["slot_start"][0] == FIRST - QUARTER
    at_nine = weather.row(by_predicate=pl.col("slot_start") == FIRST.replace(hour=9), named=True)
    assert series["time"][37] == FIRST.replace(hour=9, minute=15).timestamp()
    assert at_nine["irradiance_w_per_m2"] == series["global_tilted_irradiance"][37]


def test_a_gap_of_up_to_two_hours_is_interpolated() -> None:
    weather = open_meteo.parse_weather(_body())
    values = _body()["minutely_15"]["global_tilted_irradiance"]
    filled = weather.filter(
        pl.col("slot_start").is_between(FIRST + QUARTER * 38, FIRST + QUARTER * 41)
    )["irradiance_w_per_m2"].to_list()
    step = (values[42] - values[39]) / 3
    assert filled == pytest.approx([values[39] + step * i for i in range(4)])
    assert weather["temperature_c"].null_count() == 0


def test_a_longer_gap_stays_a_gap() -> None:
    starts = open_meteo.parse_weather(_body())["slot_start"].to_list()
    assert len(starts) == 192 - 12
    missing = {FIRST + QUARTER * (i - 1) for i in range(100, 112)}
    assert not missing & set(starts)


def test_nulls_at_both_ends_are_left_out_not_filled() -> None:
    body = _body()
    for index in (*range(20), 190, 191):
        body["minutely_15"]["temperature_2m"][index] = None
    starts = open_meteo.parse_weather(body)["slot_start"].to_list()
    assert starts[0] == FIRST + QUARTER * 19
    assert starts[-1] == FIRST + QUARTER * 188


def _series(body: dict[str, Any]) -> dict[str, Any]:
    series: dict[str, Any] = body["minutely_15"]
    return series


REFUSED: dict[str, Callable[[dict[str, Any]], object]] = {
    "no series": lambda b: b.pop("minutely_15"),
    "other variable": lambda b: _series(b).pop("global_tilted_irradiance"),
    "hourly steps": lambda b: _series(b).update(time=[i * 3600 for i in range(192)]),
    "different lengths": lambda b: _series(b)["temperature_2m"].pop(),
    "words": lambda b: _series(b)["temperature_2m"].__setitem__(3, "warm"),
    "all null": lambda b: _series(b).update(global_tilted_irradiance=[None] * 192),
    "empty": lambda b: _series(b).update(time=[], global_tilted_irradiance=[], temperature_2m=[]),
}


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_an_unusable_reply_is_an_upstream_error(spoil: Callable[[dict[str, Any]], object]) -> None:
    body = _body()
    spoil(body)
    with pytest.raises(UpstreamError, match="Open-Meteo"):
        open_meteo.parse_weather(body)


FAULTS: dict[str, tuple[httpx.Response | Exception, type[Exception]]] = {
    "limit": (httpx.Response(429, json={"error": True, "reason": "limit"}), UpstreamError),
    "bad request": (httpx.Response(400, json={"error": True, "reason": "x"}), UpstreamError),
    "blocked": (httpx.Response(403), UpstreamAuthError),
    "down": (httpx.Response(503), UpstreamError),
    "html": (httpx.Response(200, html="<html>"), UpstreamError),
    "timeout": (httpx.ConnectTimeout("slow"), UpstreamError),
}


@pytest.mark.parametrize(("answer", "error"), FAULTS.values(), ids=FAULTS)
@respx.mock
async def test_faults_of_the_service_become_our_errors(
    answer: httpx.Response | Exception, error: type[Exception], no_waiting: list[float]
) -> None:
    respx.get(URL).mock(side_effect=[answer] * 3)
    async with http.make_client() as client:
        with pytest.raises(error, match="Open-Meteo"):
            await open_meteo.fetch_weather(
                client, OpenMeteo(), location=Location(), array=SolarArray()
            )
    assert len(no_waiting) <= 2


def test_daily_means_are_of_local_days_also_on_the_day_with_25_hours() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    slots = [
        *day_slots(date(2025, 10, 25), zone),
        *day_slots(date(2025, 10, 26), zone),
    ]
    frame = pl.DataFrame(
        {"slot_start": slots, "temperature_c": [4.0] * 96 + [10.0] * 50 + [8.0] * 50}
    )
    assert open_meteo.daily_mean_temperature(frame, zone) == {
        date(2025, 10, 25): 4.0,
        date(2025, 10, 26): 9.0,
    }


def test_a_day_known_in_part_has_no_daily_mean() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    slots = day_slots(date(2025, 10, 25), zone) + day_slots(date(2025, 10, 26), zone)[:8]
    frame = pl.DataFrame({"slot_start": slots, "temperature_c": [4.0] * 96 + [-9.0] * 8})
    assert open_meteo.daily_mean_temperature(frame, zone) == {date(2025, 10, 25): 4.0}
