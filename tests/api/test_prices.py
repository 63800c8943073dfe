"""Prices with their parts, over REST and on the page: every price is explained as a sum."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.api.prices.view import price_view
from app.core.clock import day_slots, local_day
from app.ingest.demo import SOURCE
from app.service.schemas.prices import EXAMPLE, PricesOut
from app.settings import Settings
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, offline, running
from tests.fakes import FakeUpstreams

NOW = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)


def with_tariff(tmp_path: Path, tariff: dict[str, Any], *, area: str = "SE3") -> Settings:
    plain = offline(tmp_path, demo=True)
    return Settings.model_validate(
        {
            **plain.model_dump(exclude={"tariff", "pricing"}),
            "nordpool": {**plain.nordpool.model_dump(), "price_area": area},
            "tariff": tariff,
        }
    )


def adds_up(slot: dict[str, Any]) -> None:
    for side in ("import", "export"):
        summed = sum(slot[f"{side}_parts"].values())
        assert abs(summed - slot[f"{side}_price_per_kwh"]) <= 1e-12


def test_the_example_adds_up_and_fits_its_schema() -> None:
    PricesOut.model_validate(EXAMPLE)
    adds_up(EXAMPLE["slots"][0])


async def test_the_plan_is_made_with_the_prices_that_are_explained(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=True):
        async with running(offline(tmp_path, demo=True)) as (_, client):
            await first_outcome(client)
            found = (await client.get("/api/prices")).json()
            plan = (await client.get("/api/schedule")).json()["schedule"]
            document = (await client.get("/openapi.json")).json()
    assert document["components"]["schemas"]["PricesOut"]["examples"] == [EXAMPLE]
    assert set(found) == set(EXAMPLE)
    assert set(found["slots"][0]) == set(EXAMPLE["slots"][0])
    assert (found["tariff"], found["billed_by"], found["problems"]) == ("pricing", "quarter", [])
    assert found["is_sample"]
    assert {slot["source"] for slot in found["slots"]} == {SOURCE}
    today = day_slots(local_day(NOW, Settings().zone), Settings().zone)
    assert datetime.fromisoformat(found["slots"][0]["slot_start"]) == today[0]
    explained = {slot["slot_start"]: slot for slot in found["slots"]}
    for slot in found["slots"]:
        adds_up(slot)
        assert not slot["estimated"]
    for planned in plan:
        slot = explained[planned["slot_start"]]
        for name in ("import_price_per_kwh", "export_price_per_kwh"):
            assert slot[name] == planned[name]


async def test_published_prices_name_their_publisher_and_an_hourly_contract_is_flat_within_it(
    tmp_path: Path,
) -> None:
    environ = {
        "DARKSTAR_DATA_DIR": str(tmp_path),
        "DARKSTAR_DEMO_HOME": "false",
        "DARKSTAR_PRICING__BILLED_BY": "hour",
    }
    half_past = NOW + timedelta(minutes=30)
    with FakeUpstreams() as fakes, time_machine.travel(half_past, tick=True):
        settings = load_settings(environ=environ | fakes.environment()).settings
        async with running(settings) as (_, client):
            await first_outcome(client)
            found = (await client.get("/api/prices")).json()
            plan = (await client.get("/api/schedule")).json()["schedule"]
    assert not found["is_sample"]
    assert {slot["source"] for slot in found["slots"]} == {"Nord Pool"}
    hours: dict[str, set[float]] = {}
    for slot in found["slots"]:
        hours.setdefault(slot["slot_start"][:13], set()).add(slot["import_price_per_kwh"])
    assert {len(prices) for prices in hours.values()} == {1}
    assert len(set.union(*hours.values())) > 1
    # The hour in progress began before the plan's first slot: its mean is of the whole hour.
    assert plan[0]["slot_start"].startswith("2026-11-26T14:30")
    explained = {slot["slot_start"]: slot["import_price_per_kwh"] for slot in found["slots"]}
    planned = {slot["slot_start"]: slot["import_price_per_kwh"] for slot in plan}
    assert {start: explained[start] for start in planned} == pytest.approx(planned, abs=1e-12)


async def test_a_pack_says_what_is_left_to_enter_and_the_page_shows_it(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=True):
        async with running(with_tariff(tmp_path, {"pack": "SE3"})) as (_, client):
            status = await first_outcome(client)
            found = (await client.get("/api/prices")).json()
            page = (await client.get("/")).text
            fragment = (await client.get("/ui/prices")).text
    inputs = {each["name"]: each for each in status["inputs"]}  # type: ignore[attr-defined]
    assert inputs["tariff"]["quality"] == "estimated"
    assert "grid_transfer" in inputs["tariff"]["detail"]
    assert any("tariff is estimated" in str(each) for each in status["warnings"])  # type: ignore[attr-defined]
    assert [problem.split(" ")[0] for problem in found["problems"]] == [
        "spot_markup",
        "grid_transfer",
    ]
    slot = found["slots"][0]
    assert slot["estimated"]
    assert slot["import_parts"]["energy_tax"] == 0.36
    assert slot["import_parts"]["grid_transfer"] == 0
    assert "What the price is made of" in page
    assert "enter tariff.grid_transfer" in fragment
    assert "<small>est.</small>" in fragment
    assert "<script" not in fragment
    assert "style=" not in fragment


async def test_a_whole_tariff_leaves_nothing_estimated(tmp_path: Path) -> None:
    tariff = {"pack": "SE3", "grid_transfer": 0.25, "spot_markup": 0.05}
    with time_machine.travel(NOW, tick=True):
        async with running(with_tariff(tmp_path, tariff)) as (_, client):
            status = await first_outcome(client)
            found = (await client.get("/api/prices")).json()
    assert status["state"] == "ok"
    assert found["tariff"] == "own tariff, pack SE3"
    assert not any(slot["estimated"] for slot in found["slots"])


@pytest.mark.parametrize("zone_day", ["2026-10-24T22:00:00", "2026-03-28T23:00:00"])
def test_the_page_has_a_row_for_every_hour_on_both_clock_changes(zone_day: str) -> None:
    start = datetime.fromisoformat(zone_day).replace(tzinfo=UTC)
    slots = day_slots(local_day(start, Settings().zone), Settings().zone)
    prices = PricesOut.model_validate(
        {
            **EXAMPLE,
            "slots": [
                {
                    **EXAMPLE["slots"][0],
                    "slot_start": slot,
                    "slot_end": slot + timedelta(minutes=15),
                }
                for slot in slots
            ],
        }
    )
    view = price_view(prices, start)
    assert len(view.hours) == len(slots) // 4
    assert [hour.is_now for hour in view.hours] == [True] + [False] * (len(slots) // 4 - 1)
    assert len({hour.time for hour in view.hours}) == len(view.hours)
    assert [value for _, value in view.hours[0].cells] == [
        "0.92", "0.57", "0.36", "0.46", "2.31", "0.97",
    ]  # fmt: skip
    assert [sums.total for sums in view.now] == ["2.312", "0.970"]


def test_no_price_for_now_is_said() -> None:
    prices = PricesOut.model_validate({**EXAMPLE, "slots": []})
    assert "No price is known for now" in price_view(prices, NOW).empty


async def test_without_a_database_the_page_says_so_and_the_api_answers_503(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (_, client):
        await first_outcome(client)
        answer = await client.get("/api/prices")
        page = (await client.get("/")).text
    assert answer.status_code == 503
    assert answer.json()["code"] == "database_unavailable"
    assert "Prices show here once the database answers" in page
    assert "hunter2" not in answer.text
