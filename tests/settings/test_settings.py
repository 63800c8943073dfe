"""Settings: merged in order, refused with the reason, old names understood."""

import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.errors import SettingsError
from app.core.shipped import SHIPPED
from app.settings import Settings, config_hash, redacted
from app.settings.store.sources import load_settings

LEGACY_CONFIG = """
timezone: Europe/Stockholm
system:
  location: {latitude: 55.6, longitude: 13.0}
  solar_array: {kwp: 8.5, azimuth: 170, tilt: 30}
  inverter: {max_power_kw: 8}
  grid: {max_power_kw: 20}
  battery: {capacity_kwh: 27, min_soc_percent: 12, max_charge_power_kw: 6}
battery: {capacity_kwh: 34, efficiency_percent: 92}
battery_economics: {battery_cycle_cost_kwh: 0.15}
decision_thresholds: {battery_use_margin_sek: 0.11, battery_water_margin_sek: 0.21}
charging_strategy:
  charge_threshold_percentile: 20
  cheap_price_tolerance_sek: 0.12
  price_smoothing_sek_kwh: 0.06
  block_consolidation_tolerance_sek: 0.04
  consolidation_max_gap_slots: 1
strategic_charging: {price_threshold_sek: 0.8, target_soc_percent: 90}
water_heating: {power_kw: 3, min_hours_per_day: 2, schedule_future_only: true}
s_index: {mode: dynamic, days_ahead_for_sindex: [2, 3]}
arbitrage: {enable_export: true, export_fees_sek_per_kwh: 0.02, future_price_guard_buffer_sek: 0.1}
automation: {enable_scheduler: true, write_to_mariadb: true}
pricing: {vat_percent: 25, grid_transfer_fee_sek: 0.3, energy_tax_sek: 0.4}
nordpool: {price_area: SE4, currency: SEK, resolution_minutes: 60}
"""
LEGACY_SECRETS = """
mariadb: {host: 192.0.2.1, port: 3306, database: energy, user: planner, password: hunter2}
home_assistant:
  url: http://192.0.2.2:8123
  token: very-secret-token
  battery_soc_entity_id: sensor.soc
  water_heater_daily_entity_id: sensor.vvb
  consumption_entity_id: sensor.load
"""


def written(folder: Path, config: str, secrets: str = "") -> Path:
    path = folder / "config.yaml"
    path.write_text(config)
    (folder / "secrets.yaml").write_text(secrets)
    return path


def test_an_original_configuration_loads_as_it_is(tmp_path: Path) -> None:
    loaded = load_settings(written(tmp_path, LEGACY_CONFIG, LEGACY_SECRETS), environ={})
    home = loaded.settings
    got: dict[str, Any] = {
        "capacity": home.battery.capacity_kwh,
        "min soc": home.battery.min_soc_percent,
        "charge": home.battery.max_charge_kw,
        "efficiency": home.battery.roundtrip_efficiency_percent,
        "wear": home.battery.wear_cost_per_kwh,
        "fuse": (home.grid.max_import_kw, home.grid.max_export_kw),
        "array": home.solar_arrays[0].azimuth_degrees,
        "percentile": home.charging.charge_threshold_percentile,
        "gap": home.charging.consolidation_max_gap_slots,
        "strategic": home.strategic_charging.price_threshold_per_kwh,
        "water": home.water_heating.min_kwh_per_day,
        "days": home.s_index.days_ahead,
        "fees": home.pricing.export_fees_per_kwh,
        "buffer": home.arbitrage.future_price_guard_buffer_per_kwh,
        "tax": home.pricing.energy_tax_per_kwh,
        "margins": (
            home.forecasting.pv_confidence_percent,
            home.forecasting.load_safety_margin_percent,
        ),
        "host": home.mariadb.host if home.mariadb else None,
        "sensor": home.home_assistant.consumption_entity_id,
    }
    assert got == {
        "capacity": 34,
        "min soc": 12,
        "charge": 6,
        "efficiency": 92,
        "wear": 0.15,
        "fuse": (20, 20),
        "array": 170,
        "percentile": 20,
        "gap": 1,
        "strategic": 0.8,
        "water": 6,
        "days": (2, 3),
        "fees": 0.02,
        "buffer": 0.1,
        "tax": 0.4,
        "margins": (90, 110),
        "host": "192.0.2.1",
        "sensor": "sensor.load",
    }
    assert len(loaded.notices) == len(set(loaded.notices))
    assert "system.battery.max_charge_power_kw is now battery.max_charge_kw" in loaded.notices


def test_environment_beats_secrets_and_secrets_beat_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "server: {port: 1}\nui: {theme: A}", "server: {port: 2, host: h}")
    environ = {"DARKSTAR_SERVER__PORT": "3"}
    settings = load_settings(path, environ=environ).settings
    assert (settings.server.port, settings.server.host, settings.ui.theme) == (3, "h", "A")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("battery: {min_soc_percent: 90, max_soc_percent: 20}", "swap them"),
        ("battery: {capacity_kw: 10}", "did you mean battery.capacity_kwh"),
        ("battery: {capacity_kwh: .nan}", "finite"),
        ("battery: {capacity_kwh: much}", "battery.capacity_kwh = 'much'"),
        ("solar_arrays: [{inverter: shed}]", "solar_arrays.0.inverter: 'shed' is none of"),
        (
            "solar_inverters: [{name: a, max_power_kw: 1}, {name: a, max_power_kw: 2}]",
            "not all different; rename one",
        ),
        ("solar_inverters: [{name: a, max_power_kw: 0}]", "solar_inverters.0.max_power_kw"),
        ("open_meteo: {ensemble_model: 'ICON EU'}", "open_meteo.ensemble_model"),
        ("timezone: Stockholm", "IANA"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("battery: {capacity_kwh: 1, capacity_kwh: 2}", "twice"),
        ("a: " + "[" * 20 + "]" * 20, "nested too deep"),
        ("- 1", "name: value"),
        ("home_assistant: {url: 'ftp://x', token: t}", "web address"),
        ("home_assistant: {url: 'http://x'}", "token is not"),
        ("pricing: {energy_tax_sek: 1, energy_tax_per_kwh: 2}", "different things"),
        ("charging_strategy: {charge_threshold_percentile: 200}", "charging_strategy."),
    ],
)
def test_a_wrong_value_is_refused_with_field_and_fix(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text), environ={})
    assert said in str(caught.value)


def test_secrets_never_show(tmp_path: Path) -> None:
    path = written(tmp_path, LEGACY_CONFIG, LEGACY_SECRETS)
    given = {"DARKSTAR_SERVER__TOKEN": "canary-canary-canary"}
    settings = load_settings(path, environ=given).settings
    for text in (repr(settings), str(redacted(settings)), settings.model_dump_json()):
        assert not [s for s in ("hunter2", "very-secret-token", "canary") if s in text]
    with pytest.raises(SettingsError) as caught:
        load_settings(
            path,
            environ=given | {"DARKSTAR_TIMEZONE": "x"},
        )
    assert "canary" not in str(caught.value)


def test_an_unknown_variable_is_named_with_the_likely_one(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    notices = load_settings(path, environ={"DARKSTAR_BATERY__CAPACITY_KWH": "1"}).notices
    assert "did you mean DARKSTAR_BATTERY__CAPACITY_KWH" in notices[0]


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///x.db\n")
    environ = {"DARKSTAR_DATABASE__URL_FILE": str(tmp_path / "url")}
    url = load_settings(written(tmp_path, ""), environ=environ).settings.database.url
    assert url is not None
    assert url.get_secret_value() == "sqlite:///x.db"
    with pytest.raises(SettingsError, match="both set"):
        load_settings(tmp_path / "config.yaml", environ={**environ, "DARKSTAR_DATABASE__URL": "y"})


def test_the_reset_file_holds_every_setting_at_its_default() -> None:
    loaded = load_settings(SHIPPED / "config.default.yaml", environ={})
    assert loaded.settings == Settings()
    assert loaded.notices == ()
    written_down = yaml.safe_load((SHIPPED / "config.default.yaml").read_text())
    assert set(written_down) == set(Settings.model_fields)
    for name, default in Settings().model_dump(mode="json").items():
        if isinstance(default, dict):
            assert set(written_down[name]) == set(default), name


def test_the_shipped_file_is_the_demo_home() -> None:
    loaded = load_settings(environ={})
    assert loaded.settings.demo_home
    assert loaded.notices == ()


@pytest.mark.parametrize(
    ("real", "sensor"),
    [
        (
            {
                "DARKSTAR_HOME_ASSISTANT__URL": "http://192.0.2.20:8123",
                "DARKSTAR_HOME_ASSISTANT__TOKEN": "t",
                "DARKSTAR_HOME_ASSISTANT__BATTERY_SOC_ENTITY_ID": "sensor.soc",
            },
            "home_assistant.battery_soc_entity_id",
        ),
        (
            {
                "DARKSTAR_MQTT__URL": "mqtt://192.0.2.20",
                "DARKSTAR_MQTT__READINGS": '[{"sensor": "pv", "topic": "pv", "unit": "W"}]',
            },
            "mqtt.readings",
        ),
    ],
)
def test_the_demo_ends_with_the_first_sensor_of_a_real_home(
    real: dict[str, str], sensor: str
) -> None:
    loaded = load_settings(environ=real)
    assert loaded.settings.demo_home, "as the shipped file says"
    assert not loaded.settings.is_demo
    (notice,) = loaded.notices
    assert sensor in notice
    assert "demo_home: false" in notice


def test_an_address_without_a_sensor_is_no_real_home_yet() -> None:
    address = {
        "DARKSTAR_HOME_ASSISTANT__URL": "http://192.0.2.20:8123",
        "DARKSTAR_HOME_ASSISTANT__TOKEN": "t",
    }
    assert load_settings(environ=address).settings.is_demo


def test_the_fingerprint_follows_what_a_plan_depends_on() -> None:
    plain = Settings()
    assert config_hash(plain) == config_hash(Settings.model_validate({"ui": {"theme": "x"}}))
    other = Settings.model_validate({"battery": {"capacity_kwh": 11}})
    assert config_hash(plain) != config_hash(other)


@pytest.mark.parametrize(
    "secrets",
    [
        'mariadb: {host: h, password: "canary',
        "mariadb: {host: h, password: !canary}",
        "mariadb: {host: h, password: !e!canary x}",
        "mariadb: {host: h, pasword: canary}",
        "mariadb: canary",
        "home_assistant: {url: 'http://me:canary@ha', token: t}",
        "home_assistant: {url: 'http://ha', tokn: canary}",
        "server: {token: [canary]}",
        "server: {token: canary, port: 0}",
        "mqtt: {url: 'http://user:canary@broker'}",
        "alerts: {webhook: {url: 'ftp://hooks.example/canary'}}",
        "alerts: {ntfy: {topic_url: 'canary'}}",
    ],
)
def test_a_refusal_never_quotes_a_secret(tmp_path: Path, secrets: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, "", secrets), environ={})
    told = "".join(traceback.format_exception(caught.value))
    assert "canary" not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1: 2", "line 1"),
        ("? [a]\n: b", "line 1"),
        ("<<: {timezone: UTC}", "line 1"),
        ("timezone: 2026-13-45", "not valid YAML"),
        ("ui: {theme: 1" + "1" * 5000 + "}", "not valid YAML"),
        ("timezone: UTC\nui: {theme: 'x", "line 2"),
        ("a: " + "[" * 30_000, "nested too deep"),
        ("# " + "x" * 70_000, "too long"),
        ("_env_file: /etc/passwd", "no such setting"),
        ("system: {inverter: {max_powr_kw: 1}}", "no such setting"),
        ("battery: 5\nsystem: {battery: {capacity_kwh: 3}}", "battery"),
        ("system: {solar_array: south}", "system.solar_array"),
        ("system: {solar_array: {kwp: -1}}", "system.solar_array.kwp = -1"),
        ("system: {solar_array: [{tilt: 100}]}", "system.solar_array.0.tilt = 100"),
        ("location: 5\nsystem: {location: {latitude: 5}}", "location"),
        ("water_heating: {min_hours_per_day: two}", "water_heating.min_hours_per_day = 'two'"),
        ("battery: {min_soc_percent: 96}", "swap them"),
        ("battery: {capacity_kwh: 10 kWh}", "the unit is in the name"),
    ],
)
def test_odd_files_are_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text), environ={})
    assert said in str(caught.value)


def test_a_refusal_carries_its_problems(tmp_path: Path) -> None:
    text = "server: {port: 0}\nbattery: {capacity_kw: 1}"
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text), environ={})
    fields = {problem.field: problem.value for problem in caught.value.problems}
    assert fields == {"server.port": "0", "battery.capacity_kw": None}


def test_an_empty_variable_is_one_not_set(tmp_path: Path) -> None:
    environ = {"DARKSTAR_SERVER__TOKEN": "", "DARKSTAR_DATABASE__URL": ""}
    settings = load_settings(written(tmp_path, ""), environ=environ).settings
    assert (settings.server.token, settings.database.url) == (None, None)


def test_only_secrets_are_read_from_files(tmp_path: Path) -> None:
    environ = {"DARKSTAR_SERVER__HOST_FILE": "/etc/hostname"}
    loaded = load_settings(written(tmp_path, ""), environ=environ)
    assert loaded.settings.server.host == Settings().server.host
    assert "DARKSTAR_SERVER__HOST_FILE is not known" in loaded.notices[0]
