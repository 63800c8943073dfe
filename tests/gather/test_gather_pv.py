"""The sun forecast: every plane of the roof, what the home's own meter taught, and the ladder."""

import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import day_slots, local_midnight
from app.core.frames import SLOT
from app.core.provenance import Quality
from app.db import forecasts, modelled_pv, observed, scores
from app.db.connection.engine import make_sessions, session_scope
from app.fetch.sources import Gathered, Sources
from app.forecast.pv_spread import PV
from app.gather import pv as gather_pv
from app.gather import pv_learning
from app.gather.pv_plant import Plant
from app.ingest.http import client as http
from app.recorder import scoring
from app.settings import Settings
from tests.db.publishing import ZONE
from tests.fakes.server import FakeUpstreams, Fault

DAY = date(2026, 6, 18)
NOW = local_midnight(DAY, ZONE) + timedelta(minutes=5)
TODAY = day_slots(DAY, ZONE)
ROOF = [{"peak_power_kwp": 8}]


BOTH_DATABASES = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True
)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite, except for what reads and writes more than one forecast."""
    if getattr(request, "param", "sqlite") == "mariadb":
        return str(request.getfixturevalue("mariadb_url"))
    return f"sqlite+aiosqlite:///{tmp_path}/darkstar.db"


@pytest.fixture
def fakes() -> Iterator[FakeUpstreams]:
    with FakeUpstreams(now=lambda: NOW) as running:
        running.sky.temperature_c = lambda _: 15.0
        yield running


@pytest.fixture
async def sources(
    engine: AsyncEngine, fakes: FakeUpstreams, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sources]:
    """A home with one south roof; retries do not wait."""

    async def pause(_: float) -> None:
        return None

    monkeypatch.setattr(http, "pause", pause)
    async with http.make_client() as client:
        yield Sources(_settings(fakes), client, make_sessions(engine))


@pytest.fixture
async def impatient() -> AsyncIterator[httpx.AsyncClient]:
    """A client that gives a slow service up in half a second, for tests that need no answer."""
    async with httpx.AsyncClient(timeout=0.5) as client:
        yield client


def _settings(fakes: FakeUpstreams, **changes: Any) -> Settings:
    weather = {
        "base_url": fakes.url("open_meteo"),
        "ensemble_base_url": fakes.url("open_meteo_ensemble"),
    }
    return Settings.model_validate(
        {
            "open_meteo": weather | changes.pop("open_meteo", {}),
            "solar_arrays": ROOF,
            **changes,
        }
    )


async def _gather(
    sources: Sources, slots: Sequence[datetime] = TODAY, now: datetime = NOW
) -> Gathered:
    gathered, _ = await gather_pv.gather_pv(sources, slots, [], now=now)
    assert gathered.frame.schema == PV
    assert gathered.frame["slot_start"].to_list() == list(slots)
    return gathered


def _kwh(gathered: Gathered) -> float:
    return float(gathered.frame["pv_kwh"].sum())


async def _record(sources: Sources, kwh: dict[datetime, float], **also: Any) -> None:
    """Have the recorder hold what the panels gave."""
    quality = {"pv_kwh": also.pop("how", "measured")}
    rows = [
        {
            "slot_start": at,
            **dict.fromkeys(observed.QUANTITIES),
            "pv_kwh": value,
            "quality": quality,
            "source": "test",
            "recorded_at": NOW,
            **also,
        }
        for at, value in kwh.items()
    ]
    async with session_scope(sources.sessions, timeout_seconds=30) as session:
        await observed.save(session, rows)


async def _modelled(sources: Sources) -> dict[datetime, float]:
    """What the panels should have given in the slots that are over."""
    plant = Plant.of(sources.settings)
    async with session_scope(sources.sessions) as session:
        found = await modelled_pv.compared(
            session, plant.made_for, start=TODAY[0] - timedelta(days=120), end=TODAY[0]
        )
    return dict(found.select("slot_start", "modelled_kwh").iter_rows())


def _slots(days: int) -> list[datetime]:
    """Every slot of the days before today."""
    return [TODAY[0] - SLOT * (index + 1) for index in range(days * 96)]


def _asked(fakes: FakeUpstreams, service: str = "open_meteo") -> list[dict[str, str]]:
    return [query for name, _, query in fakes.requests if name == service]


def beam(start: datetime, plane: tuple[float, float]) -> float:
    """A sun at 30 degrees above the horizon that turns 15 degrees an hour, south at noon UTC."""
    tilt, azimuth = (math.radians(each) for each in plane)
    turn = math.radians(15 * (start.hour + start.minute / 60 - 12))
    if abs(turn) > math.pi / 2:
        return 0.0
    height = math.radians(30)
    cosine = math.sin(height) * math.cos(tilt) + math.cos(height) * math.sin(tilt) * math.cos(
        turn - azimuth
    )
    return round(800 * max(0.0, cosine), 3)


def _best(gathered: Gathered) -> datetime:
    found: datetime = gathered.frame.sort("pv_kwh", descending=True)["slot_start"][0]
    return found


async def test_an_azimuth_is_a_compass_bearing_all_the_way_to_the_sky(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A wall to the east has its best quarter at 6, to the south at noon, to the west at 18 UTC."""
    fakes.sky.irradiance = beam
    fakes.sky.temperature_c = lambda _: 25 - 800 * math.cos(math.radians(30)) / (25 + 6.84 * 2.37)
    for bearing, hour in ((90, 6), (180, 12), (270, 18)):
        wall = {"peak_power_kwp": 4, "azimuth_degrees": bearing, "tilt_degrees": 90}
        found = await _gather(replace(sources, settings=_settings(fakes, solar_arrays=[wall])))
        assert _best(found) == datetime(2026, 6, 18, hour, tzinfo=UTC)
        # cos 30 degrees of 800 W/m2 on 4 kWp, at about 25 degrees: no derating.
        most = 4 * 0.8 * math.cos(math.radians(30)) * 0.86 / 4
        assert found.frame["pv_kwh"].max() == pytest.approx(most, rel=0.001)


async def test_arrays_add_up_and_those_that_lie_alike_share_a_request(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """East and west of 3 kWp and two of the same south: three planes, three requests."""
    fakes.sky.irradiance = beam
    roofs = [
        {"peak_power_kwp": 3, "azimuth_degrees": 90},
        {"peak_power_kwp": 3, "azimuth_degrees": 270},
        {"peak_power_kwp": 2},
        {"peak_power_kwp": 1},
        {"peak_power_kwp": 0},
    ]
    alone = [
        _kwh(await _gather(replace(sources, settings=_settings(fakes, solar_arrays=[roof]))))
        for roof in roofs[:4]
    ]
    fakes.requests.clear()
    both = await _gather(replace(sources, settings=_settings(fakes, solar_arrays=roofs)))
    assert _kwh(both) == pytest.approx(sum(alone))
    assert [query["azimuth"] for query in _asked(fakes)] == ["-90", "90", "0"]
    assert both.status.quality is Quality.LIVE


async def test_an_inverter_cuts_what_its_arrays_give_together(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """6 + 6 kWp on 5 kW; another array with 2 kW of its own; the home's own limits the rest."""
    settings = _settings(
        fakes,
        solar_inverters=[{"name": "roof", "max_power_kw": 3}, {"name": "shed", "max_power_kw": 1}],
        solar_arrays=[
            {"peak_power_kwp": 6, "inverter": "roof"},
            {"peak_power_kwp": 6, "inverter": "roof"},
            {"peak_power_kwp": 6, "inverter": "shed"},
            {"peak_power_kwp": 6},
        ],
        inverter={"max_power_kw": 2},
    )
    found = await _gather(replace(sources, settings=settings))
    assert found.frame["pv_kwh"].max() == pytest.approx((3 + 1 + 2) / 4)


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 29), 92), (date(2025, 10, 26), 100)], ids=["spring", "autumn"]
)
async def test_days_of_92_and_100_quarters_have_the_sun_of_one_day(
    sources: Sources, fakes: FakeUpstreams, day: date, count: int
) -> None:
    """The clock on the wall is none of the sun's business."""
    slots = day_slots(day, ZONE)
    assert len(slots) == count
    now = slots[0] + timedelta(minutes=1)
    fakes.now = lambda: now
    found = await _gather(sources, slots, now)
    other = await _gather(
        sources, [*slots[:96], *(slots[-1] + SLOT * i for i in (1, 2, 3, 4))], now
    )
    assert _kwh(found) == pytest.approx(_kwh(other)), "18 to 6 UTC is dark"
    assert _best(found).hour == 12


def _snowy(fakes: FakeUpstreams, *, temperature_c: float) -> None:
    """Two hours of heavy snow two nights ago, and no thaw since."""
    fell = NOW.replace(hour=0, minute=0) - timedelta(days=1)
    fakes.sky.snowfall_cm = lambda at: 1.0 if fell < at <= fell + timedelta(hours=2) else 0.0
    fakes.sky.snow_depth_m = lambda _: 0.2
    fakes.sky.temperature_c = lambda _: temperature_c


async def test_snow_that_fell_days_ago_still_covers_the_roof(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """At -15 degrees the sun of 700 W/m2 moves nothing, and the status says so."""
    _snowy(fakes, temperature_c=-15)
    found = await _gather(sources)
    assert _kwh(found) == 0
    assert found.status.detail == "snow on the panels in 96 of 96 slots"


async def test_a_steep_roof_has_shed_what_a_flat_one_still_bears(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """At -5 degrees the noon sun lets it slide: two days free 60 degrees, not 10."""
    _snowy(fakes, temperature_c=-5)
    steep, flat = (
        replace(
            sources,
            settings=_settings(fakes, solar_arrays=[{"peak_power_kwp": 8, "tilt_degrees": tilt}]),
        )
        for tilt in (60, 10)
    )
    shed, kept = await _gather(steep), await _gather(flat)
    assert shed.status.detail == ""
    assert "snow on the panels" in kept.status.detail
    assert _kwh(kept) < 0.8 * _kwh(shed)


async def test_the_ensemble_gives_the_spread_and_it_is_stored(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Members of 50 to 100 % of the sun: p10 is 55 % of the power but for cooler cells."""
    settings = _settings(fakes, open_meteo={"ensemble": True})
    found = await _gather(replace(sources, settings=settings))
    assert found.status.detail == "spread of 11 ensemble members"
    noon = found.frame.filter(pl.col("slot_start") == datetime(2026, 6, 18, 12, tzinfo=UTC))
    low, middle, high = noon.row(0)[2], noon.row(0)[1], noon.row(0)[3]
    assert low / middle == pytest.approx(0.55, abs=0.03)
    assert middle <= high < 1.01 * middle
    (asked,) = _asked(fakes, "open_meteo_ensemble")
    assert (asked["tilt"], asked["models"]) == ("35", "icon_seamless")
    async with session_scope(sources.sessions) as session:
        kept = await forecasts.latest(session, kind="pv_kwh", issued_after=NOW)
    assert kept is not None
    assert kept.made_for == Plant.of(settings).made_for
    stored = kept.frame.filter(pl.col("slot_start").is_in(TODAY))
    assert stored["p10"].to_list() == pytest.approx(found.frame["p10_kwh"].to_list())
    assert stored["p90"].to_list() == pytest.approx(found.frame["p90_kwh"].to_list())


async def test_an_ensemble_of_two_planes_adds_up_member_by_member(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A dull member is dull on both roofs: the spread does not average out."""
    roofs = [{"peak_power_kwp": 4, "azimuth_degrees": bearing} for bearing in (90, 270)]
    settings = _settings(fakes, solar_arrays=roofs, open_meteo={"ensemble": True})
    found = await _gather(replace(sources, settings=settings))
    assert len(_asked(fakes, "open_meteo_ensemble")) == 2
    ratio = found.frame["p10_kwh"].sum() / found.frame["pv_kwh"].sum()
    assert ratio == pytest.approx(0.55, abs=0.03)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.HTML, Fault.TOO_MANY, Fault.SLOW])
async def test_without_its_ensemble_the_forecast_is_live_and_says_what_it_lacks(
    sources: Sources,
    fakes: FakeUpstreams,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A spread is worth having, not worth losing the sun for."""
    fakes.fail("open_meteo_ensemble", fault)
    if fault is Fault.SLOW:
        monkeypatch.setattr(http, "TOTAL_SECONDS", 8)
    found = await _gather(
        replace(sources, settings=_settings(fakes, open_meteo={"ensemble": True}))
    )
    assert found.status.quality is Quality.LIVE
    assert "Open-Meteo's ensemble" in found.status.detail
    assert found.frame["p10_kwh"].null_count() == 96
    assert _kwh(found) > 10


@BOTH_DATABASES
async def test_the_homes_own_meter_teaches_its_shade(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Three months of meter are held against three months of weather at once, then by the slot."""
    await _record(sources, dict.fromkeys(_slots(60), 0.0))
    await _gather(sources)
    assert [query["past_days"] for query in _asked(fakes)] == ["92"]
    modelled = await _modelled(sources)
    assert len(modelled) == 60 * 96
    shade = {at: kwh * (0.4 if 14 <= at.hour < 17 else 1) for at, kwh in modelled.items()}
    await _record(sources, shade)
    found = await _gather(sources)
    assert [query["past_days"] for query in _asked(fakes)] == ["92", "7"]
    assert found.status.detail == "corrected by 60 days of own production"
    clear = {at: kwh for at, kwh in modelled.items() if at >= TODAY[0] - timedelta(days=1)}
    for at, kwh in found.frame.select("slot_start", "pv_kwh").iter_rows():
        expected = clear[at - timedelta(days=1)] * (0.4 if 14 <= at.hour < 17 else 1)
        assert kwh == pytest.approx(expected, rel=0.11, abs=0.002)


@BOTH_DATABASES
async def test_what_is_not_the_roofs_fault_is_not_learnt(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Estimates, curtailed slots, and more than the plant can give leave the factors alone."""
    await _record(sources, dict.fromkeys(_slots(30), 0.0), how="estimated")
    await _gather(sources)
    plant = Plant.of(sources.settings)
    learnt = [(await pv_learning.correction(sources, plant, now=NOW)).days]
    curtailed = dict.fromkeys(_slots(30), 0.0)
    await _record(sources, curtailed, export_price_per_kwh=-0.1)
    learnt.append((await pv_learning.correction(sources, plant, now=NOW)).days)
    await _record(sources, dict.fromkeys(_slots(30), 99.0))
    learnt.append((await pv_learning.correction(sources, plant, now=NOW)).days)
    assert learnt == [0, 0, 0]
    fixed = _settings(fakes, inverter={"max_power_kw": 10, "can_curtail_pv": False})
    await _record(sources, curtailed, export_price_per_kwh=-0.1)
    other = replace(sources, settings=fixed)
    assert (await pv_learning.correction(other, plant, now=NOW)).days == 30


async def test_snow_and_an_inverters_limit_are_no_shade(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """A month of noons cut at 2 kW, and a week under snow, teach nothing about noon."""
    small = replace(sources, settings=_settings(fakes, inverter={"max_power_kw": 2}))
    await _record(small, dict.fromkeys(_slots(30), 0.0))
    await _gather(small)
    cut = {at: min(kwh, 2 / 4) for at, kwh in (await _modelled(small)).items()}
    await _record(small, cut)
    learnt = await pv_learning.correction(small, Plant.of(small.settings), now=NOW)
    assert learnt.days > 20
    assert 12 not in learnt.by_hour["hour"]
    assert learnt.by_hour["factor"].to_list() == pytest.approx([1.0] * learnt.by_hour.height)
    fakes.sky.snowfall_cm = lambda _: 1.0
    fakes.sky.snow_depth_m = lambda _: 0.5
    await _record(sources, dict.fromkeys(_slots(30), 0.0))
    await _gather(sources)
    assert len(await _modelled(sources)) == 30 * 96
    assert (await pv_learning.correction(sources, Plant.of(sources.settings), now=NOW)).days == 0


async def _issue_each_evening(sources: Sources, days: int, ratio: Callable[[int], float]) -> None:
    """Have a forecast stored on each evening before, and what came of it measured."""
    clear = dict((await _gather(sources)).frame.select("slot_start", "pv_kwh").iter_rows())
    plant = Plant.of(sources.settings)
    for ago in range(1, days + 1):
        back = timedelta(days=ago)
        frame = pl.DataFrame(
            [(at - back, kwh) for at, kwh in clear.items()],
            schema={"slot_start": PV["slot_start"], "value": pl.Float64()},
            orient="row",
        )
        at = local_midnight(DAY - back, ZONE) - timedelta(minutes=30)
        issue = forecasts.Issue("pv_kwh", "test", at, frame, made_for=plant.made_for)
        async with session_scope(sources.sessions) as session:
            await forecasts.save(session, issue)
        await _record(sources, {at - back: kwh * ratio(ago) for at, kwh in clear.items()})


@BOTH_DATABASES
async def test_own_past_errors_give_a_spread_and_are_scored(
    sources: Sources, engine: AsyncEngine
) -> None:
    """Ten days that came out 60 to 105 % of what was said the evening before."""
    await _issue_each_evening(sources, 10, lambda ago: 0.55 + 0.05 * ago)
    found = await _gather(sources)
    assert found.status.detail.endswith("spread of its own past errors")
    noon = found.frame.filter(pl.col("slot_start").dt.hour() == 12)
    # The tenth percentile of 0.6, 0.65 … 1.05 is 0.645, the ninetieth 1.005.
    assert noon["p10_kwh"].to_list() == pytest.approx((noon["pv_kwh"] * 0.645).to_list())
    assert noon["p90_kwh"].to_list() == pytest.approx((noon["pv_kwh"] * 1.005).to_list())
    assert await scoring.score_recent_days(sources, now=NOW) == 10
    async with session_scope(make_sessions(engine)) as session:
        kept = await scores.since(session, DAY - timedelta(days=10))
    assert {score.kind for score in kept} == {"pv_kwh"}
    newest = max(kept, key=lambda score: score.day)
    assert newest.bias_kwh == pytest.approx(newest.measured_kwh / 96 * (1 / 0.6 - 1))
    assert newest.persistence_mean_absolute_error_kwh is not None


async def test_the_spread_of_a_forecast_is_scored(sources: Sources, fakes: FakeUpstreams) -> None:
    """A day at three quarters of the forecast is inside an ensemble of a half to all of it."""
    settings = _settings(fakes, open_meteo={"ensemble": True})
    evening = NOW - timedelta(minutes=20)
    fakes.now = lambda: evening
    at_home = replace(sources, settings=settings)
    issued, _ = await gather_pv.gather_pv(at_home, TODAY, [], now=evening)
    values = issued.frame.select("slot_start", "pv_kwh").iter_rows()
    await _record(sources, {at: 0.75 * kwh for at, kwh in values})
    assert await scoring.score_recent_days(sources, now=NOW + timedelta(days=1)) == 1
    async with session_scope(sources.sessions) as session:
        (score,) = await scores.since(session, DAY)
    assert (score.kind, score.inside_spread_ratio) == ("pv_kwh", 1.0)


@BOTH_DATABASES
async def test_every_step_down_the_ladder_is_labelled_and_left_again(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Live, the last forecast as issued, own production of the season, zero; and live again."""
    live = await _gather(sources)
    assert (live.status.quality, live.status.issued_at) == (Quality.LIVE, NOW)
    fakes.fail("open_meteo", Fault.SERVER_ERROR)
    later = NOW + timedelta(hours=2)
    cached = await _gather(sources, TODAY[8:], later)
    assert (cached.status.quality, cached.status.issued_at) == (Quality.CACHED, NOW)
    assert cached.status.age(now=later) == timedelta(hours=2)
    assert cached.status.detail == "Open-Meteo failed (HTTP 500)"
    assert cached.frame["pv_kwh"].to_list() == pytest.approx(live.frame["pv_kwh"].to_list()[8:]), (
        "as it was issued"
    )
    tomorrow = day_slots(DAY + timedelta(days=1), ZONE)
    too_late = NOW + timedelta(hours=24, minutes=1)
    nothing = await _gather(sources, tomorrow, too_late)
    assert nothing.status.source == "no forecast: planned as zero"
    assert (nothing.status.quality, _kwh(nothing)) == (Quality.ESTIMATED, 0)
    bright = {at: 0.5 if 9 <= at.hour < 15 else 0.0 for at in _slots(12)}
    await _record(sources, bright)
    own = await _gather(sources, tomorrow, too_late)
    assert (own.status.quality, own.status.source) == (Quality.ESTIMATED, "own recorder")
    assert own.status.detail == (
        "mean of 12 days at this time of the year; Open-Meteo failed (HTTP 500)"
    )
    assert _kwh(own) == pytest.approx(24 * 0.5)
    fakes.heal("open_meteo")
    fakes.now = lambda: too_late
    assert (await _gather(sources, tomorrow, too_late)).status.quality is Quality.LIVE


async def test_another_season_is_no_climatology(sources: Sources, fakes: FakeUpstreams) -> None:
    """Last June counts, last December does not."""
    fakes.fail("open_meteo", Fault.NOT_FOUND)
    half_a_year, a_year = timedelta(days=182), timedelta(days=365)
    await _record(sources, {at - half_a_year: 0.1 for at in _slots(10)})
    assert _kwh(await _gather(sources)) == 0
    await _record(sources, {at - a_year: 0.3 for at in _slots(10)})
    assert _kwh(await _gather(sources)) == pytest.approx(96 * 0.3)


async def test_a_forecast_for_other_panels_is_not_reused(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Neither is one for another place."""
    await _gather(sources)
    fakes.fail("open_meteo", Fault.SERVER_ERROR)
    for change in ({"solar_arrays": [{"peak_power_kwp": 3}]}, {"location": {"latitude": 60}}):
        found = await _gather(replace(sources, settings=_settings(fakes, **change)))
        assert found.status.source == "no forecast: planned as zero"
    assert (await _gather(sources)).status.quality is Quality.CACHED


FAULTS = {
    Fault.TOO_MANY: "slow down (HTTP 429)",
    Fault.SERVER_ERROR: "failed (HTTP 500)",
    Fault.FORBIDDEN: "refused access (HTTP 403)",
    Fault.HTML: "did not answer with valid JSON",
    Fault.TRUNCATED: "cannot be reached",
    Fault.HANG_UP: "cannot be reached",
    Fault.NO_CONTENT: "has not published this yet",
    Fault.REDIRECT: "answered HTTP 302",
    Fault.SLOW: "timed out",
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.items(), ids=[str(each) for each in FAULTS])
async def test_each_fault_of_the_weather_is_named_beside_what_is_used_instead(
    sources: Sources,
    impatient: httpx.AsyncClient,
    fakes: FakeUpstreams,
    fault: Fault,
    words: str,
) -> None:
    """The last forecast serves, and the status says why."""
    await _gather(sources)
    fakes.fail("open_meteo", fault)
    asking = replace(sources, client=impatient) if fault is Fault.SLOW else sources
    found = await _gather(asking)
    assert found.status.quality is Quality.CACHED
    assert words in found.status.detail


async def test_a_passing_fault_is_no_fault(sources: Sources, fakes: FakeUpstreams) -> None:
    """Two refusals for being too quick, then the weather."""
    fakes.fail("open_meteo", Fault.TOO_MANY, times=2)
    assert (await _gather(sources)).status.quality is Quality.LIVE
    assert len(fakes.requests) == 3


def _nulls(body: dict[str, Any], first: int, last: int) -> None:
    series = body["minutely_15"]["global_tilted_irradiance"]
    series[first:last] = [None] * (last - first)


async def test_nulls_are_bridged_for_two_hours_and_no_longer(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """Eight quarters at noon are interpolated; twelve make the forecast unfit for the plan."""
    whole = await _gather(sources)
    # A week before midnight UTC of the day, which began two hours before the slots of today.
    noon = 7 * 96 + 96 + 48
    fakes.sky.spoil = lambda body: _nulls(body, noon, noon + 8)
    bridged = await _gather(sources)
    assert bridged.status.quality is Quality.LIVE
    assert _kwh(bridged) == pytest.approx(_kwh(whole), rel=0.02)
    fakes.sky.spoil = lambda body: _nulls(body, noon, noon + 12)
    unfit = await _gather(sources)
    assert unfit.status.quality is Quality.CACHED
    assert "does not cover every slot" in unfit.status.detail


async def test_the_demo_home_does_not_learn_from_its_own_simulation(
    sources: Sources, fakes: FakeUpstreams
) -> None:
    """What its recorder holds is no measurement."""
    await _record(sources, dict.fromkeys(_slots(30), 0.0))
    demo = replace(sources, settings=_settings(fakes, demo_home=True))
    found = await _gather(demo)
    assert (found.status.quality, found.status.detail) == (Quality.LIVE, "")
    assert _asked(fakes)[0]["past_days"] == "7"
    fakes.fail("open_meteo", Fault.SERVER_ERROR)
    other = _settings(fakes, demo_home=True, solar_arrays=[{"peak_power_kwp": 3}])
    assert (await _gather(replace(sources, settings=other))).status.quality is Quality.SAMPLE
