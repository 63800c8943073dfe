"""Before the service serves, what would hold it up is done."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import inspect

from app import main
from app.core.errors import DarkstarError
from app.db.tables.models import PlanRun
from app.settings import Settings
from tests.gate import free_port


def test_a_full_garbage_round_passes_over_what_the_service_was_started_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[int] = []

    def serves(*_: object, **__: object) -> None:
        frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(uvicorn.Server, "run", serves)
    settings = Settings.model_validate({"server": {"port": free_port()}, "log_level": "error"})
    try:
        with pytest.raises(DarkstarError, match="could not start"):
            main.run(main.create_app(settings), settings, once_listening=lambda: None)
    finally:
        gc.unfreeze()
    assert frozen[0] > 50_000
    assert inspect(PlanRun).configured


AT_START = """
import sys, uvicorn
from app import cli; from app.core import holiday_days

def serves(*_, **__):
    assert holiday_days.free_days_of("SE")
    print("loaded:", *{name.partition(".")[0] for name, found in sys.modules.items() if found})

uvicorn.Server.run = serves
sys.argv = ["darkstar", "serve"]
cli.main()
"""


def test_the_service_keeps_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    """They would stay for good: 17 MB of holidays, 9 of coloured tracebacks, 3 of calendars."""
    environ = {
        "DARKSTAR_CONFIG": str(tmp_path / "config.yaml"),
        "DARKSTAR_DATA_DIR": str(tmp_path),
        "DARKSTAR_SERVER__PORT": str(free_port()),
    }
    (tmp_path / "config.yaml").write_text("demo_home: true\n")
    said = subprocess.run(  # noqa: S603 - this very test's
        [sys.executable, "-c", AT_START],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environ,
    )
    (line,) = [line for line in said.stdout.splitlines() if line.startswith("loaded:")]
    loaded = set(line.split())
    assert {"polars", "fastapi", "sqlalchemy"} <= loaded
    assert loaded & {"holidays", "pygments", "icalendar", "numpy"} == set()
