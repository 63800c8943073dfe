"""Every fault planted in a day of sensors is found, with its number and its fix; no other is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from app.doctor.checks.report import Finding, Report, Verdict
from app.doctor.diagnose import diagnose
from tests.fakes.sensor_days import Home, Sensor, counted_home, signed_home

NOW = datetime(2026, 11, 23, 14, 7, 13, tzinfo=UTC)
HOURS = {0: "night", 4: "early", 9: "morning", 14: "afternoon", 20: "evening", 23: "midnight"}
SOC, LOAD, SUN = "battery_soc_entity_id", "consumption_entity_id", "pv_entity_id"
GRID, BATTERY = "grid_power_entity_id", "battery_power_entity_id"
IMPORT, EXPORT = "grid_import_entity_id", "grid_export_entity_id"
CHARGE, DISCHARGE = "battery_charge_entity_id", "battery_discharge_entity_id"
WATER, OUTSIDE = "water_heater_daily_entity_id", "outdoor_temperature_entity_id"


def examined(home: Home, **more: Any) -> Report:
    return diagnose(home.settings(**more), home.answers(), now=home.now)


def finding(report: Report, key: str, check: str) -> Finding:
    """The one finding of a check at an entity."""
    entity = next(e for e in report.entities if e.setting == f"home_assistant.{key}")
    return max(
        (f for f in entity.findings if f.check == check),
        key=lambda f: list(Verdict).index(f.verdict),
    )


def balance(report: Report, check: str) -> Finding:
    return next(f for f in report.balances if f.check == check)


def words(finding: Finding) -> str:
    return f"{finding.proof} {finding.fix}"


def every(home: Home, change: Callable[[Sensor], Sensor]) -> Home:
    for key in home.mapping:
        home.change(key, change)
    return home


@pytest.mark.parametrize("hour", HOURS, ids=HOURS.values())
@pytest.mark.parametrize("make", [signed_home, counted_home])
def test_a_healthy_home_is_all_green_at_any_hour(
    make: Callable[[datetime], Home], hour: int
) -> None:
    report = examined(make(NOW.replace(hour=hour)))
    faults = [
        (e.name, f) for e in report.entities for f in e.findings if f.verdict is not Verdict.GREEN
    ]
    assert faults == []
    assert [f for f in report.balances if f.verdict is not Verdict.GREEN] == []
    assert [f.check for f in report.balances] == ["home_balance", "battery_balance", "efficiency"]
    assert report.verdict is Verdict.GREEN
    assert balance(report, "home_balance").value == pytest.approx(0, abs=2)
    assert balance(report, "efficiency").value == pytest.approx(90, abs=3)


@dataclass(frozen=True)
class Case:
    """A fault at one entity, and what must be said about it."""

    make: Callable[[datetime], Home]
    key: str
    change: Callable[[Sensor], Sensor]
    check: str
    verdict: Verdict
    said: tuple[str, ...]
    value: float | None = None


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def frozen(hours: float) -> Callable[[Sensor], Sensor]:
    return lambda s: replace(s, rows=[row for row in s.rows if row[0] < hours_ago(hours)])


def unavailable(begin: float, end: float) -> Callable[[Sensor], Sensor]:
    return lambda s: s.cut(hours_ago(begin), hours_ago(end), state="unavailable")


def zigzag(sensor: Sensor) -> Sensor:
    """A power that somebody gave an energy unit."""
    rows = [(at, f"{900 + 400 * (index % 3)}") for index, (at, _) in enumerate(sensor.rows[::5])]
    return replace(sensor, rows=rows)


def restarted(*hours: float) -> Callable[[Sensor], Sensor]:
    """A counter that begins at zero again at each of these times."""

    def change(sensor: Sensor) -> Sensor:
        rows, lost = [], 0.0
        waiting = sorted(hours_ago(hour) for hour in hours)
        for at, text in sensor.rows:
            while waiting and at >= waiting[0]:
                waiting.pop(0)
                lost = float(text)
            rows.append((at, f"{float(text) - lost:.2f}"))
        return replace(sensor, rows=rows)

    return change


def dipped(sensor: Sensor) -> Sensor:
    """A counter that says zero for a moment, as after a restart of its integration."""
    index = len(sensor.rows) // 2
    rows = list(sensor.rows)
    rows[index] = (rows[index][0], "0")
    return replace(sensor, rows=rows)


def spiked(sensor: Sensor) -> Sensor:
    rows = list(sensor.rows)
    rows[-200] = (rows[-200][0], "6553500")
    return replace(sensor, rows=rows)


def endless(sensor: Sensor) -> Sensor:
    """A daily counter that does not begin anew."""
    total, before, rows = 0.0, 0.0, []
    for at, text in sensor.rows:
        total += max(0.0, float(text) - before)
        before = float(text)
        rows.append((at, f"{total:.2f}"))
    return replace(sensor, rows=rows)


def unit(text: str) -> Callable[[Sensor], Sensor]:
    return lambda s: replace(s, unit=text)


RED, AMBER = Verdict.RED, Verdict.AMBER
GREEN, GREY = Verdict.GREEN, Verdict.GREY
CASES = {
    "level without unit": Case(
        signed_home, SOC, unit(""), "unit", RED, ("no unit", "unit_of_measurement (%)")
    ),
    "energy for a level": Case(
        signed_home, SOC, unit("kWh"), "unit", RED, ("unit kWh where %", f"home_assistant.{SOC}")
    ),
    "counter for a signed power": Case(
        signed_home, GRID, unit("kWh"), "unit", RED, ("unit kWh", "import and export")
    ),
    "temperature in Fahrenheit": Case(
        signed_home, OUTSIDE, unit("°F"), "unit", RED, ("unit °F", "choose °C")
    ),
    "volume for hot water": Case(signed_home, WATER, unit("m³"), "unit", RED, ("unit m³", "Wh")),
    "level as 0 to 1": Case(
        signed_home,
        SOC,
        lambda s: s.changed(lambda v: v / 100),
        "scale",
        RED,
        ("0.95 %", "by 100"),
        0.95,
    ),
    "level beyond 100": Case(
        signed_home,
        SOC,
        lambda s: s.changed(lambda v: v * 10),
        "scale",
        RED,
        ("950 %", "0 to 100"),
        950,
    ),
    "sun in W said to be kW": Case(
        signed_home, SUN, unit("kW"), "scale", RED, ("8.5 kW is the most", "to W")
    ),
    "load in W said to be kW": Case(
        signed_home, LOAD, unit("kW"), "scale", RED, ("35 kW is the most", "to W")
    ),
    "load in kW said to be W": Case(
        signed_home,
        LOAD,
        lambda s: s.changed(lambda v: v / 1000),
        "scale",
        RED,
        ("no house uses less", "to kW"),
    ),
    "sun in kW said to be W": Case(
        signed_home,
        SUN,
        lambda s: s.changed(lambda v: v / 1000),
        "scale",
        AMBER,
        ("8.5 kWp", "must be kW, not W"),
    ),
    "counter in Wh said to be kWh": Case(
        counted_home,
        LOAD,
        lambda s: s.changed(lambda v: v * 1000),
        "scale",
        RED,
        ("35 kW is the most", "look like Wh"),
    ),
    "counter in kWh said to be Wh": Case(
        counted_home, LOAD, unit("Wh"), "scale", RED, ("no house uses less", "to kWh")
    ),
    "sun counter in Wh said to be kWh": Case(
        counted_home, SUN, lambda s: s.changed(lambda v: v * 1000), "scale", RED, ("look like Wh",)
    ),
    "single absurd readings": Case(
        signed_home, LOAD, spiked, "scale", AMBER, ("6554 kW", "glitches"), 6553.5
    ),
    "battery stronger than the settings": Case(
        signed_home,
        BATTERY,
        lambda s: s.changed(lambda v: v * 3),
        "scale",
        AMBER,
        ("5 kW at most", "battery.max_charge_kw"),
    ),
    "negative sun": Case(
        signed_home, SUN, lambda s: s.changed(lambda v: -v), "sign", RED, ("negative", "template")
    ),
    "grid exchange for the load": Case(
        signed_home,
        LOAD,
        lambda s: s.changed(lambda v: v - 1000),
        "sign",
        RED,
        ("negative", f"home_assistant.{GRID}"),
    ),
    "battery with its sign reversed": Case(
        signed_home,
        BATTERY,
        lambda s: s.changed(lambda v: -v),
        "sign",
        RED,
        ("while charging", "battery_power_positive_is: discharge"),
        -1,
    ),
    "grid with its sign reversed": Case(
        signed_home,
        GRID,
        lambda s: s.changed(lambda v: -v),
        "sign",
        RED,
        ("turned round 0 %", "grid_power_positive_is: export"),
    ),
    "frozen load": Case(
        signed_home, LOAD, frozen(7), "frozen", RED, ("for 7.0 h, until now", "restart"), 7.02
    ),
    "load that froze for a while": Case(
        signed_home,
        LOAD,
        lambda s: s.cut(hours_ago(9), hours_ago(6), state=None),
        "frozen",
        AMBER,
        ("for 3.0 h", "restart"),
        3.0,
    ),
    "frozen level": Case(
        signed_home, SOC, frozen(13.5), "frozen", RED, ("while the battery moved", "restart")
    ),
    "sun frozen at zero": Case(
        signed_home, SUN, frozen(12), "frozen", RED, ("the other meters say", "restart")
    ),
    "frozen import counter": Case(
        counted_home, IMPORT, frozen(16), "frozen", RED, ("the other meters say", "kWh passed")
    ),
    "frozen export counter": Case(
        counted_home, EXPORT, frozen(16), "frozen", RED, ("the other meters say", "kWh passed")
    ),
    "frozen discharge counter": Case(
        counted_home, DISCHARGE, frozen(21), "frozen", RED, ("level fell by 73 %", "restart")
    ),
    "frozen charge counter": Case(
        counted_home, CHARGE, frozen(13.5), "frozen", RED, ("level rose by", "restart")
    ),
    "frozen thermometer": Case(
        signed_home, OUTSIDE, frozen(17), "frozen", RED, ("until now", "restart")
    ),
    "half an hour without a value": Case(
        signed_home, GRID, unavailable(5, 4.5), "gaps", AMBER, ("30 min without", "log"), 30
    ),
    "five hours without a value": Case(
        counted_home, SUN, unavailable(9, 4), "gaps", RED, ("5.0 h without", "log"), 300
    ),
    "a power with an energy unit": Case(
        counted_home, LOAD, zigzag, "resets", RED, ("only rises", "unit W or kW")
    ),
    "a counter that restarts twice": Case(
        counted_home, LOAD, restarted(12, 6), "resets", AMBER, ("reset 2 times", "lost"), 2
    ),
    "a counter that dips": Case(
        counted_home, LOAD, dipped, "resets", AMBER, ("came back 1 times", "left out"), 1
    ),
    "hot water on another clock": Case(
        signed_home,
        WATER,
        lambda s: replace(s, rows=[(at + timedelta(hours=2), t) for at, t in s.rows]),
        "midnight",
        AMBER,
        ("120 min after midnight", "time zone"),
        120,
    ),
    "no statistics": Case(
        signed_home,
        SUN,
        lambda s: replace(s, state_class=""),
        "statistics",
        AMBER,
        ("no state_class", "measurement"),
    ),
    "a level that nobody confirms": Case(
        signed_home,
        SOC,
        lambda s: replace(s, reported_at=hours_ago(25)),
        "silent",
        RED,
        ("1500 min ago", "polling"),
        1500,
    ),
    "a power that nobody confirms": Case(
        signed_home,
        GRID,
        lambda s: replace(s, reported_at=hours_ago(3)),
        "silent",
        AMBER,
        ("180 min ago", "polling"),
        180,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_planted_fault_is_found_at_its_entity(case: Case) -> None:
    home = case.make(NOW)
    home.sensors = dict(home.sensors)
    report = examined(home.change(case.key, case.change))
    found = finding(report, case.key, case.check)
    assert found.verdict is case.verdict, found
    for text in case.said:
        assert text in words(found)
    assert found.fix
    if case.value is not None:
        assert found.value == pytest.approx(case.value, rel=0.02)
    assert report.verdict in {case.verdict, RED}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_planted_fault_is_blamed_on_nobody_else(case: Case) -> None:
    report = examined(case.make(NOW).change(case.key, case.change))
    others = {
        e.name: e.verdict for e in report.entities if e.setting != f"home_assistant.{case.key}"
    }
    assert set(others.values()) <= {Verdict.GREEN, Verdict.GREY}, others


def test_a_home_recorded_since_this_morning_is_judged_by_what_there_is() -> None:
    home = signed_home(NOW)
    young = {
        name: replace(sensor, rows=[row for row in sensor.rows if row[0] > hours_ago(9)])
        for name, sensor in home.sensors.items()
    }
    report = examined(replace(home, sensors=young))
    findings = [finding for entity in report.entities for finding in entity.findings]
    assert {finding.verdict for finding in findings} <= {GREEN, GREY}, report.summary
    told = finding(report, SOC, "history")
    assert told.verdict is GREY
    assert "too early to say" in told.proof
    assert told.value == pytest.approx(15, abs=0.1)


def test_a_level_that_stays_for_hours_is_no_fault_by_itself() -> None:
    home = signed_home(NOW)
    told = replace(home.sensors[home.mapping[SOC]], reported_at=hours_ago(5))
    report = examined(replace(home, sensors=home.sensors | {home.mapping[SOC]: told}))
    assert report.verdict is GREEN


def test_hot_water_that_never_begins_anew_is_taken_from_midnight_on() -> None:
    home = signed_home(NOW)
    report = examined(home.change(WATER, endless))
    told = finding(report, WATER, "midnight")
    assert told.verdict is GREEN
    assert "goes on counting" in told.proof


def test_a_reversed_sign_is_set_right_by_the_setting_that_is_named() -> None:
    for key, setting, word in (
        (BATTERY, "battery_power_positive_is", "discharge"),
        (GRID, "grid_power_positive_is", "export"),
    ):
        home = signed_home(NOW).change(key, lambda s: s.changed(lambda v: -v))
        assert examined(home).verdict is RED
        home.mapping[setting] = word
        assert examined(home).verdict is Verdict.GREEN


@pytest.mark.parametrize(("one", "other"), [(IMPORT, EXPORT), (CHARGE, DISCHARGE)])
def test_exchanged_counters_are_named_and_setting_them_right_heals(one: str, other: str) -> None:
    home = counted_home(NOW)
    home.mapping[one], home.mapping[other] = home.mapping[other], home.mapping[one]
    report = examined(home)
    found = finding(report, one, "sign")
    assert found.verdict is RED
    assert found.fix == f"exchange home_assistant.{one} and home_assistant.{other}"
    assert balance(report, "home_balance").verdict is RED
    assert found.fix in balance(report, "home_balance").fix


@pytest.mark.parametrize(
    ("configured_kwh", "verdict"), [(11, Verdict.GREEN), (14, AMBER), (25, RED)]
)
def test_the_capacity_follows_from_level_and_meters(
    configured_kwh: float, verdict: Verdict
) -> None:
    home = signed_home(NOW)
    home.capacity_kwh = configured_kwh
    found = balance(examined(home), "battery_balance")
    assert found.verdict is verdict
    if verdict is not Verdict.GREEN:
        assert found.value == pytest.approx(10, rel=0.05)
        assert "battery.capacity_kwh: " in found.fix


def test_a_battery_that_loses_more_than_the_settings_say_is_told_with_its_efficiency() -> None:
    home = signed_home(NOW).change(
        BATTERY, lambda s: s.changed(lambda v: v * 1.15 if v > 0 else v * 0.95)
    )
    found = balance(examined(home), "efficiency")
    assert found.verdict is AMBER
    assert found.value == pytest.approx(74, abs=3)
    assert "battery.roundtrip_efficiency_percent: 7" in found.fix


@pytest.mark.parametrize(
    ("factor", "said"), [(1000, "thousand times too much"), (0.001, "count too little")]
)
def test_battery_meters_off_by_a_thousand_are_told(factor: float, said: str) -> None:
    home = signed_home(NOW).change(BATTERY, lambda s: s.changed(lambda v: v * factor))
    found = balance(examined(home), "battery_balance")
    assert found.verdict is RED
    assert said in found.fix


def test_a_house_meter_that_misses_a_part_is_told_by_the_homes_books() -> None:
    home = signed_home(NOW).change(LOAD, lambda s: s.changed(lambda v: v * 0.6))
    found = balance(examined(home), "home_balance")
    assert found.verdict is RED
    assert "more comes in than goes out" in found.fix
    assert found.value == pytest.approx(19, abs=4)


def test_a_missing_source_is_told_by_the_homes_books() -> None:
    home = signed_home(NOW).change(SUN, lambda s: s.changed(lambda v: v * 0.5))
    found = balance(examined(home), "home_balance")
    assert found.verdict is RED
    assert "more goes out than comes in" in found.fix


def test_what_cannot_be_judged_is_grey_and_names_what_to_map() -> None:
    home = signed_home(NOW)
    del home.mapping[SUN], home.mapping[BATTERY]
    report = examined(home)
    assert report.verdict is Verdict.GREEN
    books, battery = balance(report, "home_balance"), balance(report, "battery_balance")
    assert (books.verdict, battery.verdict) == (Verdict.GREY, Verdict.GREY)
    assert f"home_assistant.{SUN}" in books.fix
    assert f"home_assistant.{BATTERY}" in battery.fix


def test_a_home_without_battery_and_panels_is_judged_by_grid_and_load() -> None:
    home = signed_home(NOW)
    for key in (SUN, BATTERY, SOC):
        del home.mapping[key]
    home.sensors[home.mapping[GRID]] = home.sensors[home.mapping[LOAD]]
    home.capacity_kwh = 0
    report = examined(home, solar_arrays=[])
    assert report.verdict is Verdict.GREEN
    assert [f.check for f in report.balances] == ["home_balance"]


def test_a_heater_beside_the_house_meter_is_needed_for_the_books() -> None:
    home = signed_home(NOW)
    home.mapping["consumption_includes_water_heater"] = False  # type: ignore[assignment]
    found = balance(examined(home), "home_balance")
    assert found.verdict is Verdict.GREY
    assert "home_assistant.water_heater_entity_id" in found.fix


def test_a_resting_battery_proves_nothing() -> None:
    home = signed_home(NOW)
    home.change(BATTERY, lambda s: s.changed(lambda _: 0))
    home.change(SOC, lambda s: s.changed(lambda _: 50))
    report = examined(home)
    assert balance(report, "battery_balance").verdict is Verdict.GREY
    assert finding(report, BATTERY, "sign").verdict is Verdict.GREY


def test_the_examination_of_a_large_day_keeps_off_nobody_for_long() -> None:
    """A meter that reports every second: 86,400 states."""
    home = signed_home(NOW)
    answers = home.answers()
    seconds = pl.DataFrame(
        {
            "at": [NOW - timedelta(seconds=index) for index in range(86_399, -1, -1)],
            "value": [500.0 + index % 97 for index in range(86_400)],
        },
        schema=answers[1].points.schema,  # type: ignore[union-attr]
    )
    answers[1] = replace(answers[1], points=seconds)
    report = diagnose(home.settings(), answers, now=NOW)
    assert finding(report, LOAD, "frozen").verdict is Verdict.GREEN
