"""Debian's Chromium, as every browser test uses it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.clocks import wait_out_the_slot

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def _one_slot() -> None:
    """No quarter begins while a page is looked at: what it shows would move on."""
    wait_out_the_slot()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser of the module's own; fails in CI where there is none."""
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
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height of a desk's screen and of a phone's."""
    found: tuple[int, int] = request.param
    return found


@contextmanager
def watched(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """Give a page; it fails at the end if the console complained or another host was asked."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    complaints: list[str] = []
    page.on(
        "console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda r: complaints.append(r.url) if not r.url.startswith(address) else None
    )
    yield page
    page.close()
    assert complaints == []
