"""Sun on panels becomes energy: less when they are hot, snowed in, or too many for an inverter."""

import math
from datetime import UTC, datetime

import polars as pl
import pytest

from app.core.frames import SLOT, check
from app.forecast.pv import HOME_INVERTER, PANELS, energy, limits_kw, panels
from app.ingest.weather import open_meteo, snow_cover
from app.settings import Inverter, Settings, SolarArray, SolarInverter

START = datetime(2026, 6, 1, 10, tzinfo=UTC)
ARRAY = SolarArray(peak_power_kwp=8)
# 10 m above the ground, for 1 m/s at the panels.
RATED_WIND = 2**0.34


def _weather(
    rows: list[tuple[float, float]], wind: float | None = RATED_WIND, snow: float = 0.0
) -> pl.DataFrame:
    return pl.DataFrame(
        [(START + SLOT * i, *row, wind, 0.0, 0.0) for i, row in enumerate(rows)],
        schema=open_meteo.WEATHER,
        orient="row",
    ).with_columns(snow_ratio=pl.lit(snow))


def _energy(
    irradiance: float, temperature: float, wind: float | None = RATED_WIND, snow: float = 0.0
) -> float:
    frame = panels([(_weather([(irradiance, temperature)], wind, snow), ARRAY)])
    return float(energy(frame, {})["pv_kwh"][0])


def test_rated_conditions_heat_the_cells_by_twenty_five_degrees() -> None:
    """800 W/m2, 20 degrees, 1 m/s: Faiman gives 45 degrees, where modules are rated (NOCT)."""
    cell = 20 + 800 / (25 + 6.84)
    assert cell == pytest.approx(45, abs=0.2)
    expected = 8 * 0.8 * (1 - 0.004 * (cell - 25)) * 0.86 * 0.25
    assert _energy(800, 20) == pytest.approx(expected)
    assert _energy(800, 20, wind=None) == pytest.approx(expected), "an unknown wind is the rated"


def test_wind_cools_and_heat_costs() -> None:
    """10 m/s, 7.9 at the panels: 800 W/m2 heat by 10 degrees, not by 25."""
    cell = 20 + 800 / (25 + 6.84 * 10 * 0.5**0.34)
    assert cell == pytest.approx(30.1, abs=0.1)
    assert _energy(800, 20, wind=10) == pytest.approx(
        8 * 0.8 * (1 - 0.004 * (cell - 25)) * 0.86 * 0.25
    )
    assert _energy(900, 35) < _energy(900, 5)


def test_no_sun_is_no_energy_and_a_slightly_negative_sensor_is_no_sun() -> None:
    assert _energy(0, 10) == 0
    assert _energy(-3, 10) == 0


def test_a_cold_bright_day_never_exceeds_the_peak_power() -> None:
    assert _energy(1600, -30) == ARRAY.peak_power_kwp * 0.25


def test_a_sunny_june_day_in_stockholm_yields_a_plausible_energy() -> None:
    rows = [(max(0.0, 900 - abs(i - 48) * 25), 18.0) for i in range(96)]
    day = energy(panels([(_weather(rows), ARRAY)]), {})["pv_kwh"].sum()
    assert 40 < day < 60


def test_planes_add_up_and_a_slot_counts_only_if_every_plane_has_it() -> None:
    small = SolarArray(peak_power_kwp=4)
    one, other = _weather([(100, 10), (200, 10), (300, 10)]), _weather([(300, 10), (200, 10)])
    both = panels([(one, ARRAY), (other, small)])
    check(both.lazy(), PANELS, by="panels")
    alone = [panels([pair])["power_kw"] for pair in ((one, ARRAY), (other, small))]
    assert both["slot_start"].to_list() == [START, START + SLOT]
    assert both["power_kw"].to_list() == pytest.approx([alone[0][i] + alone[1][i] for i in (0, 1)])


def test_two_arrays_that_lie_alike_are_two_arrays() -> None:
    """The same weather serves both."""
    weather = _weather([(500, 10)])
    twice = panels([(weather, ARRAY), (weather, ARRAY)])
    assert twice["power_kw"][0] == pytest.approx(2 * panels([(weather, ARRAY)])["power_kw"][0])


def test_an_inverter_cuts_the_sum_of_its_arrays_not_each_of_them() -> None:
    """East and west of 5 kWp share 6 kW: each alone passes, both together do not."""
    east = SolarArray(peak_power_kwp=5, inverter="roof")
    west = SolarArray(peak_power_kwp=5, inverter="roof")
    own = SolarArray(peak_power_kwp=5)
    bright = _weather([(1000, 0)])
    one = panels([(bright, east)])
    assert energy(one, {"roof": 6})["pv_kwh"][0] == pytest.approx(one["power_kw"][0] / 4)
    pair = panels([(bright, east), (bright, west)])
    assert pair["power_kw"][0] > 6
    assert energy(pair, {"roof": 6})["pv_kwh"][0] == 6 / 4
    all_three = panels([(bright, east), (bright, west), (bright, own)])
    limited = energy(all_three, {"roof": 6, HOME_INVERTER: 3})
    assert limited["pv_kwh"].to_list() == [(6 + 3) / 4]
    free = energy(all_three, {"roof": 6})
    assert free["pv_kwh"][0] == pytest.approx((6 + one["power_kw"][0]) / 4)


def test_a_correction_comes_before_the_limit() -> None:
    """Panels in the shade are cut less by their inverter."""
    pair = panels([(_weather([(1000, 0)]), SolarArray(peak_power_kwp=10))])
    assert energy(pair, {"": 6}, factor=pl.Series([0.5]))["pv_kwh"][0] == pytest.approx(
        pair["power_kw"][0] / 8
    )
    assert energy(pair, {"": 6}, factor=pl.Series([1.2]))["pv_kwh"][0] == 6 / 4


def test_the_limits_are_those_of_the_settings() -> None:
    """The home's own inverter limits panels that name none, unless there is none."""
    garage = SolarInverter(name="garage", max_power_kw=3)
    settings = Settings(solar_inverters=(garage,), inverter=Inverter(max_power_kw=8))
    assert limits_kw(settings) == {"garage": 3, HOME_INVERTER: 8}
    assert limits_kw(Settings(inverter=Inverter(max_power_kw=0))) == {}


# Snow: (snowfall cm, irradiance, air, depth on the ground cm) of each slot.
Slot = tuple[float | None, float, float, float | None]


def _covered(rows: list[Slot], tilt: float) -> list[float]:
    weather = pl.DataFrame(
        [
            (START + SLOT * i, sun, air, None, fall, depth)
            for i, (fall, sun, air, depth) in enumerate(rows)
        ],
        schema=open_meteo.WEATHER,
        orient="row",
    )
    found: list[float] = snow_cover.with_snow(weather, tilt_degrees=tilt)["snow_ratio"].to_list()
    return found


def test_a_centimetre_of_snow_covers_the_panels_in_an_hour_or_in_a_night() -> None:
    """What falls faster and what falls slower ends the same."""
    assert _covered([(0.25, 0, -5, 5)] * 4, 35)[-1] == 1
    assert _covered([(0.025, 0, -5, 5)] * 40, 35)[-1] == pytest.approx(1)
    assert _covered([(0.1, 0, -5, 5)] * 4, 35)[-1] == pytest.approx(0.4)


def test_snow_stays_while_it_is_cold_and_dark_and_slides_in_the_sun_or_thaw() -> None:
    """Below -G/80 degrees nothing moves; above, 0.197 x sin(tilt) of the length goes an hour."""
    fallen: list[Slot] = [(1.0, 0, -5, 10)]
    assert _covered(fallen + [(0, 0, -5, 10)] * 400, 35)[-1] == 1
    assert _covered([*fallen, (0, 399, -5, 10)], 35)[-1] == 1
    hour = 0.197 * math.sin(math.radians(35))
    assert _covered(fallen + [(0, 401, -5, 10)] * 4, 35)[-1] == pytest.approx(1 - hour)
    assert _covered(fallen + [(0, 0, 1, 10)] * 4, 35)[-1] == pytest.approx(1 - hour)


def test_steeper_panels_shed_sooner_and_flat_ones_wait_for_the_thaw() -> None:
    """The same thaw frees a wall first; the flat roof only when the ground is bare."""
    thaw: list[Slot] = [(1.0, 0, -5, 10), *([(0.0, 0, 1, 10)] * 96)]
    bare_after = [_covered(thaw, tilt).index(0) for tilt in (75, 45, 25)]
    assert bare_after == sorted(bare_after)
    assert len(set(bare_after)) == 3
    assert _covered(thaw, 0)[-1] == 1
    assert _covered([*thaw, (0, 0, 1, 0.5)], 0)[-1] == 0


def test_what_nobody_knows_of_snow_is_no_snow() -> None:
    """A weather without snowfall and depth leaves the panels bare; without depth it may snow."""
    assert _covered([(None, 300, -5, None)] * 4, 35) == [0] * 4
    assert _covered([(1.0, 0, -5, None)], 35) == [1]


def test_panels_give_in_proportion_to_what_is_bare() -> None:
    """A quarter under snow, a quarter less; all of it, nothing."""
    assert _energy(500, -5, snow=0.25) == pytest.approx(0.75 * _energy(500, -5))
    assert _energy(500, -5, snow=1) == 0
    half = panels(
        [
            (_weather([(500, -5)], snow=1.0), SolarArray(peak_power_kwp=2)),
            (_weather([(500, -5)]), SolarArray(peak_power_kwp=6)),
        ]
    )
    assert half["snow_ratio"][0] == pytest.approx(0.25)
