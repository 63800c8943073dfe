"""Physics: sun on a panel becomes energy, less when the cells are hot."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from app.ingest import open_meteo
from app.ingest.pv_forecast import pv_energy, total
from app.settings import SolarArray

START = datetime(2026, 6, 1, 10, tzinfo=UTC)
ARRAY = SolarArray(peak_power_kwp=8)


def _weather(rows: list[tuple[float, float]]) -> pl.LazyFrame:
    return pl.DataFrame(
        [(START + timedelta(minutes=15 * i), *row) for i, row in enumerate(rows)],
        schema=open_meteo.WEATHER,
        orient="row",
    ).lazy()


def _energy(irradiance: float, temperature: float, array: SolarArray = ARRAY) -> float:
    frame = pv_energy(_weather([(irradiance, temperature)]), array).collect()
    return float(frame["pv_kwh"][0])


def test_noct_conditions_give_the_textbook_power() -> None:
    # 800 W/m2 at 20 degrees: the cell is at 45, 20 K above standard: -8 %; then 14 % losses.
    assert _energy(800, 20) == pytest.approx(8 * 0.8 * 0.92 * 0.86 * 0.25)


def test_no_sun_is_no_energy_and_a_slightly_negative_sensor_is_no_sun() -> None:
    assert _energy(0, 10) == 0
    assert _energy(-3, 10) == 0


def test_hot_cells_give_less_than_cold_ones() -> None:
    assert _energy(900, 35) < _energy(900, 5)


def test_a_cold_bright_day_never_exceeds_the_peak_power() -> None:
    assert _energy(1600, -30) == ARRAY.peak_power_kwp * 0.25


def test_a_sunny_june_day_in_stockholm_yields_a_plausible_energy() -> None:
    rows = [(max(0.0, 900 - abs(i - 48) * 25), 18.0) for i in range(96)]
    day = pv_energy(_weather(rows), ARRAY).collect()["pv_kwh"].sum()
    assert 40 < day < 60


def test_planes_add_up_and_a_slot_counts_only_if_every_plane_has_it() -> None:
    east = pv_energy(_weather([(100, 10), (200, 10), (300, 10)]), ARRAY)
    west = pv_energy(_weather([(300, 10), (200, 10)]), SolarArray(peak_power_kwp=4))
    both = total([east, west]).collect()
    parts = zip(east.collect()["pv_kwh"], west.collect()["pv_kwh"], strict=False)
    assert both["slot_start"].to_list() == [START, START + timedelta(minutes=15)]
    assert both["pv_kwh"].to_list() == pytest.approx([a + b for a, b in parts])
