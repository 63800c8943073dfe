"""The sun of a configured home through the running service: the ladder, the spread, the roof."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from app.core.frames import SLOT
from app.db import forecasts, observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, running
from tests.fakes import FakeUpstreams, Fault

AFTERNOON = datetime(2026, 9, 23, 14, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 9, 23, tzinfo=UTC)


async def _pv(client: httpx.AsyncClient) -> dict[str, Any]:
    """What the plan in force says of its PV."""
    plan = (await client.get("/api/schedule")).json()
    (status,) = (each for each in plan["meta"]["inputs"] if each["name"] == "pv")
    planned = sum(slot["planned_pv_kwh"] for slot in plan["schedule"])
    found: dict[str, Any] = status | {"kwh": planned, "warnings": plan["meta"]["warnings"]}
    return found


async def _record(sources: Sources, days: int) -> None:
    """Have the recorder hold days of which noon gave half a kilowatt-hour a quarter."""
    rows = [
        {
            "slot_start": (at := MIDNIGHT - SLOT * (index + 1)),
            **dict.fromkeys(observed.QUANTITIES),
            "pv_kwh": 0.5 if 10 <= at.hour < 14 else 0.0,
            "quality": {"pv_kwh": "measured"},
            "source": "test",
            "recorded_at": MIDNIGHT,
        }
        for index in range(days * 96)
    ]
    async with session_scope(sources.sessions, writes=True) as session:
        await observed.save(session, rows)


async def test_the_ladder_is_walked_down_and_up_by_the_running_service(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    """Zero, own production, live, the last forecast, own production again, live again."""
    fakes, environ = home
    fakes.fail("open_meteo", Fault.SERVER_ERROR)
    with time_machine.travel(AFTERNOON, tick=True) as clock:
        async with running(load_settings(environ=environ).settings) as (app, client):
            assert (await first_outcome(client))["state"] == "degraded"
            seen = [await _pv(client)]

            async def again() -> None:
                # The scheduler, seeing the clock jump, may be planning by itself.
                async with asyncio.timeout(120):
                    while (await client.post("/api/run_planner")).status_code != 200:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                seen.append(await _pv(client))

            await _record(app.state.services.job.sources, 9)
            await again()
            fakes.heal("open_meteo")
            await again()
            fakes.fail("open_meteo", Fault.HTML)
            clock.shift(timedelta(hours=3))
            await again()
            clock.shift(timedelta(hours=22))
            await again()
            fakes.heal("open_meteo")
            await again()
            assert (await client.get("/api/status")).json()["state"] == "ok"
    assert [each["quality"] for each in seen] == [
        "estimated",
        "estimated",
        "live",
        "cached",
        "estimated",
        "live",
    ]
    zero, own, live, cached, own_again, last = seen
    assert (zero["source"], zero["kwh"]) == ("no forecast: planned as zero", 0)
    assert own["source"] == own_again["source"] == "own recorder"
    # Tomorrow's noon, of which nine days gave 8 kWh.
    assert own["kwh"] == pytest.approx(8)
    assert "mean of 9 days at this time of the year" in own["detail"]
    # The weather alone would say 43: the meter of nine days has been heard.
    assert 8 < live["kwh"] < 13
    assert live["detail"] == "corrected by 9 days of own production"
    assert cached["issued_at"] == live["issued_at"], "as it was issued, with its age"
    assert "did not answer with valid JSON" in cached["detail"]
    assert "pv" in zero["warnings"][0]
    assert (cached["warnings"], last["warnings"]) == ([], [])


async def test_a_roof_of_two_planes_with_an_ensemble_is_asked_for_in_compass_degrees(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    """East and west in the environment reach Open-Meteo as it counts; the spread is stored."""
    fakes, environ = home
    roof = [
        {"peak_power_kwp": 6, "azimuth_degrees": bearing, "inverter": "roof"}
        for bearing in (90, 270)
    ]
    environ |= {
        "DARKSTAR_OPEN_METEO__ENSEMBLE": "true",
        "DARKSTAR_SOLAR_ARRAYS": json.dumps(roof),
        "DARKSTAR_SOLAR_INVERTERS": json.dumps([{"name": "roof", "max_power_kw": 4}]),
    }
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(load_settings(environ=environ).settings) as (app, client):
            assert (await first_outcome(client))["state"] == "ok"
            pv = await _pv(client)
            plan = (await client.get("/api/schedule")).json()["schedule"]
            async with session_scope(app.state.services.job.sources.sessions) as session:
                kept = await forecasts.latest(
                    session, kind="pv_kwh", issued_after=AFTERNOON - timedelta(hours=1)
                )
    asked = [
        (service, query["azimuth"]) for service, _, query in fakes.requests if "azimuth" in query
    ]
    assert asked == [
        ("open_meteo", "-90"),
        ("open_meteo", "90"),
        ("open_meteo_ensemble", "-90"),
        ("open_meteo_ensemble", "90"),
    ]
    assert (pv["quality"], pv["detail"]) == ("live", "spread of 11 ensemble members")
    # 12 kWp at noon would give 7 kW.
    assert max(slot["planned_pv_kwh"] for slot in plan) == 4 / 4
    assert kept is not None
    assert kept.frame["p10"].null_count() == 0
    assert (kept.frame["p10"] <= kept.frame["value"]).all()
    assert (kept.frame["p90"] >= kept.frame["value"]).all()
    assert kept.frame["p90"].max() == 1.0
