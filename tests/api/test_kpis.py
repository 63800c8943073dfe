"""The key figures of Today: the local day, beside what meters have told of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.api.today.kpi_view import KpiView, kpis
from app.core.frames import SLOT
from app.db.observed import OBSERVED, QUANTITIES
from app.service.day_money import Home
from app.service.schemas import examples
from app.service.schemas.plan import PlanMeta, ScheduleOut, SlotOut
from tests.api.told import status_at

MIDNIGHT = datetime(2026, 11, 22, 23, tzinfo=UTC)
"""Local midnight in Stockholm, where the examples' home is."""
NOTHING = pl.DataFrame(schema=OBSERVED)


def slot(number: int, **more: object) -> SlotOut:
    start = MIDNIGHT + SLOT * number
    times = {"slot_start": start, "slot_end": start + SLOT, "valid_until": start + SLOT}
    idle = dict.fromkeys(("charge_kw", "discharge_kw", "import_kw", "export_kw", "water_kw"), 0.0)
    flows = {**idle, "planned_pv_kwh": 0.0, "planned_load_kwh": 0.0, "planned_cost": 0.0}
    prices = {"import_price_per_kwh": 2.0, "export_price_per_kwh": 1.0}
    return SlotOut.model_validate({**examples.SLOT, **flows, **prices, **times, **more})


def recorded(rows: Mapping[int, Mapping[str, float]], known_as: str = "measured") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "slot_start": MIDNIGHT + SLOT * number,
                **dict.fromkeys(QUANTITIES),
                **values,
                "quality": json.dumps(dict.fromkeys(values, known_as)),
                "recorded_at": MIDNIGHT,
            }
            for number, values in rows.items()
        ],
        schema=OBSERVED,
    )


def figures(
    slots: Sequence[SlotOut],
    measured: pl.DataFrame = NOTHING,
    *,
    at: int = 10,
    efficiency_percent: float = 100,
    **made: float,
) -> dict[str, KpiView]:
    now = MIDNIGHT + SLOT * at + timedelta(minutes=1)
    meta = PlanMeta.model_validate({**examples.META, **made})
    plan = ScheduleOut(meta=meta, schedule=list(slots))
    current = next((s for s in slots if s.slot_start <= now < s.slot_end), None)
    status = status_at(now, current=current)
    home = Home(can_curtail_pv=True, roundtrip_efficiency_percent=efficiency_percent)
    return {each.label: each for each in kpis(plan, status, measured, home)}


DAY = [slot(n, planned_load_kwh=1.0, import_kw=4.0, planned_cost=2.0) for n in range(96)]


def test_the_money_is_that_of_the_local_day_not_of_the_horizon() -> None:
    tomorrow = [slot(n, planned_load_kwh=1.0, planned_cost=100.0) for n in range(96, 120)]
    shown = figures([*DAY, *tomorrow])
    assert shown["Cost today"].value == "192.00 SEK"
    assert shown["Cost today"].note == "planned, wear included"
    assert shown["Saves today"].value == "0.00 SEK"
    assert shown["Saves today"].note == "against an idle battery"


def test_a_day_that_is_planned_only_in_part_says_from_when() -> None:
    assert figures(DAY[8:])["Cost today"].note == "planned from 02:00, wear included"


def test_energy_left_in_the_battery_counts_at_its_worth_and_is_said() -> None:
    """ "Saves 21.06" forgot 3.5 kWh that were missing at midnight."""
    filled = [
        *DAY[:95],
        slot(95, planned_load_kwh=1.0, charge_kw=8.0, planned_cost=6.0, marginal_value_per_kwh=1.5),
    ]
    shown = figures(filled, efficiency_percent=81)["Saves today"]
    # 2 kWh are bought at 2 SEK; nine tenths of them stay in the cells, worth 1.50 each.
    assert shown.value == "\u22121.30 SEK"
    assert shown.note == ("against an idle battery; 1.8 kWh more in it at midnight count at 1.50")
    emptied = [
        *DAY[:95],
        slot(
            95, planned_load_kwh=1.0, discharge_kw=3.6, planned_cost=0.2, marginal_value_per_kwh=1.2
        ),
    ]
    shown = figures(emptied, efficiency_percent=81)["Saves today"]
    assert shown.value == "0.60 SEK"
    assert shown.note == "against an idle battery; 1.0 kWh less in it at midnight count at 1.20"


def test_what_the_meter_counted_stands_beside_the_plan_for_the_same_quarters() -> None:
    measured = recorded(
        {
            3: {"import_kwh": 1.5, "export_kwh": 0.0},
            4: {"import_kwh": 0.0, "export_kwh": 0.5},
            # Half known is unknown: what was sold in it cannot be told.
            5: {"import_kwh": 9.0},
        }
    )
    note = figures(DAY, measured)["Cost today"].note
    assert note == "2.50 SEK by the meter so far, planned 4.00"


def test_sun_and_water_show_the_day_and_what_was_measured_of_it() -> None:
    day = [slot(n, planned_pv_kwh=0.5, water_kw=2.0 if n in {3, 50} else 0.0) for n in range(96)]
    shown = figures(day, recorded({3: {"pv_kwh": 0.75, "water_kwh": 0.4}, 4: {"pv_kwh": 0.5}}))
    assert shown["Sun today"].value == "48.0 kWh"
    assert shown["Sun today"].note == "1.2 kWh measured so far, planned 1.0"
    assert shown["Hot water today"].value == "1.0 kWh"
    assert shown["Hot water today"].note == "0.4 kWh measured so far, planned 0.5"


@pytest.mark.parametrize("measured", [NOTHING, recorded({3: {"pv_kwh": 9.0}}, "estimated")])
def test_an_estimate_is_no_measurement(measured: pl.DataFrame) -> None:
    day = [slot(n, planned_pv_kwh=0.5) for n in range(96)]
    # The quarter in progress is still to come.
    assert figures(day, measured, at=90)["Sun today"].note == "3.0 kWh still to come"


def test_without_a_plan_for_this_instant_there_are_no_figures() -> None:
    assert figures(DAY[:5]) == {}


@pytest.mark.parametrize(
    ("cost", "percent", "value", "note"),
    [
        (10.0, 100.0, "100 %", "nothing left to gain"),
        (10.004, 98.7, "99 %", "less than 0.01 SEK from the best"),
        (10.5, 80.0, "80 %", "0.50 SEK from the best"),
        (10.5, -81.0, "below 0 %", "0.50 SEK from the best"),
        (10.02, None, "-", "next to nothing to gain, 0.02 SEK from the best"),
    ],
)
def test_the_optimality_says_what_is_missed(
    cost: float, percent: float | None, value: str, note: str
) -> None:
    made = {"cost": cost, "cost_best": 10.0, "optimality_percent": percent}
    shown = figures(DAY, **made)["Optimality"]
    assert (shown.value, shown.note) == (value, note)
