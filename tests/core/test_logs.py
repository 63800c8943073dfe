"""The log keeps to its level, shows no secret, and says every run in one line."""

import re
from collections.abc import Iterator

import pytest
import structlog

from app.core import logs
from app.plans.job import PlanningJob
from app.settings.store.sources import load_settings
from tests.plans.test_job import job

__all__ = ["job"]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_the_level_decides_what_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger("darkstar.test")
    logs.set_up("WARNING")
    log.info("quiet")
    log.warning("loud", run_id=7)
    said = capsys.readouterr().out
    assert "quiet" not in said
    assert re.search(r"loud +run_id=7", said), "no colours where nobody sees them"


@pytest.mark.parametrize("given", ["debug", "Debug", "DEBUG"])
def test_the_level_may_be_written_in_lower_case(given: str) -> None:
    assert load_settings(environ={"DARKSTAR_LOG_LEVEL": given}).settings.log_level == "DEBUG"


def test_a_traceback_does_not_show_what_the_variables_held(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("INFO")

    def asks(headers: dict[str, str]) -> None:
        raise ZeroDivisionError(len(headers))

    try:
        asks({"Authorization": f"Bearer {'hunter'}2"})
    except ZeroDivisionError:
        structlog.get_logger("darkstar.test").exception("crashed")
    said = capsys.readouterr().out
    assert "ZeroDivisionError" in said
    assert "hunter2" not in said


async def test_a_run_is_one_line_with_counts_and_duration(
    job: PlanningJob, capsys: pytest.CaptureFixture[str]
) -> None:
    await job.prepare()
    capsys.readouterr()
    logs.set_up("INFO")
    await job.run("button")
    lines = [line for line in capsys.readouterr().out.splitlines() if "planning run" in line]
    assert len(lines) == 1
    for wanted in (
        r"outcome=ok",
        r"trigger=button",
        r"slots=\d+",
        r"warnings=0",
        r"duration_ms=\d+",
    ):
        assert re.search(wanted, lines[0]), wanted
