"""Two days of a home in which everything goes wrong that went wrong in use.

Each fault is told once, on the page, in the API and in both languages; every hour has a plan, and
the log has no exception.
"""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI

from app.settings.store.sources import load_settings
from tests.api.test_price_sources import DOWN
from tests.api.test_service import first_outcome, running
from tests.api.test_swedish import SWEDISH, english_in
from tests.fakes import CONSUMPTION, SOC, WATER, FakeUpstreams
from tests.fakes.alert_receiver import AlertReceiver
from tests.fakes.price_providers import FakePriceProviders
from tests.fakes.price_replies import Row

BEGIN = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)  # 00:05 on Monday the 23rd in Stockholm
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
POWER = "sensor.battery_power"
BANNER = re.compile(r'<div class="banner .*?</div>', re.DOTALL)
INPUTS = re.compile(r'<ul class="inputs">.*?</ul>', re.DOTALL)
PRICES = re.compile(r'<section class="card prices".*?</section>', re.DOTALL)
TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)


def words_of(part: str) -> str:
    """What a part of a page says, without its tags."""
    return " ".join(html.unescape(TAG.sub(" ", part)).split())


@dataclass
class Days:
    """The service, what it asks, and the clock that it lives by; its jobs are called here."""

    app: FastAPI
    client: httpx.AsyncClient
    home: FakeUpstreams
    prices: FakePriceProviders
    clock: time_machine.Traveller

    async def job(self, name: str) -> None:
        """Do what the scheduler would do now."""
        await self.app.state.services.scheduler.get_job(name).func()

    async def to(self, hours: float) -> None:
        """Go on to so many hours after the begin, with every job on the way, planned hourly."""
        while (now := datetime.now(UTC)) < BEGIN + hours * HOUR:
            self.clock.move_to(min(now + HOUR, BEGIN + hours * HOUR))
            for name in ("look", "prices", "record", "plan", "alerts"):
                await self.job(name)
            assert (await self.status())["current"] is not None, datetime.now(UTC)

    async def plan(self) -> dict[str, Any]:
        """Plan by the button, a second later; the state of the job."""
        self.clock.shift(SECOND)
        answer = await self.client.post("/api/run_planner")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def status(self) -> dict[str, Any]:
        answer = await self.client.get("/api/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def input(self, name: str) -> dict[str, Any]:
        """What the plan in force says of one of its inputs."""
        (found,) = [each for each in (await self.status())["inputs"] if each["name"] == name]
        return dict(found)

    async def page(self, **headers: str) -> str:
        answer = await self.client.get("/", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def is_told(self, english: str, swedish: str) -> None:
        """The page says it in both languages, above the plan, of its input or price, once each."""
        for said, headers in ((english, {}), (swedish, SWEDISH)):
            page = await self.page(**headers)
            parts = {
                "above": "".join(BANNER.findall(page)),
                "inputs": "".join(INPUTS.findall(page)),
                "prices": "".join(PRICES.findall(page)),
            }
            texts = {name: words_of(part) for name, part in parts.items()}
            found = {name: len(re.findall(said, text)) for name, text in texts.items()}
            assert max(found.values()) == 1, (said, found, texts)
        assert english_in("".join(parts.values())) == []

    async def is_quiet(self, *texts: str) -> None:
        """The page no longer says it."""
        page = words_of(await self.page())
        assert "What the plan knows" in page
        for text in texts:
            assert not re.search(text, page), text


@asynccontextmanager
async def two_days(tmp_path: Path) -> AsyncIterator[Days]:
    """A home that is connected by the environment alone, with whom to tell, and a device."""
    config = tmp_path / "config.yaml"
    config.write_text("demo_home: true\n")
    with (
        time_machine.travel(BEGIN, tick=False) as clock,
        FakeUpstreams() as home,
        FakePriceProviders() as prices,
        AlertReceiver() as receiver,
    ):
        home.sensors |= {SOC: ("63.5", "%"), WATER: ("0.0", "kWh"), POWER: ("180", "W")}
        home.devices = {SOC: "inverter", POWER: "inverter"}
        home.histories[SOC] = [(BEGIN - 24 * HOUR, "63.5")]
        environ = home.environment() | prices.environment("nordpool", "elprisetjustnu")
        environ |= {
            "DARKSTAR_CONFIG": str(config),
            "DARKSTAR_DATA_DIR": str(tmp_path),
            "DARKSTAR_ALERTS__WEBHOOK__URL": receiver.url("/hook"),
        }
        async with running(load_settings(environ=environ).settings) as (app, client):
            await first_outcome(client)
            app.state.services.scheduler.pause()
            yield Days(app, client, home, prices, clock)


@pytest.mark.timeout(600)
async def test_two_days_of_faults_are_planned_through_and_each_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with two_days(tmp_path) as days:
        await _the_demo_ends(days)
        await _a_level_jumps(days)
        await _a_level_stays(days)
        await _the_sensor_freezes(days)
        await _a_price_day_is_corrected(days)
        await _heat_is_asked_for_while_the_heater_runs(days)
        await _the_database_is_away(days, tmp_path)
        await _the_hot_water_is_a_lifetime_counter(days)
        await _a_unit_is_switched(days)
        await _prices_slip_by_a_thousand(days)
        await days.to(48)
        await _every_run_can_be_read(days)
    log = capsys.readouterr().out
    assert "Traceback" not in log
    assert "a bug in Darkstar" not in log


async def _the_demo_ends(days: Days) -> None:
    status = await days.status()
    assert status["demo_ended_by"]
    assert "sample" not in {each["quality"] for each in status["inputs"]}
    await days.is_told("The demo home has ended", "Demohemmet är slut")


async def _a_level_jumps(days: Days) -> None:
    await days.to(1)
    before = (await days.client.get("/api/schedule")).json()["schedule"]
    for text in ("0", "100"):
        days.clock.shift(SECOND)
        days.home.histories[SOC].append((datetime.now(UTC), text))
        days.home.sensors[SOC] = (text, "%")
        assert (await days.plan())["last_outcome"] == "degraded"
        found = await days.input("soc")
        assert (found["quality"], f"{text} % is held back" in found["detail"]) == (
            "estimated",
            True,
        )
        await days.is_told(f"{text} % is held back", f"{text} % hålls tillbaka")
    days.home.histories[SOC].append((datetime.now(UTC), "63.5"))
    days.home.sensors[SOC] = ("63.5", "%")
    assert (await days.plan())["last_outcome"] == "ok"
    after = (await days.client.get("/api/schedule")).json()["schedule"]
    commands = ("charge_kw", "discharge_kw", "export_kw", "water_kw")
    for one, other in zip(before[-90:], after[-90:], strict=True):
        assert [one[each] for each in commands] == [other[each] for each in commands]
    await days.is_quiet("held back")


async def _a_level_stays(days: Days) -> None:
    days.home.said_at[SOC] = datetime.now(UTC)
    for hours in (2.5, 4, 6.5):
        await days.to(hours)
        found = await days.input("soc")
        assert found["quality"] == "live", found
        assert "its device goes on reporting" in found["detail"]


async def _the_sensor_freezes(days: Days) -> None:
    days.home.said_at[POWER] = datetime.now(UTC)
    await days.to(10)
    found = await days.input("soc")
    assert (found["quality"], "sensor is frozen" in found["detail"]) == ("missing", True), found
    await days.is_told("the sensor is frozen", "sensorn har fastnat")
    days.home.said_at.clear()
    days.home.histories[SOC].append((datetime.now(UTC) - 11 * MINUTE, "63.5"))
    await days.plan()
    assert (await days.input("soc"))["quality"] == "live"
    await days.is_quiet("the sensor is frozen")


async def _a_price_day_is_corrected(days: Days) -> None:
    await days.to(14)

    def dearer(day: date, rows: list[Row]) -> list[Row]:
        rest = [replace(each, eur_per_mwh=(each.eur_per_mwh or 0) + 90) for each in rows[72:76]]
        return [*rows[:72], *rest, *rows[76:]] if day == date(2026, 11, 24) else rows

    days.prices.spoil["nordpool"] = dearer
    days.prices.updated_at = datetime.now(UTC)
    await days.to(17)
    assert "2026-11-24 was corrected" in (await days.input("prices"))["detail"]
    await days.is_told("were corrected", "rättades .*; planer")
    days.prices.spoil.clear()


async def _heat_is_asked_for_while_the_heater_runs(days: Days) -> None:
    schedule = (await days.client.get("/api/schedule")).json()["schedule"]
    now = datetime.now(UTC)
    starts = [datetime.fromisoformat(each["slot_start"]) for each in schedule if each["water_kw"]]
    ahead = min(each for each in starts if each > now)
    days.clock.move_to(ahead + 6 * MINUTE)
    days.home.histories[SOC].append((datetime.now(UTC) - 11 * MINUTE, "63.5"))
    await days.job("plan")
    slot = ahead.isoformat(), (ahead + HOUR).isoformat()
    answer = await days.client.post(
        "/api/manual_actions",
        json={"actions": [{"action": "water", "start_at": slot[0], "end_at": slot[1]}]},
    )
    assert answer.status_code < 300, answer.text
    state = await days.plan()
    assert state["last_outcome"] == "ok", state
    await days.is_quiet("too few usable slots")


async def _the_database_is_away(days: Days, tmp_path: Path) -> None:
    file, shelf = tmp_path / "darkstar.db", tmp_path / "shelf"
    file.rename(shelf)
    file.mkdir()
    assert (await days.plan())["last_outcome"] == "failed"
    await days.is_told("Database away", "Databasen är borta")
    file.rmdir()
    shelf.rename(file)
    await days.job("look")
    planned = days.app.state.services.scheduler.get_job("plan").next_run_time
    assert planned - datetime.now(UTC) <= MINUTE, "not in an hour"
    days.clock.move_to(planned)
    await days.job("plan")
    assert (await days.status())["state"] == "ok"
    await days.is_quiet("Database away")


async def _the_hot_water_is_a_lifetime_counter(days: Days) -> None:
    await days.to(30)
    midnight = BEGIN + 23 * HOUR + 55 * MINUTE
    days.home.histories[WATER] = [(midnight - HOUR, "4820.2"), (midnight + 3 * HOUR, "4821.7")]
    days.home.sensors[WATER] = ("4821.7", "kWh")
    await days.plan()
    found = await days.input("water_today")
    assert (found["quality"], "goes on counting" in found["detail"]) == ("live", True), found
    await days.is_told("counter that goes on counting", "räknare som räknar vidare")


async def _a_unit_is_switched(days: Days) -> None:
    days.home.sensors[CONSUMPTION] = ("12350600", "Wh")
    await days.to(33)
    assert (await days.status())["state"] in {"ok", "degraded"}


async def _prices_slip_by_a_thousand(days: Days) -> None:
    def thousandth(day: date, rows: list[Row]) -> list[Row]:
        small = [replace(each, eur_per_mwh=(each.eur_per_mwh or 0) / 1000) for each in rows]
        return small if day == date(2026, 11, 25) else rows

    days.prices.spoil["nordpool"] = thousandth
    await days.to(40)
    found = await days.input("prices")
    assert "2026-11-25 is from elprisetjustnu.se" in found["detail"], found
    await days.is_told("elprisetjustnu.se: Nord Pool", "elprisetjustnu.se: Nord Pool")
    days.prices.broken = {"nordpool": DOWN, "elprisetjustnu": DOWN}


async def _every_run_can_be_read(days: Days) -> None:
    runs = (await days.client.get("/api/runs?limit=10")).json()["runs"]
    assert all(each["replayable"] for each in runs if each["status"] in {"ok", "degraded"})
    for path in ("/api/debug", f"/api/runs/{runs[0]['id']}", "/api/best_time?kwh=1&hours=1"):
        assert (await days.client.get(path)).status_code == 200, path
    answer = await days.client.post(f"/api/runs/{runs[0]['id']}/replay")
    assert (answer.status_code, answer.json()["identical"]) == (200, True), answer.text
