"""docs/api.md: every example is run, in order, by a real shell against a real service."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.api.test_stop import serving
from tests.fakes import FakeUpstreams

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "api.md"
EXAMPLES = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)


def wait_for_plan(url: str) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        status = httpx.get(f"{url}/api/status", timeout=30).json()
        if status["job"]["last_outcome"] == "ok":
            return
    pytest.fail(f"no plan: {status['job']}")


@pytest.mark.timeout(180)
def test_every_example_of_the_guide_runs(tmp_path: Path) -> None:
    assert shutil.which("curl"), "install it: apt-get install curl"
    assert len(EXAMPLES) >= 8
    with (
        FakeUpstreams() as fakes,
        serving(tmp_path, fakes.environment() | {"DARKSTAR_DEMO_HOME": "true"}) as (_, url),
    ):
        wait_for_plan(url)
        for example in EXAMPLES:
            done = subprocess.run(  # noqa: S603 - the guide's own text
                ["bash", "-euo", "pipefail", "-c", example.replace("http://127.0.0.1:8000", url)],  # noqa: S607
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (example, done.stdout[-500:], done.stderr)


def test_a_wrong_example_would_be_seen(tmp_path: Path) -> None:
    with FakeUpstreams() as fakes, serving(tmp_path, fakes.environment()) as (_, url):
        wrong = f"curl -fsS {url}/api/runs/999"
        done = subprocess.run(  # noqa: S603
            ["bash", "-euo", "pipefail", "-c", wrong],  # noqa: S607
            capture_output=True,
            check=False,
        )
    assert done.returncode == 22
