"""``darkstar replay ID``: the same plan again, or every difference, from the command line."""

import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from app.cli import EXIT_CONFIG, EXIT_TEMPORARY, main
from app.db.connection.engine import session_scope
from app.db.tables.models import HistorySlot
from tests.api.test_service import first_outcome, offline, running


def plan_once(folder: Path, *, change: bool = False) -> None:
    """Leave a plan in the folder's database, a slot of it changed behind the planner's back."""

    async def plan() -> None:
        async with running(offline(folder, demo=True)) as (app, client):
            await first_outcome(client)
            async with session_scope(app.state.services.job.sources.sessions) as session:
                if change:
                    await session.execute(update(HistorySlot).values(soc_target=1.0))

    asyncio.run(plan())


def command(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int | str | None:
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(folder))
    monkeypatch.setenv("DARKSTAR_CONFIG", str(folder / "config.yaml"))
    (folder / "config.yaml").write_text("demo_home: true\n")
    monkeypatch.setattr(sys, "argv", ["darkstar", "replay", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_the_same_plan_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_once(tmp_path)
    capsys.readouterr()
    assert command(monkeypatch, tmp_path, "1") == 0
    assert "identical to the last bit" in capsys.readouterr().out


def test_a_difference_is_named_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_once(tmp_path, change=True)
    capsys.readouterr()
    assert command(monkeypatch, tmp_path, "1") == 1
    said = capsys.readouterr().out
    assert "differs in soc_target" in said
    assert "1.0 stored" in said


def test_an_unknown_run_and_a_database_without_tables_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, tmp_path, "1") == EXIT_TEMPORARY
    plan_once(tmp_path)
    capsys.readouterr()
    assert command(monkeypatch, tmp_path, "99") == EXIT_CONFIG
    assert capsys.readouterr().err.startswith("error: there is no run 99")
