"""The command refuses in one line that names what is wrong, and never with a traceback."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.cli import EXIT_CONFIG, EXIT_TEMPORARY, main
from app.frames import SLOT

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def home() -> dict[str, Any]:
    """A small scenario that plans."""
    return {
        "name": "small",
        "timezone": "Europe/Stockholm",
        "slot_minutes": 15,
        "currency": "SEK",
        "initial_soc_percent": 50,
        "battery": {
            "capacity_kwh": 10,
            "min_soc_percent": 15,
            "max_soc_percent": 95,
            "max_charge_kw": 5,
            "max_discharge_kw": 5,
            "roundtrip_efficiency_percent": 95,
            "wear_cost_per_kwh": 0.2,
        },
        "grid": {"max_import_kw": 25, "max_export_kw": 25},
        "inverter": {"max_kw": 10},
        "water": None,
        "slots": [
            {
                "start": (START + SLOT * index).isoformat(),
                "import_price": 1.0,
                "export_price": 0.4,
                "pv_kwh": 0,
                "load_kwh": 0.25,
            }
            for index in range(8)
        ],
    }


def refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    code: int = EXIT_CONFIG,
) -> str:
    monkeypatch.setattr(sys, "argv", ["darkstar", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == code
    assert said.startswith("error: ")
    return said


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "zone": (lambda home: home.update(timezone="Mars/X"), "timezone"),
    "currency": (lambda home: home.update(currency="USD"), "currency"),
    "grid": (lambda home: home.update(grid={"fuse": 1}), "grid.fuse"),
    "inverter": (lambda home: home.update(inverter={}), "inverter.max_kw"),
    "no slots": (lambda home: home.update(slots=[]), "slots"),
    "charge": (lambda home: home.update(initial_soc_percent=140), "initial_soc_percent"),
    "no zone": (
        lambda home: [slot.update(start=slot["start"][:19]) for slot in home["slots"]],
        "slots.0.start",
    ),
}


@pytest.mark.parametrize(("breaking", "named"), BROKEN.values(), ids=BROKEN)
def test_a_scenario_that_makes_no_sense_is_refused_by_field(
    tmp_path: Path,
    home: dict[str, Any],
    breaking: Callable[[dict[str, Any]], object],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    breaking(home)
    file = tmp_path / "home.json"
    file.write_text(json.dumps(home))
    said = refused(monkeypatch, capsys, "plan", "--scenario", str(file))
    assert named in said
    assert str(file) in said
    assert "pydantic" not in said


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--scenario", "{home}", "--out", "{tmp}/none/plan.json"], "none/plan.json"),
        (["--scenarios", "{tmp}/none", "--out", "{tmp}"], "{tmp}/none"),
        (["--scenarios", "{tmp}/empty", "--out", "{tmp}"], "no *.json"),
        (["--scenarios", "{tmp}", "--out", "{home}"], "--out"),
        (["--scenario", "{home}", "--scenarios", "{tmp}", "--out", "{tmp}"], "one of"),
        ([], "--scenario"),
    ],
    ids=["out", "no folder", "empty folder", "out is a file", "both", "nothing"],
)
def test_arguments_that_lead_nowhere_are_refused_by_name(
    tmp_path: Path,
    home: dict[str, Any],
    words: list[str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "home.json"
    file.write_text(json.dumps(home))
    (tmp_path / "empty").mkdir()
    filled = [word.format(home=file, tmp=tmp_path) for word in words]
    assert named.format(tmp=tmp_path) in refused(monkeypatch, capsys, "plan", *filled)


@pytest.mark.parametrize("words", [["config", "check"], ["serve"], ["db", "upgrade"]], ids=str)
def test_an_unusable_database_address_is_refused_before_anything_starts(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKSTAR_DATABASE__URL", "hunter2")
    said = refused(monkeypatch, capsys, *words)
    assert "database.url" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("words", [["serve"], ["db", "upgrade"]], ids=str)
def test_a_data_directory_that_cannot_be_made_is_named(
    tmp_path: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(tmp_path / "file" / "data"))
    said = refused(monkeypatch, capsys, *words)
    assert "data_dir" in said
    assert str(tmp_path / "file") in said


def test_an_upgrade_of_a_database_that_is_away_says_to_try_again_and_is_no_config_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DARKSTAR_DATABASE__URL", "mariadb://me:hunter2@127.0.0.1:1/home")
    said = refused(monkeypatch, capsys, "db", "upgrade", code=EXIT_TEMPORARY)
    assert EXIT_TEMPORARY == os.EX_TEMPFAIL
    assert "MariaDB home at 127.0.0.1:1" in said
    assert "run this again" in said
    assert "hunter2" not in said


def test_a_port_in_use_is_refused_before_anything_is_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("DARKSTAR_SERVER__PORT", str(port))
        said = refused(monkeypatch, capsys, "serve")
    assert f"127.0.0.1:{port}" in said
    assert "DARKSTAR_SERVER__PORT" in said
    assert list(tmp_path.iterdir()) == []
