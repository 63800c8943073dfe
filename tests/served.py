"""The service as a user starts it: a process of its own on a port of loopback."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

NOWHERE = "http://127.0.0.1:9"


@contextmanager
def serving(
    data_dir: Path,
    port: int,
    *,
    demo: bool = True,
    config: str = "",
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """A home in a process of its own, with nothing live to reach unless said; yields its address.

    ``config`` is more of ``config.yaml``; ``environment`` more variables of ours.
    """
    file = data_dir / "config.yaml"
    file.write_text(f"demo_home: {str(demo).lower()}\n{config}")
    environ = {
        **os.environ,
        "DARKSTAR_CONFIG": str(file),
        "DARKSTAR_DATA_DIR": str(data_dir),
        "DARKSTAR_SERVER__PORT": str(port),
        "DARKSTAR_PRICES__PROVIDERS": '["nordpool"]',
        "DARKSTAR_NORDPOOL__BASE_URL": NOWHERE,
        "DARKSTAR_OPEN_METEO__BASE_URL": NOWHERE,
        **(environment or {}),
    }
    service = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], env=environ, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_answer(f"{url}/api/schedule" if demo or environment else f"{url}/health")
        yield url
    finally:
        service.terminate()
        service.wait(timeout=20)


def wait_for_answer(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail("the service did not answer within 60 s")
