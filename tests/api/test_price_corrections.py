"""Corrected, doubted and slipped price days through the running service: told, asked, put right."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select

from app.commands.prices import refresh_prices
from app.db.connection.engine import session_scope
from app.db.tables.models import SupersededPrice
from app.ingest.prices.day import next_day
from app.service.services import Services
from app.wording import i18n
from app.wording.told import told
from tests.api.test_price_sources import (
    AFTERNOON,
    DOWN,
    TODAY,
    TOMORROW,
    Home,
    home,
    per_kwh,
    price_input,
    service,
    stored,
    watch,
)
from tests.fakes.price_replies import Row
from tests.ingest.test_own_prices import text_of

__all__ = ["home"]
LATER = timedelta(hours=2)


def dearer(by: float, day: date = TOMORROW) -> object:
    """Another price from 18 to 19 o'clock, as after a correction of the market's."""

    def change(asked: date, rows: list[Row]) -> list[Row]:
        if asked != day:
            return rows
        return [
            replace(row, eur_per_mwh=(row.eur_per_mwh or 0) + by) if 72 <= at < 76 else row
            for at, row in enumerate(rows)
        ]

    return change


def times(factor: float, day: date = TOMORROW) -> object:
    def change(asked: date, rows: list[Row]) -> list[Row]:
        if asked != day:
            return rows
        return [replace(row, eur_per_mwh=(row.eur_per_mwh or 0) * factor) for row in rows]

    return change


def zero(first: int, count: int, day: date) -> object:
    def change(asked: date, rows: list[Row]) -> list[Row]:
        if asked != day:
            return rows
        return [
            replace(row, eur_per_mwh=0.0) if first <= at < first + count else row
            for at, row in enumerate(rows)
        ]

    return change


async def test_a_corrected_day_is_taken_planned_told_and_the_old_one_kept(home: Home) -> None:
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            old = (await stored(app, TOMORROW))["spot_price_per_kwh"].to_list()
            asked = len(home.sources.requests)
            home.sources.spoil["nordpool"] = dearer(200)
            home.sources.updated_at = AFTERNOON + timedelta(minutes=5)
            clock.shift(timedelta(minutes=30))
            await watch(app)
            assert len(home.sources.requests) == asked, "corrections are rare: not every minute"
            clock.shift(LATER)
            await watch(app)
            new = (await stored(app, TOMORROW))["spot_price_per_kwh"].to_list()
            assert [at for at, pair in enumerate(zip(old, new, strict=True)) if len({*pair}) > 1]
            assert new[72] == pytest.approx(old[72] + 0.2 * 11.05, abs=1e-4)
            plan = (await client.get("/api/schedule")).json()
            assert plan["meta"]["trigger"] == "prices"
            assert (
                f"{TOMORROW} was corrected at 17:35 on {TODAY}"
                in ((await price_input(client))["detail"])
            )
            assert (await price_input(client))["quality"] == "live"
            shown = (await client.get("/api/prices")).json()
            assert shown["corrections"] == [
                {
                    "delivery_day": str(TOMORROW),
                    "corrected_at": "2026-11-23T16:35:00Z",
                    "source_before": "Nord Pool",
                }
            ]
            async with session_scope(app.state.services.job.sources.sessions) as session:
                kept = (await session.scalars(select(SupersededPrice))).all()
                assert [row.spot_price_per_kwh for row in kept] == old
            clock.shift(LATER)
            runs = (await client.get("/api/runs")).json()
            await watch(app)
            assert (await client.get("/api/runs")).json() == runs, "once"


async def test_an_answer_older_than_what_is_stored_is_no_correction(home: Home) -> None:
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, _):
            app.state.services.scheduler.pause()
            old = await stored(app, TOMORROW)
            home.sources.spoil["nordpool"] = dearer(200)
            home.sources.updated_at = AFTERNOON - timedelta(days=2)
            clock.shift(LATER)
            await watch(app)
            assert (await stored(app, TOMORROW)).equals(old)


async def test_a_preliminary_day_gives_way_to_the_final_one(home: Home) -> None:
    home.sources.state = "Preliminary"
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            assert (await price_input(client))["source"] == "elprisetjustnu.se"
            home.sources.state = "Final"
            clock.shift(timedelta(minutes=14))
            await watch(app)
            assert (await price_input(client))["source"] == "Nord Pool"
            frame = await stored(app, TOMORROW)
            assert frame["spot_price_per_kwh"].to_list() == pytest.approx(
                per_kwh(TOMORROW, "nordpool"), abs=1e-5
            )


def with_first(price: float) -> str:
    """Tomorrow's file with another price in its first quarter."""
    head, first, *rest = text_of(TOMORROW).splitlines()
    return "\n".join([head, f"{first.split(',')[0]},{price}", *rest])


async def test_a_file_of_ones_own_counts_as_soon_as_it_changes(home: Home, tmp_path: Path) -> None:
    home.order("file", "nordpool")
    path = tmp_path / "prices" / f"SE4-{TOMORROW}.csv"
    path.parent.mkdir()
    with time_machine.travel(AFTERNOON, tick=False) as clock:

        async def a_minute_later(app: FastAPI, content: str | None = None) -> float:
            if content is not None:
                path.write_text(content)
            clock.shift(timedelta(minutes=1))
            await watch(app)
            return float((await stored(app, TOMORROW))["spot_price_per_kwh"][0])

        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            assert (await price_input(client))["source"] == "Nord Pool"
            assert await a_minute_later(app, with_first(3.5)) == 3.5
            assert (await price_input(client))["source"] == "Nord Pool; your file"
            assert await a_minute_later(app, "start,cost\n") == 3.5, "a broken file takes nothing"
            await client.post("/api/run_planner")
            assert "the first line lacks price_per_kwh" in (await price_input(client))["detail"]
            assert await a_minute_later(app, with_first(7.5)) == 7.5
            requests = len(home.sources.requests)
            assert await a_minute_later(app) == 7.5
            assert len(home.sources.requests) == requests
        path.write_text(with_first(8.5))
        async with service(home) as (app, _):
            assert (await stored(app, TOMORROW))["spot_price_per_kwh"][0] == 8.5, "also meanwhile"


async def test_prices_a_thousand_times_too_small_give_way_to_the_second_providers(
    home: Home,
) -> None:
    home.sources.spoil["nordpool"] = times(0.001)
    with time_machine.travel(AFTERNOON, tick=False):
        async with service(home) as (app, client):
            frame = await stored(app, TOMORROW)
            assert set(frame["provider"]) == {"elprisetjustnu.se"}
            found = await price_input(client)
            assert found["quality"] == "live"
            assert (
                f"{TOMORROW} is from elprisetjustnu.se: Nord Pool can hardly be believed beside "
                "elprisetjustnu.se: nearly every price is below 0.0115"
            ) in found["detail"]


async def test_a_slip_of_unit_that_nobody_can_check_is_told_and_asked_again(home: Home) -> None:
    home.order("nordpool")
    home.sources.spoil["nordpool"] = times(0.001)
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            found = await price_input(client)
            assert found["quality"] == "estimated"
            doubt = f"{TOMORROW}: Nord Pool can hardly be believed: nearly every price is below"
            assert doubt in found["detail"]
            home.sources.spoil.clear()
            clock.shift(timedelta(minutes=31))
            await watch(app)
            found = await price_input(client)
            assert found["quality"] == "live"
            assert "believed" not in found["detail"]


async def test_a_day_far_from_its_neighbours_is_believed_when_two_say_it(home: Home) -> None:
    """A night of storm: 1/30 of the days before, at both providers."""
    days = [TODAY - timedelta(days=back) for back in range(4, 0, -1)]
    with time_machine.travel(AFTERNOON - timedelta(days=4), tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            for _ in days:
                clock.shift(timedelta(days=1))
                await watch(app)
            assert not (await stored(app, TODAY)).is_empty()
        for name in ("nordpool", "elprisetjustnu"):
            home.sources.spoil[name] = times(1 / 30, next_day(TOMORROW))
        clock.shift(timedelta(days=1))
        async with service(home) as (app, client):
            frame = await stored(app, next_day(TOMORROW))
            assert set(frame["provider"]) == {"Nord Pool"}
            assert home.sources.asked("elprisetjustnu", next_day(TOMORROW)) == 1
            found = await price_input(client)
            assert (found["quality"], found["detail"]) == ("live", "")


@pytest.mark.parametrize(("first", "count"), [(8, 4), (12, 4), (20, 48)])
async def test_zeros_in_an_autumn_night_are_held_against_another_provider(
    home: Home, first: int, count: int
) -> None:
    autumn = date(2026, 10, 25)
    home.sources.spoil["nordpool"] = zero(first, count, autumn)
    with time_machine.travel(datetime(2026, 10, 24, 14, tzinfo=UTC), tick=False):
        async with service(home) as (app, client):
            assert set((await stored(app, autumn))["provider"]) == {"elprisetjustnu.se"}
            detail = (await price_input(client))["detail"]
            assert "Nord Pool can hardly be believed beside elprisetjustnu.se: " in detail
            assert "exactly 0.00" in detail


async def test_a_person_is_not_kept_waiting_by_five_failures(home: Home) -> None:
    home.order("nordpool")
    home.sources.broken["nordpool"] = DOWN
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            for _ in range(6):
                await watch(app)
            asked = home.sources.asked("nordpool")
            await watch(app)
            assert home.sources.asked("nordpool") == asked, "it rests"
            job = (await client.post("/api/run_planner")).json()
            assert home.sources.asked("nordpool") > asked, "a wish asks at once"
            assert (
                "Nord Pool is asked again at 15:20, by Darkstar's choice after 5 failures in a row"
            ) in job["last_error"]
            home.sources.broken.clear()
            job = (await client.post("/api/run_planner")).json()
            assert job["last_outcome"] == "ok"
            home.sources.broken["nordpool"] = (429, b"", {"Retry-After": "1800"})
            clock.shift(timedelta(days=2))
            job = (await client.post("/api/run_planner")).json()
            asked = home.sources.asked("nordpool")
            job = (await client.post("/api/run_planner")).json()
            assert home.sources.asked("nordpool") == asked
            assert "Nord Pool is asked again at 15:35, by its own wish" in job["last_error"]


async def test_prices_are_asked_for_again_at_a_wish_and_planned_where_they_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            asked = home.sources.asked("nordpool")
            same = (await client.post("/api/prices/refresh")).json()
            assert home.sources.asked("nordpool") == asked + 2
            outcomes = [(each["outcome"], each["source"]) for each in same["days"]]
            assert outcomes == [("unchanged", "Nord Pool")] * 2
            assert not same["plans"]
            wished: list[str] = []
            monkeypatch.setattr(Services, "replan_soon", lambda _, trigger: wished.append(trigger))
            home.sources.spoil["nordpool"] = dearer(100)
            clock.shift(timedelta(minutes=1))
            changed = (await client.post("/api/prices/refresh")).json()
            assert [each["outcome"] for each in changed["days"]] == ["unchanged", "corrected"]
            assert changed["plans"]
            assert wished == ["prices"]
            page = await client.post("/ui/prices/refresh", headers={"HX-Request": "true"})
            assert "The prices are as they were." in page.text
            shown = (await client.get("/ui/prices")).text
            assert "The prices of Tuesday 24 November were corrected" in shown
            home.sources.broken["nordpool"] = DOWN
            page = await client.post("/ui/prices/refresh", headers={"HX-Request": "true"})
            assert "Nord Pool failed (HTTP 500)." in page.text
            swedish = {"HX-Request": "true", "Accept-Language": "sv"}
            page = await client.post("/ui/prices/refresh", headers=swedish)
            assert "Priserna är som de var." in page.text
            plain = await client.post("/ui/prices/refresh", headers={"Accept": "text/html"})
            assert plain.status_code == 303


async def test_what_the_command_stores_the_running_service_plans_by(home: Home) -> None:
    with time_machine.travel(AFTERNOON, tick=False) as clock:
        async with service(home) as (app, client):
            app.state.services.scheduler.pause()
            await watch(app)
            settings = app.state.services.job.settings
            clock.shift(timedelta(minutes=1))
            lines = await refresh_prices(settings)
            assert lines == [
                f"{TODAY}: unchanged, from Nord Pool",
                f"{TOMORROW}: unchanged, from Nord Pool",
            ]
            home.sources.spoil["nordpool"] = dearer(100)
            lines = await refresh_prices(settings)
            assert lines[1] == f"{TOMORROW}: corrected, from Nord Pool"
            before = (await client.get("/api/schedule")).json()["meta"]["planned_at"]
            await watch(app)
            plan = (await client.get("/api/schedule")).json()["meta"]
            assert plan["planned_at"] > before
            runs = (await client.get("/api/runs")).json()
            await watch(app)
            assert (await client.get("/api/runs")).json() == runs, "once"


TOLD = {
    "2026-11-24 is from Tibber: Nord Pool can hardly be believed beside Tibber: 8 quarters in a "
    "row cost exactly 0.00 and 16 quarters in a row cost the same 0.5000": (
        "2026-11-24 kommer från Tibber: Nord Pool kan knappast vara sant bredvid Tibber: 8 kvartar "
        "i rad kostar exakt 0,00 och 16 kvartar i rad kostar samma 0,5000"
    ),
    "2026-11-24: Nord Pool can hardly be believed: the prices are 30 times lower than on the days "
    "before": (
        "2026-11-24: Nord Pool kan knappast vara sant: priserna är 30 gånger lägre än dagarna före"
    ),
    "Nord Pool is asked again at 15:20, by its own wish": (
        "Nord Pool frågas igen kl. 15:20, på egen begäran"
    ),
}


@pytest.mark.parametrize("english", TOLD, ids=["outvoted", "doubted", "waits"])
def test_doubts_and_waits_are_told_in_swedish(english: str) -> None:
    with i18n.speaking("sv"):
        assert told(english) == TOLD[english]
