"""The compact answer: what counts now, what comes next, and nothing at all when it is stale."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.frames import SLOT
from app.service.day_money import Home
from app.service.now import now_of
from app.service.schemas import examples
from app.service.schemas.plan import PlanMeta, ScheduleOut, SlotOut
from tests.api.test_service import first_outcome, offline, running
from tests.api.told import status_at

MIDNIGHT = datetime(2026, 11, 22, 23, tzinfo=UTC)
"""Local midnight in Stockholm, where the examples' home is."""
NOW = MIDNIGHT + timedelta(hours=3, minutes=16)


def slot(number: int, action: str = "hold", **more: object) -> SlotOut:
    start = MIDNIGHT + SLOT * number
    times = {"slot_start": start, "slot_end": start + SLOT, "valid_until": start + SLOT}
    powers = {"charge_kw": 0.0, "import_kw": 0.0, "planned_cost": 0.0}
    return SlotOut.model_validate(
        {**examples.SLOT, **powers, **times, "classification": action, **more}
    )


def answer(
    slots: Sequence[SlotOut], *, at: datetime = NOW, can_curtail: bool = True
) -> dict[str, object]:
    plan = (
        ScheduleOut(meta=PlanMeta.model_validate(examples.META), schedule=list(slots))
        if slots
        else None
    )
    status = status_at(at, plan_age_seconds=27.0 if plan else None)
    return now_of(plan, status, Home(can_curtail_pv=can_curtail)).model_dump()


def test_the_slot_in_progress_is_told_with_the_change_that_follows() -> None:
    slots = [slot(n) for n in range(13)]
    slots += [slot(13, "charge", charge_kw=5.0, soc_target=90.0), slot(14, "charge")]
    slots += [slot(15, "charge", water_kw=3.0), slot(16, "discharge")]
    told = answer(slots)
    assert (told["action"], told["charge_kw"], told["soc_target"]) == ("charge", 5.0, 90.0)
    assert (told["plan_valid"], told["valid_until"]) == (True, MIDNIGHT + SLOT * 14)
    # The heater starting is a change too.
    assert told["next_change_at"] == MIDNIGHT + SLOT * 15
    assert (told["next_action"], told["next_water_on"]) == ("charge", True)


@pytest.mark.parametrize(
    "slots",
    [
        [],
        [slot(n) for n in range(13)],
        [slot(13, "charge", charge_kw=5.0, valid_until=NOW)],
        [slot(13, "export", export_kw=5.0, valid_until=NOW - timedelta(hours=1))],
    ],
    ids=["no plan", "the plan has ended", "just expired", "long expired"],
)
def test_without_a_valid_row_the_action_is_safe(slots: list[SlotOut]) -> None:
    told = answer(slots)
    assert (told["action"], told["plan_valid"], told["valid_until"]) == ("safe", False, None)
    assert told["reason"] == "no_valid_plan"
    assert str(told["reason_text"]).endswith("(for a reason)")
    assert [told[f"{name}_kw"] for name in ("charge", "discharge", "export", "water")] == [0.0] * 4
    assert (told["soc_target"], told["water_on"], told["next_change_at"]) == (None, False, None)


def test_where_the_plan_ends_safe_comes_next() -> None:
    told = answer([slot(13), slot(14)])
    assert (told["next_change_at"], told["next_action"]) == (MIDNIGHT + SLOT * 15, "safe")
    gap = answer([slot(13), slot(15, "charge")])
    assert (gap["next_change_at"], gap["next_action"]) == (MIDNIGHT + SLOT * 14, "safe")


def test_todays_money_is_that_of_the_local_day() -> None:
    flows = {"planned_load_kwh": 1.0, "planned_pv_kwh": 0.0, "water_kw": 4.0}
    prices = {"import_price_per_kwh": 2.0, "export_price_per_kwh": 0.5}
    yesterday = slot(-1, planned_cost=50.0, **flows, **prices)
    tomorrow = slot(96, planned_cost=70.0, **flows, **prices)
    served = slot(13, "discharge", planned_cost=1.5, **flows, **prices)
    told = answer([yesterday, served, tomorrow])
    # Idle: 1 kWh of load and 1 kWh of hot water from the grid at 2.00.
    assert (told["cost_today"], told["saving_today"]) == (1.5, 4.0 - 1.5)
    assert told["day_start"] == MIDNIGHT


def test_sun_that_costs_money_to_sell_is_thrown_away_where_the_inverter_can() -> None:
    sunny = slot(
        13, planned_load_kwh=0.0, planned_pv_kwh=1.0, export_price_per_kwh=-0.4, planned_cost=0.0
    )
    assert answer([sunny])["saving_today"] == 0.0
    assert answer([sunny], can_curtail=False)["saving_today"] == pytest.approx(0.4)


async def test_the_running_service_answers_before_and_after_its_first_plan(
    tmp_path: Path,
) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        early = await client.get("/api/now")
        assert early.status_code == 200
        await first_outcome(client)
        told = (await client.get("/api/now")).json()
        current = (await client.get("/api/status")).json()["current"]
        assert told["plan_valid"] is True
        assert told["action"] == current["classification"]
        assert told["reason_text"] == current["reason_text"]
        assert told["next_change_at"] > told["now"]


async def test_a_home_without_prices_is_told_to_be_safe(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        await first_outcome(client)
        told = (await client.get("/api/now")).json()
        assert (told["action"], told["plan_valid"], told["state"]) == ("safe", False, "none")
