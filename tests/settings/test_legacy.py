"""The original Darkstar's files: every key lands where it should, and is reported once."""

from pathlib import Path

import pytest
import yaml

from app.core.errors import SettingsError
from app.settings import Settings
from app.settings.store.changes import wanted_of
from app.settings.store.edit import edit
from app.settings.store.files import ConfigFiles
from app.settings.store.legacy import RENAMED, WITHOUT_EFFECT, look, translate
from app.settings.store.sources import load_settings

FIXTURE = Path(__file__).parent.parent / "fixtures" / "legacy" / "config.yaml"
NOVEMBER = Path(__file__).parent.parent / "fixtures" / "legacy_november" / "config.yaml"
MOVED = {
    "location": {"latitude": 55.61, "longitude": 13.02},
    "solar_arrays": [
        {"peak_power_kwp": 9.1, "azimuth_degrees": 165, "tilt_degrees": 27, "inverter": None}
    ],
    "inverter": {"max_power_kw": 8},
    "grid": {"max_import_kw": 16, "max_export_kw": 16},
    "battery": {
        "capacity_kwh": 34,
        "min_soc_percent": 12,
        "max_soc_percent": 92,
        "max_charge_kw": 6,
        "max_discharge_kw": 7,
        "roundtrip_efficiency_percent": 91,
        "wear_cost_per_kwh": 0.17,
    },
    "decision_thresholds": {
        "battery_use_margin_per_kwh": 0.11,
        "battery_water_margin_per_kwh": 0.21,
    },
    "charging": {
        "charge_threshold_percentile": 18,
        "cheap_price_tolerance_per_kwh": 0.12,
        "price_smoothing_per_kwh": 0.06,
        "block_consolidation_tolerance_per_kwh": 0.04,
        "consolidation_max_gap_slots": 1,
    },
    "strategic_charging": {"price_threshold_per_kwh": 0.85},
    "water_heating": {"min_kwh_per_day": 7.5},
    "s_index": {"days_ahead": [2, 3]},
    "arbitrage": {"export_profit_margin_per_kwh": 0.06, "future_price_guard_buffer_per_kwh": 0.03},
    "pricing": {
        "export_fees_per_kwh": 0.02,
        "grid_transfer_fee_per_kwh": 0.3,
        "energy_tax_per_kwh": 0.4,
    },
    "forecasting": {"pv_confidence_percent": 85, "load_safety_margin_percent": 110},
}


def flat(tree: object, path: str = "") -> dict[str, object]:
    if not isinstance(tree, dict) or not tree:
        return {path: tree}
    found: dict[str, object] = {}
    for name, value in tree.items():
        found |= flat(value, f"{path}.{name}" if path else name)
    return found


def test_every_key_of_an_original_home_lands_where_it_should() -> None:
    got = load_settings(FIXTURE, environ={}).settings.model_dump(mode="json")
    original = flat(yaml.safe_load(FIXTURE.read_text()))
    same_name = {path: value for path, value in original.items() if look(got, path) is not None}
    moved = flat(MOVED)
    wanted = {**same_name, **moved}
    assert {path: look(got, path) for path in wanted} == wanted
    handled = {*same_name, *RENAMED, *WITHOUT_EFFECT, "water_heating.min_hours_per_day"}
    merged = {path.removeprefix("system.") for path in original if "system.battery" in path}
    rest = {path for path in original if path not in handled and "system.solar" not in path}
    assert {path.removeprefix("system.") for path in rest} <= merged
    assert not got["demo_home"]


def test_the_original_secrets_are_read() -> None:
    home = load_settings(FIXTURE, environ={}).settings
    assert home.mariadb is not None
    assert home.mariadb.password.get_secret_value() == "example-password"
    assert (home.mariadb.host, home.mariadb.port) == ("192.0.2.1", 3307)
    assert (home.mariadb.database, home.mariadb.user) == ("energy", "planner")
    assert home.home_assistant.token is not None
    assert home.home_assistant.token.get_secret_value() == "example-token"
    assert home.home_assistant.water_heater_daily_entity_id == "sensor.heater_today"


def test_every_old_name_is_reported_once_and_every_lost_value_is_named() -> None:
    notices = load_settings(FIXTURE, environ={}).notices
    assert len(notices) == len(set(notices))
    text = "\n".join(notices)
    for said in (
        "automation.write_to_mariadb has no effect",
        "water_heating.schedule_future_only has no effect",
        "system.battery.capacity_kwh = 27 gives way to battery.capacity_kwh = 34",
        "decision_thresholds.export_profit_margin_sek = 0.07 gives way",
        "water_heating.min_hours_per_day is now water_heating.min_kwh_per_day",
    ):
        assert said in text


def test_a_new_file_keeps_the_new_margins() -> None:
    tree, notices, _ = translate({"battery": {"capacity_kwh": 5}})
    assert notices == []
    assert Settings.model_validate(tree).forecasting == Settings().forecasting


def test_hours_of_heating_use_the_default_heater_where_no_power_is_given() -> None:
    tree, _, _ = translate({"water_heating": {"min_hours_per_day": 1.5}})
    assert tree["water_heating"] == {"min_kwh_per_day": 4.5}


def test_hours_of_heating_give_way_to_energy() -> None:
    tree, notices, _ = translate({"water_heating": {"min_hours_per_day": 1, "min_kwh_per_day": 9}})
    assert tree["water_heating"] == {"min_kwh_per_day": 9}
    assert "has no effect" in notices[0]


def test_a_list_of_roof_planes_is_kept_in_order() -> None:
    tree, _, _ = translate({"system": {"solar_array": [{"kwp": 3, "azimuth": 90}, {"kwp": 5}]}})
    assert tree["solar_arrays"] == [
        {"peak_power_kwp": 3, "azimuth_degrees": 90},
        {"peak_power_kwp": 5},
    ]


def test_an_old_and_a_new_name_may_agree_but_not_differ() -> None:
    translate({"pricing": {"energy_tax_sek": 1, "energy_tax_per_kwh": 1.0}})
    with pytest.raises(SettingsError, match=r"energy_tax_sek = 1 and .*energy_tax_per_kwh = 2"):
        translate({"pricing": {"energy_tax_sek": 1, "energy_tax_per_kwh": 2}})


def test_a_feed_in_limit_of_its_own_beats_the_old_fuse() -> None:
    tree, _, _ = translate({"system": {"grid": {"max_power_kw": 16}}, "grid": {"max_export_kw": 9}})
    assert tree["grid"] == {"max_export_kw": 9, "max_import_kw": 16}


def test_a_file_of_november_loads_as_it_is_and_everything_with_a_counterpart_is_taken_over() -> (
    None
):
    home = load_settings(NOVEMBER, environ={}).settings
    sensors = {
        name.removesuffix("_entity_id"): value
        for name, value in home.home_assistant.model_dump(exclude_none=True).items()
        if name.endswith("_entity_id")
    }
    assert sensors == {
        "battery_soc": "sensor.home_battery",
        "battery_charge": "sensor.battery_in",
        "battery_discharge": "sensor.battery_out",
        "grid_export": "sensor.grid_out",
        "grid_import": "sensor.grid_in",
        "consumption": "sensor.house_energy",
        "pv": "sensor.sun_energy",
        "water_heater_daily": "sensor.heater_today",
    }
    assert [each.model_dump() for each in home.best_time.appliances] == [
        {"name": "Dishwasher", "hours": 1.5, "kwh": 0.9},
        {"name": "Dryer", "hours": 2.0, "kwh": 1.8},
    ]
    assert home.automation.plan_every_minutes == 30
    assert home.charging.price_smoothing_per_kwh == 0.05, "the charging strategy's own, not 0.04"
    assert (home.battery.capacity_kwh, home.battery.max_charge_kw) == (14.2, 5)
    assert home.forecasting.load_safety_margin_percent == 112
    assert not home.demo_home


def test_of_a_file_of_november_every_name_is_told_once_and_only_once() -> None:
    tree = yaml.safe_load(NOVEMBER.read_text())
    loaded = load_settings(NOVEMBER, environ={})
    told = [notice.split(" ")[0] for notice in loaded.notices]
    assert len(told) == len(set(told))
    kept = {
        path
        for path in flat(tree)
        if look(loaded.settings.model_dump(mode="json"), path) is not None
    }
    assert set(told) == set(flat(tree)) - kept


def test_a_file_of_the_original_keeps_the_originals_defaults() -> None:
    tree, _, _ = translate({"learning": {"enable": True}})
    assert tree["arbitrage"] == {"enable_peak_only_export": True}
    own, _, _ = translate({"learning": {}, "arbitrage": {"enable_peak_only_export": False}})
    assert own["arbitrage"] == {"enable_peak_only_export": False}
    part, _, _ = translate({"pricing": {"energy_tax_sek": 1}}, is_whole=False)
    assert part == {"pricing": {"energy_tax_per_kwh": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batery: {capacity_kwh: 5}", "did you mean battery"),
        ("battery: {capacty_kwh: 5}", "battery.capacity_kwh"),
        ("water_heating: {power_kv: 5}", "water_heating.power_kw"),
        ("system: {grid: {max_powr_kw: 5}}", "did you mean system.grid.max_power_kw"),
        ("input_sensors: {battery_sok: sensor.a}", "did you mean input_sensors.battery_soc"),
        ("smoothing: {min_on_slot_charge: 1}", "smoothing.min_on_slots_charge"),
        ("mystery: {box: 1}", "mystery"),
    ],
)
def test_a_typo_is_refused_in_an_originals_file_too(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"learning: {{enable: true}}\n{text}\n")
    with pytest.raises(SettingsError, match="no such setting") as caught:
        load_settings(path, environ={})
    assert said in str(caught.value)


def test_what_only_the_original_has_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "learning: {of: {tomorrow: 1}}\ndashboard: 5\nadvisor:\nsystem: {rooms: 3}\n"
        "executor: {inverter: {mode: a}}\nautomation: {schedule: {cron: x}}\nforecasting: {}\n"
        "s_index: {static_factor: , mode: probabilistic, risk_appetite: 3}\n"
    )
    (tmp_path / "secrets.yaml").write_text("openrouter_api_key: very-secret\n")
    loaded = load_settings(path, environ={})
    told = " ".join(loaded.notices)
    for name in (
        "learning.of.tomorrow",
        "dashboard",
        "advisor",
        "system.rooms",
        "executor.inverter.mode",
        "automation.schedule.cron",
        "s_index.static_factor",
        "s_index.risk_appetite",
        "openrouter_api_key",
    ):
        assert f"{name} has no effect: " in told
    assert "very-secret" not in told
    assert loaded.settings.s_index.mode == "dynamic"


def test_a_part_of_the_home_that_is_switched_off_is_not_there() -> None:
    tree, notices, _ = translate(
        {
            "system": {"has_solar": False, "has_battery": False, "has_water_heater": False},
            "battery": {"capacity_kwh": 9},
            "water_heating": {"power_kw": 3},
        }
    )
    home = Settings.model_validate(tree)
    assert (home.solar_arrays, home.battery.capacity_kwh, home.water_heating.power_kw) == ((), 0, 0)
    assert "system.has_solar is now solar_arrays" in notices


def test_a_sensor_of_todays_name_stands_over_the_originals_and_a_counter_over_a_power() -> None:
    tree, notices, _ = translate(
        {
            "home_assistant": {"battery_soc_entity_id": "sensor.now"},
            "input_sensors": {
                "battery_soc": "sensor.then",
                "total_pv_production": "sensor.sun_total",
                "pv_power": "sensor.sun_power",
                "total_load_consumption": "",
                "load_power": "sensor.load_power",
            },
        }
    )
    assert tree["home_assistant"] == {
        "battery_soc_entity_id": "sensor.now",
        "pv_entity_id": "sensor.sun_total",
        "consumption_entity_id": "sensor.load_power",
    }
    assert (
        "input_sensors.battery_soc = sensor.then gives way to "
        "home_assistant.battery_soc_entity_id = sensor.now"
    ) in notices


def test_the_older_of_two_efficiencies_gives_way() -> None:
    both = {"efficiency_percent": 90, "roundtrip_efficiency_percent": 95}
    for tree in ({"battery": both}, {"system": {"battery": both}}):
        got, notices, _ = translate(tree)
        assert got["battery"] == {"roundtrip_efficiency_percent": 95}
        assert any("efficiency_percent = 90 gives way to" in notice for notice in notices)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("home_assistant.battery_soc_entity_id", "sensor.other"),
        ("home_assistant.pv_entity_id", None),
        ("automation.plan_every_minutes", 20),
        ("best_time.appliances", [{"name": "Oven", "hours": 1, "kwh": 2}]),
        ("water_heating.power_kw", 1.5),
        ("charging.price_smoothing_per_kwh", 0.07),
        ("battery.capacity_kwh", 20),
        ("arbitrage.enable_peak_only_export", False),
    ],
)
def test_a_setting_of_an_originals_file_can_be_saved(
    tmp_path: Path, path: str, value: object
) -> None:
    config = tmp_path / "config.yaml"
    config.write_bytes(NOVEMBER.read_bytes())
    files = ConfigFiles(config, {})
    contents = files.read()
    present = files.loaded(contents)
    group, name = path.split(".")
    made = edit(files, contents, present, wanted_of({group: {name: value}}, present))
    assert made.changed == (path,)
    assert made.contents.config is not None
    assert b"learning:" in made.contents.config, "what is not asked for stays in the file"
