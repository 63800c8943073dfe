"""Thousands of requests made from the OpenAPI document, in chains: none breaks the service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate import free_port
from tests.served import serving

ROOT = Path(__file__).parents[2]
# Requests per operation and phase; `make fuzz` asks for more.
EXAMPLES = os.environ.get("DARKSTAR_FUZZ_REQUESTS", "8")
FEWEST_CASES = 1000


# A generated setting may lock the door or end the demo: after everything else.
SETTINGS = "^/api/(config|theme)"


@pytest.mark.timeout(0)
def test_no_request_breaks_the_service_or_its_schema(tmp_path: Path, database_url: str) -> None:
    environment = {"DARKSTAR_DATABASE__URL": database_url}
    with serving(tmp_path, free_port(), environment=environment) as address:
        cases = fuzzed(address, f"--exclude-path-regex={SETTINGS}")
        cases += fuzzed(address, f"--include-path-regex={SETTINGS}")
    assert cases > FEWEST_CASES


def fuzzed(address: str, *operations: str) -> int:
    """Send generated requests to some operations; returns how many, fails with what broke."""
    done = subprocess.run(  # noqa: S603 - our own environment's tool
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{address}/openapi.json",
            *operations,
            f"--max-examples={EXAMPLES}",
            "--phases=examples,coverage,fuzzing,stateful",
            "--seed=1",
            "--no-color",
            "--continue-on-failure",
            "--request-timeout=30",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    cases = re.search(r"(\d+) generated", done.stdout)
    assert cases, done.stdout[-2000:]
    return int(cases[1])
