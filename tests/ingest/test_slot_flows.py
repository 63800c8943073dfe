"""What sensors recorded becomes energy per slot, and every doubt a word."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.core.frames import SLOT
from app.ingest.home import meters, slot_flows
from app.ingest.home.consumption import POINTS
from app.ingest.home.meters import Meter, MeterUnitError, Record
from app.ingest.home.slot_flows import Part
from app.settings import HomeAssistant

T0 = datetime(2026, 2, 3, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOST = 9.0


def points(*rows: tuple[float, float | None]) -> pl.DataFrame:
    """States by minutes since ten."""
    return pl.DataFrame([(T0 + m * MINUTE, v) for m, v in rows], schema=POINTS, orient="row")


def every_minute(
    start: int, end: int, kw: float, *, base: float = 0.0
) -> list[tuple[float, float | None]]:
    return [(m, round(base + (m - start) * kw / 60, 4)) for m in range(start, end + 1)]


def said(flow: pl.DataFrame) -> dict[int, tuple[float | None, str]]:
    """Value and quality by the number of the slot."""
    return {
        round((slot - T0) / SLOT): (None if value is None else round(value, 4), quality)
        for slot, value, quality in flow.iter_rows()
    }


def counted(*rows: tuple[float, float | None], unit: str = "kWh") -> dict[int, object]:
    return dict(said(slot_flows.counted(points(*rows), unit=unit, most_kwh=MOST)))


def powered(
    *rows: tuple[float, float | None], unit: str = "W", part: Part = Part.WHOLE, until: int = 60
) -> dict[int, object]:
    flow = slot_flows.powered(
        points(*rows), unit=unit, part=part, until=T0 + until * MINUTE, most_kwh=MOST
    )
    return dict(said(flow))


def test_a_counter_is_cut_at_the_slots_and_adds_up() -> None:
    found = counted((-7, 100.0), (8, 101.5), (23, 102.0), (30, 102.7))
    assert found[0] == (pytest.approx(0.8 + 7 * 0.5 / 15, abs=1e-4), "measured")
    assert found[1] == (pytest.approx(8 * 0.5 / 15 + 0.7, abs=1e-4), "measured")
    assert found[-1] == (None, "gap"), "seven of fifteen minutes are not enough"


@pytest.mark.parametrize(("unit", "factor"), [("Wh", 1000), ("kWh", 1), ("MWh", 0.001)])
def test_a_counters_unit_is_read(unit: str, factor: float) -> None:
    found = slot_flows.counted(points((0, 0.0), (15, 0.5 * factor)), unit=unit, most_kwh=MOST)
    assert found["value"][0] == pytest.approx(0.5)


def test_a_reset_is_followed_and_said() -> None:
    found = counted((0, 7.0), (15, 7.5), (20, 0.1), (30, 0.2))
    assert found == {0: (0.5, "measured"), 1: (0.2, "reset")}


def test_a_counter_that_stood_still_rises_where_it_spoke_again() -> None:
    rows = [*every_minute(0, 15, 1.2), *every_minute(75, 90, 1.2, base=0.32)]
    found = counted(*rows)
    assert [found[i] for i in range(5)] == [
        (0.3, "measured"),
        (0.0, "measured"),
        (0.0, "measured"),
        (0.0, "measured"),
        (0.02, "measured"),
    ]


def test_a_rise_over_an_absence_is_spread_and_estimated() -> None:
    rows = [*every_minute(0, 15, 1.2), (60, None), *every_minute(75, 90, 1.2, base=1.5)]
    found = counted(*rows)
    assert [found[i] for i in range(1, 5)] == [(0.3, "estimated")] * 4
    assert found[0] == (0.3, "measured")


def test_a_coarse_counter_that_waits_for_its_next_digit_is_spread() -> None:
    found = counted((0, 500.0), (60, 501.0), (120, 502.0), (180, 503.0))
    assert set(found.values()) == {(0.25, "measured")}
    assert len(found) == 12


def test_more_than_the_fuse_carries_is_a_gap() -> None:
    found = counted((0, 500.0), (15, 500.5), (30, 560.0), (45, 560.5))
    assert 1 not in found
    assert found[2] == (0.5, "measured")


@pytest.mark.parametrize(("unit", "one_kw"), [("W", 1000), ("kW", 1), ("MW", 0.001)])
def test_a_power_holds_until_the_next_reading(unit: str, one_kw: float) -> None:
    rows = [(m, (1 if m < 20 else 2) * one_kw) for m in range(0, 60, 5)]
    found = powered(*rows, unit=unit)
    assert [found[i] for i in range(4)] == [
        (0.25, "measured"),
        (pytest.approx((5 + 2 * 10) / 60, abs=1e-4), "measured"),
        (0.5, "measured"),
        (0.5, "measured"),
    ]


def test_a_signed_power_is_two_quantities() -> None:
    rows = [(m, 2000.0 if m < 15 else -1000.0) for m in range(30)]
    assert powered(*rows, part=Part.POSITIVE, until=30) == {
        0: (0.5, "measured"),
        1: (0.0, "measured"),
    }
    assert powered(*rows, part=Part.NEGATIVE, until=30) == {
        0: (0.0, "measured"),
        1: (0.25, "measured"),
    }


def test_a_power_the_wrong_way_round_is_bounded_a_few_watts_are_not() -> None:
    assert powered(*[(m, -800.0) for m in range(15)], until=15) == {0: (0.0, "bounded")}
    assert powered(*[(m, -4.0) for m in range(15)], until=15) == {0: (0.0, "measured")}


def test_unavailable_is_a_gap_and_a_silent_roof_at_night_is_not() -> None:
    rows = [*[(m, 500.0) for m in range(15)], (15, None), *[(m, 500.0) for m in range(45, 60)]]
    found = powered(*rows)
    assert found == {0: (0.125, "measured"), 3: (0.125, "measured")}
    assert powered(*[(m, 0.0) for m in range(3)], until=600)[39] == (0.0, "measured")


def test_a_talkative_power_that_falls_silent_is_a_gap() -> None:
    rows = [*[(m, 500.0) for m in range(15)], *[(m, 500.0) for m in range(45, 60)]]
    found = powered(*rows)
    assert set(found) == {0, 3}


def test_a_slot_with_a_small_hole_is_scaled_and_estimated() -> None:
    rows = [*[(m, 600.0) for m in range(14)], (14, None)]
    assert powered(*rows, until=15) == {0: (0.15, "estimated")}


def soc(*rows: tuple[float, float | None]) -> dict[int, object]:
    slots = pl.Series([T0 + i * SLOT for i in range(8)])
    return dict(said(slot_flows.soc_at_ends(points(*rows), slots)))


def test_the_state_of_charge_is_the_one_at_the_slots_end() -> None:
    found = soc((0, 50.0), (14, 55.0), (15, 56.0), (29, None), (40, 100.3), (50, 130.0))
    assert found[0] == (56.0, "measured")
    assert found[1] == (None, "gap")
    assert found[2] == (100.0, "bounded")
    assert found[3] == (None, "gap")


def test_a_level_that_had_not_moved_counts_and_one_that_had_does_not() -> None:
    assert soc((0, 50.0), (118, 51.0))[6] == (50.0, "measured")
    assert soc((0, 50.0), (118, 70.0))[6] == (None, "gap")
    assert soc((0, 50.0), (118, 70.0))[3] == (50.0, "measured")


def test_temperatures_are_means() -> None:
    flow = slot_flows.averaged(points((0, 2.0), (10, 5.0)), until=T0 + 15 * MINUTE)
    assert said(flow) == {0: (3.0, "measured")}


HOME = HomeAssistant(
    grid_power_entity_id="sensor.grid",
    grid_export_entity_id="sensor.export",
    battery_power_entity_id="sensor.battery",
    battery_power_positive_is="discharge",
    water_heater_daily_entity_id="sensor.water",
)


def test_the_sign_settings_say_which_part_is_what() -> None:
    found = {each.quantity: (each.key, each.part) for each in meters.mapped(HOME)}
    assert found == {
        "import_kwh": ("sensor.grid", Part.POSITIVE),
        "export_kwh": ("sensor.export", Part.WHOLE),
        "charge_kwh": ("sensor.battery", Part.NEGATIVE),
        "discharge_kwh": ("sensor.battery", Part.POSITIVE),
        "water_kwh": ("sensor.water", Part.WHOLE),
    }
    turned = HOME.model_copy(update={"grid_power_positive_is": "export"})
    assert Meter("import_kwh", "sensor.grid", Part.NEGATIVE) in meters.mapped(turned)


@pytest.mark.parametrize(
    ("meter", "unit", "needed"),
    [
        (Meter("pv_kwh", "sensor.x"), "A", "an energy"),
        (Meter("import_kwh", "sensor.x", Part.POSITIVE), "kWh", "whose sign says the direction"),
        (Meter("soc_percent", "sensor.x"), "kWh", "state of charge in %"),
        (Meter("temperature_c", "sensor.x"), "K", "°C"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused_with_the_fix(
    meter: Meter, unit: str, needed: str
) -> None:
    slots = pl.Series([T0])
    record = Record(points((0, 1.0)), unit, T0 + SLOT)
    with pytest.raises(MeterUnitError, match=r"sensor\.x has unit") as caught:
        meters.measured(meter, record, slots, most_kwh=MOST)
    assert needed in str(caught.value)
