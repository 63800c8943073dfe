"""``darkstar doctor``: words or JSON on standard output, and an exit code for scripts."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from app.cli import main
from tests.fakes import Fault
from tests.fakes.sensor_days import SensorDays, signed_home

NOW = datetime(2026, 11, 23, 14, 7, 13, tzinfo=UTC)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SensorDays]:
    config = tmp_path / "config.yaml"
    config.write_text("battery:\n  roundtrip_efficiency_percent: 90\n")
    monkeypatch.setenv("DARKSTAR_CONFIG", str(config))
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(tmp_path))
    home = signed_home(NOW)
    with SensorDays(home=home) as started, time_machine.travel(NOW, tick=True):
        monkeypatch.setenv("DARKSTAR_HOME_ASSISTANT__URL", started.url("home_assistant"))
        monkeypatch.setenv("DARKSTAR_HOME_ASSISTANT__TOKEN", started.token)
        for key, entity_id in home.mapping.items():
            monkeypatch.setenv(f"DARKSTAR_HOME_ASSISTANT__{key.upper()}", entity_id)
        yield started


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["darkstar", "doctor", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_healthy_home_ends_with_0(
    fakes: SensorDays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    said = capsys.readouterr().out
    assert said.startswith("green: 7 entities are well")
    assert "ok Battery level (sensor.battery_soc" in said
    assert fakes.token not in said


def test_a_red_home_ends_with_1_and_says_the_fix_as_json(
    fakes: SensorDays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fakes.home is not None
    fakes.home.change("grid_power_entity_id", lambda s: s.changed(lambda v: -v))
    assert run(monkeypatch, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "red"
    fixes = [f["fix"] for e in report["entities"] for f in e["findings"] if f["verdict"] == "red"]
    assert fixes == ["write home_assistant.grid_power_positive_is: export"]


def test_an_amber_home_ends_with_0(
    fakes: SensorDays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fakes.home is not None
    fakes.home.change("pv_entity_id", lambda s: s.__class__(s.unit, s.rows, ""))
    assert run(monkeypatch) == 0
    said = capsys.readouterr().out
    assert said.startswith("amber: 1 to look at in 7 entities")
    assert "fix: give sensor.sun_power a state_class (measurement)" in said


def test_a_refused_token_ends_with_1(
    fakes: SensorDays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.fail("home_assistant", Fault.UNAUTHORIZED)
    assert run(monkeypatch) == 1
    said = capsys.readouterr().out
    assert "refused the token (HTTP 401)" in said
    assert "fix: make a long-lived access token" in said
