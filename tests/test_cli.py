"""The command refuses in one line that names what is wrong, and never with a traceback."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from app.cli import EXIT_CONFIG, EXIT_TEMPORARY, Engine, cli, main
from app.core.frames import SLOT
from app.settings import EngineName

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


def test_one_bad_file_does_not_end_a_folder_of_scenarios(
    tmp_path: Path,
    home: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The others are planned, each bad one is named with its reason, the exit code tells."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    twice = [*home["slots"][:2], {**home["slots"][1], "import_price": 9.0}]
    for name, made in {
        "a": home,
        "b": {**home, "initial_soc_percent": 140},
        "c": {**home, "slots": twice},
        "e": home,
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(made))
    (folder / "d.json").write_text("{")

    def spoilt(lf: object, _: object) -> None:
        raise IndexError(lf)

    said = refused(monkeypatch, capsys, "plan", "--scenarios", str(folder), "--out", str(out))
    assert {path.name for path in out.iterdir()} == {"a.json", "e.json"}
    assert "3 of 5 files failed: b.json, c.json, d.json" in said
    assert "b.json:\n  initial_soc_percent" in said
    assert "c.json: slot_start" in said
    monkeypatch.setattr("app.planner.passes.pass5_charging.run", spoilt)
    said = refused(monkeypatch, capsys, "plan", "--scenarios", str(folder), "--out", str(out))
    assert "a.json: the planner failed, a bug in Darkstar: IndexError" in said
    assert "5 of 5 files failed" in said


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


ROOT = Path(__file__).resolve().parent.parent


def commands_of(group: Any, *above: str) -> list[str]:
    """Return every command that can be typed, in the order of ``--help``."""
    found: list[str] = []
    for name, command in group.commands.items():
        words = (*above, name)
        inner = getattr(command, "commands", None)
        found += commands_of(command, *words) if inner else [" ".join(("darkstar", *words))]
    return found


def test_the_readme_lists_the_commands_there_are() -> None:
    listed = re.findall(
        r"^\| `(darkstar [^`]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert listed == commands_of(typer.main.get_group(cli))


def test_the_readme_leads_to_every_document_and_to_none_that_is_not_there() -> None:
    linked = set(re.findall(r"\((docs/[a-z_]+\.md)", (ROOT / "README.md").read_text()))
    assert linked == {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}


def test_help_loads_neither_the_planner_nor_the_web_service() -> None:
    """It took 3.8 s of CPU, and 10 s where bytecode could not be kept."""
    asked = (
        "import sys; from typer.testing import CliRunner; from app.cli import cli;"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0; print(*sys.modules)"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"polars", "fastapi", "sqlalchemy", "pydantic", "httpx", "app.main", "app.settings"}
    assert heavy & set(ran.stdout.split()) == set()


def test_the_command_offers_every_engine() -> None:
    assert get_args(Engine) == get_args(EngineName)


def test_an_original_configuration_is_taken_over_with_its_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fixtures = Path(__file__).parent / "fixtures"
    config, old = tmp_path / "config.yaml", tmp_path / "old"
    config.write_text("# my home\ndemo_home: true\n")
    old.mkdir()
    for name, folder in (("config.yaml", "legacy_november"), ("secrets.yaml", "legacy")):
        (old / name).write_bytes((fixtures / folder / name).read_bytes())
    monkeypatch.setenv("DARKSTAR_CONFIG", str(config))

    def run(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["darkstar", "config", *arguments])
        with pytest.raises(SystemExit) as done:
            main()
        assert done.value.code == 0
        told = capsys.readouterr()
        return told.out, told.err

    out, err = run("import", str(old / "config.yaml"), "--dry-run")
    assert "would change" in err
    assert config.read_text() == "# my home\ndemo_home: true\n", "only shown"
    out, err = run("import", str(old / "config.yaml"))
    assert "automation.plan_every_minutes (from automation.schedule.every_minutes)" in out
    assert "notice: learning.enable has no effect" in err
    assert "example-token" not in out + err
    assert config.read_text().startswith("# my home")
    shown = json.loads(run("check")[0])
    assert not shown["demo_home"]
    assert shown["best_time"]["appliances"][0]["name"] == "Dishwasher"
    assert shown["mariadb"]["host"] == "192.0.2.1"
    assert "example-token" in (tmp_path / "secrets.yaml").read_text()
