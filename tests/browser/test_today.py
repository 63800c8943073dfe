"""The page in a real browser: drawn, silent in the console, alive, and asking nobody else."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo home in a process of its own, with nothing live to reach."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "DARKSTAR_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "DARKSTAR_SERVER__PORT": str(port),
        "DARKSTAR_NORDPOOL__BASE_URL": "http://127.0.0.1:9",
        "DARKSTAR_OPEN_METEO__BASE_URL": "http://127.0.0.1:9",
    }
    service = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], env=environ, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for_plan(url)
        yield url
    finally:
        service.terminate()
        service.wait(timeout=20)


def _wait_for_plan(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/api/schedule", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail("the service did not plan within 60 s")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        message = "Chromium is missing; install it with: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The dashboard; fails at the end if the console complained or another host was asked."""
    width, height = request.param
    opened = browser.new_page(viewport={"width": width, "height": height})
    complaints: list[str] = []
    opened.on(
        "console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request", lambda r: complaints.append(r.url) if not r.url.startswith(address) else None
    )
    opened.goto(address)
    opened.wait_for_selector("#chart canvas")
    yield opened
    opened.close()
    assert complaints == []


def test_the_page_shows_now_the_chart_and_the_plan(page: Page) -> None:
    assert page.locator("h1").inner_text() != "No plan for now"
    assert "Sample data" in page.locator(".banner").first.inner_text()
    assert page.locator("table.plan tbody tr").count() > 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_legend_toggles_a_series_and_remembers_it(page: Page) -> None:
    button = page.get_by_role("button", name="Load")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    page.reload()
    page.wait_for_selector("#chart canvas")
    assert page.get_by_role("button", name="Load").get_attribute("aria-pressed") == "false"


def test_the_arrow_keys_read_the_chart_slot_by_slot(page: Page) -> None:
    page.locator("#chart").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#chart-text").inner_text()
    page.keyboard.press("ArrowRight")
    second = page.locator("#chart-text").inner_text()
    assert "SEK/kWh" in first
    assert first != second


def test_the_button_plans_anew_and_the_page_follows(page: Page) -> None:
    page.wait_for_selector("#live.on")
    before = page.locator(".meta dd").nth(1).inner_text()
    page.get_by_role("button", name="Run planner").click()
    page.wait_for_selector(".toast.good")
    page.wait_for_function(
        "before => document.querySelectorAll('.meta dd')[1].innerText !== before", arg=before
    )
