"""The original Darkstar's files: every key lands where it should, and is reported once."""

from pathlib import Path

import pytest
import yaml

from app.errors import SettingsError
from app.legacy import RENAMED, WITHOUT_EFFECT, look, translate
from app.settings import Settings
from app.settings_sources import load_settings

FIXTURE = Path(__file__).parent / "fixtures" / "legacy" / "config.yaml"
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
    if not isinstance(tree, dict):
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
