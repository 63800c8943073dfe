"""A configured home against real servers on loopback: live, then one thing after another fails."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from app.db import plans
from app.db.connection.engine import session_scope
from app.plans.stored_inputs import inputs_of
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, offline, running
from tests.fakes import FakeUpstreams, Fault

AFTERNOON = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


async def qualities(client: httpx.AsyncClient) -> dict[str, str]:
    plan = (await client.get("/api/schedule")).json()
    return {each["name"]: each["quality"] for each in plan["meta"]["inputs"]}


async def test_every_input_is_live_when_every_source_answers(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    _, environ = home
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            status = await first_outcome(client)
            assert status["job"]["last_outcome"] == "ok", status  # type: ignore[index]
            found = await qualities(client)
            # What comes after the published prices is an estimate, and no reason for a warning.
            assert found.pop("prices_after_the_horizon") == "estimated"
            assert set(found.values()) == {"live"}
            assert status["state"] == "ok"
            assert status["warnings"] == []
            plan = (await client.get("/api/schedule")).json()
            # Published until the end of tomorrow, local time.
            assert plan["meta"]["horizon_end"] == "2026-11-24T23:00:00Z"
            state = (await client.get("/api/initial_state")).json()
            assert state["soc_percent"] == 57.3
            assert state["water_used_today_kwh"] == 1.5


async def test_stored_prices_are_not_fetched_again_and_outlive_the_source(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    fakes, environ = home
    with time_machine.travel(AFTERNOON, tick=True):
        for _ in range(2):
            async with running(load_settings(environ=environ).settings) as (_, client):
                assert (await first_outcome(client))["state"] == "ok"
        days = [query for service, _, query in fakes.requests if service == "nordpool"]
        assert len(days) == 2
        fakes.fail("nordpool", Fault.SERVER_ERROR)
        async with running(load_settings(environ=environ).settings) as (_, client):
            assert (await first_outcome(client))["state"] == "ok"


async def test_an_unknown_charge_level_gives_a_degraded_plan_that_recovers(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    fakes, environ = home
    fakes.sensors["sensor.battery_soc"] = ("unavailable", "%")
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            status = await first_outcome(client)
            assert status["state"] == "degraded"
            assert (await qualities(client))["soc"] == "missing"
            plan = (await client.get("/api/schedule")).json()
            assert sum(slot["discharge_kw"] for slot in plan["schedule"]) == 0
            assert "charge level is unknown" in " ".join(plan["meta"]["warnings"])
            fakes.sensors["sensor.battery_soc"] = ("50", "%")
            assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"


async def test_without_weather_the_last_forecast_serves_then_zero_and_says_so(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    fakes, environ = home
    fakes.fail("open_meteo", Fault.NOT_FOUND)
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            assert (await first_outcome(client))["state"] == "degraded"
            assert (await qualities(client))["pv"] == "estimated"
            fakes.heal("open_meteo")
            await client.post("/api/run_planner")
            assert (await qualities(client))["pv"] == "live"
            fakes.fail("open_meteo", Fault.NOT_FOUND)
            await client.post("/api/run_planner")
            assert (await qualities(client))["pv"] == "cached"


async def test_before_noon_only_today_is_planned(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    _, environ = home
    with time_machine.travel(AFTERNOON - timedelta(hours=6), tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            await first_outcome(client)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == "2026-11-23T23:00:00Z"


@pytest.mark.parametrize(
    ("instant", "until"),
    [
        (datetime(2025, 10, 25, 14, tzinfo=UTC), "2025-10-26T23:00:00Z"),
        (datetime(2026, 3, 28, 14, tzinfo=UTC), "2026-03-29T22:00:00Z"),
    ],
    ids=["autumn, 100 quarters", "spring, 92 quarters"],
)
async def test_both_clock_changes_are_planned_to_their_last_quarter(
    home: tuple[FakeUpstreams, dict[str, str]], instant: datetime, until: str
) -> None:
    _, environ = home
    with time_machine.travel(instant, tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            await first_outcome(client)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == until
            hours = datetime.fromisoformat(until) - instant
            assert len(plan["schedule"]) == hours / timedelta(minutes=15)


async def test_a_finnish_home_started_past_its_midnight_plans_the_day_it_is_in(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    _, environ = home
    environ |= {
        "DARKSTAR_TIMEZONE": "Europe/Helsinki",
        "DARKSTAR_NORDPOOL__PRICE_AREA": "FI",
        "DARKSTAR_NORDPOOL__CURRENCY": "EUR",
    }
    # 00:30 in Helsinki is 23:30 of the delivery day before.
    with time_machine.travel(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), tick=True):
        async with running(load_settings(environ=environ).settings) as (_, client):
            await first_outcome(client)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == "2026-11-24T23:00:00Z"


async def test_the_last_forecast_serves_prices_that_were_published_after_it(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    fakes, environ = home
    with time_machine.travel(AFTERNOON - timedelta(hours=6), tick=True) as clock:
        async with running(load_settings(environ=environ).settings) as (_, client):
            await first_outcome(client)
            fakes.fail("open_meteo", Fault.NOT_FOUND)
            clock.move_to(AFTERNOON)
            await client.post("/api/run_planner")
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == "2026-11-24T23:00:00Z"
            assert (await qualities(client))["pv"] == "cached"
            assert sum(slot["planned_pv_kwh"] for slot in plan["schedule"]) > 10


async def test_the_sample_reaches_as_far_as_the_market_would_have_published(
    tmp_path: Path,
) -> None:
    """12:50 in Helsinki is 11:50 at the market: tomorrow is not out, as with real prices."""
    settings = offline(tmp_path, demo=True).model_copy(update={"timezone": "Europe/Helsinki"})
    with time_machine.travel(datetime(2026, 11, 23, 10, 50, tzinfo=UTC), tick=True) as clock:
        async with running(settings) as (_, client):
            await first_outcome(client)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == "2026-11-23T23:00:00Z"
            clock.move_to(datetime(2026, 11, 23, 11, 50, tzinfo=UTC))
            await client.post("/api/run_planner")
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["horizon_end"] == "2026-11-24T23:00:00Z"


async def test_every_plan_is_measured_against_the_best_possible_one(
    home: tuple[FakeUpstreams, dict[str, str]],
) -> None:
    """The figures stand in the run's row, in the status and on the page, and fit each other."""
    _, environ = home
    with time_machine.travel(AFTERNOON, tick=True):
        async with running(load_settings(environ=environ).settings) as (app, client):
            figures = (await first_outcome(client))["figures"]
            assert isinstance(figures, dict)
            assert figures["cost_best"] <= figures["cost"]
            gap = figures["cost_self_consumption"] - figures["cost_best"]
            reached = figures["cost_self_consumption"] - figures["cost"]
            assert figures["optimality_percent"] == pytest.approx(100 * reached / gap)
            page = (await client.get("/")).text
            assert "Optimality" in page
            assert f"{figures['optimality_percent']:.0f} %" in page
            services = app.state.services
            async with session_scope(services.job.sources.sessions) as session:
                run = await plans.latest_run(session)
                assert run is not None
                stored = await plans.run_by_id(session, run.id)
            assert run.engine == "optimal"
            assert run.cost_best == figures["cost_best"]
            assert run.optimality_percent == figures["optimality_percent"]
            assert stored is not None
            assert stored.inputs is not None
            kept = json.loads(stored.inputs)["lookahead"]
            assert {row["quality"] for row in kept} == {"estimated"}
            # The hours of today that have passed: slots rank within their whole day.
            passed = inputs_of(stored).ctx.published
            assert passed is not None
            starts = passed["slot_start"].sort()
            assert (starts[0], starts[-1]) == (
                datetime(2026, 11, 22, 23, tzinfo=UTC),
                datetime(2026, 11, 23, 13, 45, tzinfo=UTC),
            )
            assert passed.height == 60
