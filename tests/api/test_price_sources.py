"""The running service against price providers that fail, are late, or lie: right or named plans."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import time_machine
from fastapi import FastAPI

from app.core.clock import day_slots, iso_utc, slot_floor
from app.db import prices
from app.db.connection.engine import session_scope
from app.ingest.prices.day import DELIVERY_ZONE, next_day
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, running
from tests.fakes import FakeUpstreams
from tests.fakes.price_providers import (
    ENTSOE_TOKEN,
    OFFSETS,
    TIBBER_TOKEN,
    FakePriceProviders,
)
from tests.fakes.price_replies import RATES, Row, rows_of, zeroed

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
AFTERNOON = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
DOWN = (500, b"", {})


@dataclass
class Home:
    """A home under test: the fakes it asks, and its environment."""

    sources: FakePriceProviders
    environ: dict[str, str]

    def order(self, *providers: str) -> None:
        self.environ |= self.sources.environment(*providers)


@pytest.fixture
def home(tmp_path: Path) -> Any:
    """A home without demo data, its prices from Nord Pool and then elprisetjustnu.se."""
    config = tmp_path / "config.yaml"
    config.write_text("demo_home: false\n")
    with FakeUpstreams() as others, FakePriceProviders() as sources:
        made = Home(
            sources,
            others.environment()
            | {"DARKSTAR_CONFIG": str(config), "DARKSTAR_DATA_DIR": str(tmp_path)},
        )
        made.order("nordpool", "elprisetjustnu")
        yield made


@asynccontextmanager
async def service(home: Home) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    async with running(load_settings(environ=home.environ).settings) as pair:
        await first_outcome(pair[1])
        yield pair


async def watch(app: FastAPI) -> None:
    """Do what the service does every minute."""
    await app.state.services.scheduler.get_job("prices").func()


async def price_input(client: httpx.AsyncClient) -> dict[str, str]:
    plan = (await client.get("/api/schedule")).json()
    (found,) = [each for each in plan["meta"]["inputs"] if each["name"] == "prices"]
    return dict(found)


async def until(client: httpx.AsyncClient) -> datetime:
    plan = (await client.get("/api/schedule")).json()
    return datetime.fromisoformat(plan["meta"]["horizon_end"])


async def stored(app: FastAPI, day: date) -> pl.DataFrame:
    slots = day_slots(day, DELIVERY_ZONE)
    services = app.state.services
    home = services.job.settings.nordpool
    async with session_scope(services.job.sources.sessions) as session:
        return await prices.load(
            session,
            area=home.price_area,
            currency=home.currency,
            start=slots[0],
            end=slots[-1] + timedelta(minutes=15),
        )


def end_of(day: date) -> datetime:
    return day_slots(next_day(day), DELIVERY_ZONE)[0]


def per_kwh(day: date, provider: str, currency: str = "SEK") -> list[float]:
    return [row.per_kwh(currency) or 0.0 for row in rows_of(day, offset=OFFSETS[provider])]


async def test_with_the_first_provider_down_the_seconds_day_is_used_and_named(home: Home) -> None:
    home.sources.broken["nordpool"] = DOWN
    with time_machine.travel(AFTERNOON, tick=True):
        async with service(home) as (app, client):
            found = await price_input(client)
            assert found["source"] == "elprisetjustnu.se"
            assert found["quality"] == "live"
            assert (
                "2026-11-23 is from elprisetjustnu.se: Nord Pool failed (HTTP 500)"
                in (found["detail"])
            )
            assert await until(client) == end_of(TOMORROW)
            status = (await client.get("/api/status")).json()
            assert status["job"]["last_outcome"] == "ok"
            for day in (TODAY, TOMORROW):
                frame = await stored(app, day)
                assert set(frame["provider"]) == {"elprisetjustnu.se"}
                assert frame["spot_price_per_kwh"].to_list() == pytest.approx(
                    per_kwh(day, "elprisetjustnu"), abs=1e-5
                )
            page = (await client.get("/")).text
            assert "elprisetjustnu.se" in page
        asked = len(home.sources.requests)
        home.sources.broken.clear()
        async with service(home) as (_, client):
            assert (await price_input(client))["source"] == "elprisetjustnu.se"
        assert len(home.sources.requests) == asked, "a restart fetches nothing again"


async def test_a_day_that_one_provider_has_in_part_is_never_filled_from_another(
    home: Home,
) -> None:
    def holes(day: date, rows: list[Row]) -> list[Row]:
        return rows[:40] if day == TOMORROW else rows

    home.sources.spoil["nordpool"] = holes
    with time_machine.travel(AFTERNOON, tick=True):
        async with service(home) as (app, client):
            found = await price_input(client)
            assert found["source"] == "Nord Pool; elprisetjustnu.se"
            assert "Nord Pool: 2026-11-24 has 40 of 96 quarters" in found["detail"]
            for day, provider, name in (
                (TODAY, "nordpool", "Nord Pool"),
                (TOMORROW, "elprisetjustnu", "elprisetjustnu.se"),
            ):
                frame = await stored(app, day)
                assert set(frame["provider"]) == {name}
                assert frame["spot_price_per_kwh"].to_list() == pytest.approx(
                    per_kwh(day, provider), abs=1e-5
                )


async def test_with_every_provider_refused_the_plan_is_held_and_says_each_reason(
    home: Home,
) -> None:
    home.order("nordpool", "elprisetjustnu", "energi_data_service")
    home.sources.broken["nordpool"] = (429, b"", {"Retry-After": "3600"})
    home.sources.broken["energi_data_service"] = (200, b"<html>", {})
    home.sources.spoil["elprisetjustnu"] = lambda _, rows: zeroed(rows)
    with time_machine.travel(AFTERNOON, tick=True) as clock:
        async with service(home) as (_, client):
            job = (await client.get("/api/status")).json()["job"]
            assert job["last_outcome"] == "held"
            for reason in (
                "Nord Pool asks to wait 3600 s",
                "elprisetjustnu.se: every price of 2026-11-23 is zero",
                "Energi Data Service did not answer with valid JSON",
            ):
                assert reason in job["last_error"], job
            assert home.sources.asked("nordpool") == 1, "not even for tomorrow: it asked to wait"
            home.sources.broken.clear()
            await client.post("/api/run_planner")
            assert home.sources.asked("nordpool") == 1, "nor when a plan is asked for"
            clock.shift(timedelta(hours=1, seconds=1))
            assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"
            assert (await price_input(client))["source"].startswith("Nord Pool")


async def test_late_prices_are_waited_for_planned_with_what_there_is_and_taken_at_1540(
    home: Home,
) -> None:
    out_at = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)  # 15:40 in Stockholm
    sources = home.sources
    sources.published = lambda _, day: day == TODAY or sources.now() >= out_at
    with time_machine.travel(datetime(2026, 11, 23, 11, 40, tzinfo=UTC), tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()  # the minutes below are its, too
            assert await until(client) == end_of(TODAY)
            assert sources.asked("nordpool", TOMORROW) == 0, "not before 12:45"
            while sources.now() < out_at - timedelta(minutes=1):
                clock.shift(timedelta(minutes=1))
                await watch(app)
            assert 10 <= sources.asked("nordpool", TOMORROW) <= 22
            assert 10 <= sources.asked("elprisetjustnu", TOMORROW) <= 22
            await client.post("/api/run_planner")
            found = await price_input(client)
            assert found["quality"] == "live"
            assert "2026-11-24 is missing: Nord Pool has not published this yet" in found["detail"]
            assert await until(client) == end_of(TODAY)
            for _ in range(15):
                clock.shift(timedelta(minutes=1))
                await watch(app)
            assert await until(client) == end_of(TOMORROW)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["trigger"] == "prices"
            found = await price_input(client)
            assert (found["quality"], found["detail"]) in {
                ("live", ""),
                (
                    "live",
                    "2026-11-24 is from elprisetjustnu.se: Nord Pool has not published this yet",
                ),
            }


async def test_today_missing_but_tomorrow_there_is_held_by_name_and_right_after_midnight(
    home: Home,
) -> None:
    home.sources.published = lambda _, day: day != TODAY
    with time_machine.travel(AFTERNOON, tick=True) as clock:
        async with service(home) as (app, client):
            job = (await client.get("/api/status")).json()["job"]
            assert job["last_outcome"] == "held"
            assert "no price for the slot in progress: 2026-11-23: Nord Pool" in job["last_error"]
            assert (await client.get("/api/schedule")).status_code == 404
            assert (await stored(app, TODAY)).is_empty()
            assert (await stored(app, TOMORROW)).height == 96
            clock.move_to(datetime(2026, 11, 23, 23, 0, 5, tzinfo=UTC))
            assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"
            assert await until(client) == end_of(TOMORROW)
            assert (await price_input(client))["detail"] == ""


async def test_a_service_started_ten_seconds_before_midnight_plans_both_days(home: Home) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 22, 59, 50, tzinfo=UTC), tick=True) as clock:
        async with service(home) as (_, client):
            plan = (await client.get("/api/schedule")).json()
            assert plan["schedule"][0]["slot_start"] in {
                "2026-11-23T22:45:00Z",
                "2026-11-23T23:00:00Z",  # a slow machine gathers past midnight
            }
            assert await until(client) == end_of(TOMORROW)
            asked = len(home.sources.requests)
            clock.move_to(datetime(2026, 11, 23, 23, 0, 1, tzinfo=UTC))
            assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"
            plan = (await client.get("/api/schedule")).json()
            assert plan["schedule"][0]["slot_start"] == "2026-11-23T23:00:00Z"
            assert len(plan["schedule"]) == 96
            assert len(home.sources.requests) == asked


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_moved_by_an_hour_ends_in_a_right_plan(home: Home, hours: int) -> None:
    start = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
    sources = home.sources
    sources.published = lambda _, day: day == TODAY
    with time_machine.travel(start, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            assert await until(client) == end_of(TODAY)
            asked = sources.asked("nordpool", TOMORROW)
            sources.published = lambda _provider, _day: True
            clock.shift(timedelta(hours=hours))
            await watch(app)
            if hours < 0:
                # 12:15 in Stockholm: tomorrow is not asked for, and waits begun later are over.
                assert sources.asked("nordpool", TOMORROW) == asked
                await client.post("/api/run_planner")
                clock.shift(timedelta(minutes=31))
                await watch(app)
            assert sources.asked("nordpool", TOMORROW) == asked + 1
            plan = (await client.get("/api/schedule")).json()
            starts = [each["slot_start"] for each in plan["schedule"]]
            assert iso_utc(slot_floor(sources.now())) in starts
            assert starts == sorted(set(starts))
            assert await until(client) == end_of(TOMORROW)


async def test_prices_in_euro_are_converted_by_a_published_rate_or_refused(home: Home) -> None:
    home.order("entsoe", "nordpool")
    home.sources.published = lambda name, day: (name, day) != ("entsoe", TODAY)
    with time_machine.travel(AFTERNOON, tick=True):
        async with service(home) as (app, client):
            found = await price_input(client)
            assert found["source"] == "Nord Pool; ENTSO-E, EUR at 11.0500 of 2026-11-23"
            frame = await stored(app, TOMORROW)
            eur = [row.eur_per_mwh or 0.0 for row in rows_of(TOMORROW, offset=OFFSETS["entsoe"])]
            assert frame["spot_price_per_kwh"].to_list() == pytest.approx(
                [price / 1000 * RATES["SEK"] for price in eur]
            )
            assert ENTSOE_TOKEN not in (await client.get("/")).text + str(found)


async def test_without_a_rate_prices_in_euro_are_not_used(home: Home) -> None:
    home.order("entsoe")
    with time_machine.travel(AFTERNOON, tick=True):
        async with service(home) as (app, client):
            job = (await client.get("/api/status")).json()["job"]
            assert job["last_outcome"] == "held"
            assert "no SEK exchange rate of the last 7 days is stored" in job["last_error"]
            assert (await stored(app, TODAY)).is_empty()


EVERY = {
    "nordpool": ("SE4", "SEK"),
    "elprisetjustnu": ("SE4", "SEK"),
    "hvakosterstrommen": ("NO2", "NOK"),
    "energi_data_service": ("DK1", "DKK"),
    "energy_charts": ("DK2", "EUR"),
    "entsoe": ("FI", "EUR"),
    "tibber": ("SE3", "SEK"),
}


@pytest.mark.parametrize("provider", EVERY)
@pytest.mark.parametrize(
    "now",
    [datetime(2025, 10, 25, 14, tzinfo=UTC), datetime(2026, 3, 28, 14, tzinfo=UTC)],
    ids=["autumn", "spring"],
)
async def test_every_provider_serves_a_home_through_a_clock_change(
    home: Home, provider: str, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    home.sources.area, home.sources.currency = EVERY[provider]
    home.order(provider)
    with time_machine.travel(now, tick=True):
        async with service(home) as (app, client):
            plan = (await client.get("/api/schedule")).json()
            change = next_day(now.astimezone(DELIVERY_ZONE).date())
            assert await until(client) == end_of(change)
            assert len(plan["schedule"]) == (end_of(change) - now) / timedelta(minutes=15)
            frame = await stored(app, change)
            assert frame.height == (100 if change.month == 10 else 92)
            assert (await price_input(client))["quality"] == "live"
            assert (await price_input(client))["detail"] == ""
            shown = (await client.get("/")).text + caplog.text
    assert ENTSOE_TOKEN not in shown
    assert TIBBER_TOKEN not in shown


async def test_one_question_at_a_time_however_many_ask(home: Home) -> None:
    with time_machine.travel(AFTERNOON, tick=True):
        async with service(home) as (app, _):
            before = len(home.sources.requests)
            await asyncio.gather(*(watch(app) for _ in range(3)))
            assert len(home.sources.requests) == before == 2
