"""The real process stops quickly and cleanly, whatever is going on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes import FakeUpstreams, Fault
from tests.gate import free_port


@contextmanager
def serving(tmp_path: Path, environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``darkstar serve`` until the test stops it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env=os.environ
        | environ
        | {"DARKSTAR_DATA_DIR": str(tmp_path), "DARKSTAR_SERVER__PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        while "running on" not in process.stdout.readline():
            assert process.poll() is None
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[str]) -> tuple[float, str]:
    """Send SIGTERM; return how long the end took and what was said meanwhile."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    return time.monotonic() - begun, said


def test_an_open_page_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with (
        FakeUpstreams() as fakes,
        serving(tmp_path, fakes.environment()) as (process, url),
        httpx.stream("GET", f"{url}/ui/events", timeout=10) as page,
    ):
        assert page.status_code == 200
        took, said = stopped(process)
    assert process.returncode == 0
    assert "Traceback" not in said
    # uvicorn's words when requests had to be cut off; how long a clean end takes is the machine's.
    assert "graceful shutdown exceeded" not in said
    assert took < 10


@pytest.mark.parametrize("asked", [False, True], ids=["scheduled", "asked for"])
def test_a_run_that_hangs_is_cut_off_within_ten_seconds(tmp_path: Path, *, asked: bool) -> None:
    with FakeUpstreams() as fakes:
        fakes.fail("nordpool", Fault.SLOW)
        environ = fakes.environment()
        if asked:
            environ["DARKSTAR_AUTOMATION__ENABLE_SCHEDULER"] = "false"
        with serving(tmp_path, environ) as (process, url):
            if asked:
                with pytest.raises(httpx.ReadTimeout):
                    httpx.post(f"{url}/api/run_planner", timeout=httpx.Timeout(5, read=0.2))
            while not fakes.requests:
                assert process.poll() is None
            took, said = stopped(process)
    assert process.returncode == 0, said
    assert took < 10
