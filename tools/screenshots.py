"""Picture every page of the demo home for the documentation: ``make screenshots``.

A dark and a light theme, the size of a desk and of a phone, into ``docs/screenshots``.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.gate import free_port
from tests.served import serving

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "screenshots"
THEMES: Final = {"dark": "Darkstar", "light": "Daylight"}
SIZES: Final = {"desktop": (1440, 900), "phone": (390, 844)}
PAGES: Final = {
    "today": "/",
    "plan": "/plan",
    "history": "/history",
    "diff": "/history/diff?from=1&to=2",
    "forecast": "/forecast",
    "actions": "/actions",
    "system": "/system",
    "settings": "/settings",
    "settings-battery": "/settings/battery",
    "appearance": "/settings/appearance",
    "setup": "/setup",
    "setup-place": "/setup/place",
    "login": "/login",
}


def main() -> int:
    """Start a demo home, let it plan twice, and picture it."""
    if not CHROMIUM.exists():
        sys.stderr.write("Chromium is missing; install it with: apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as data, serving(Path(data), free_port()) as address:
        # The history's comparison needs two runs.
        httpx.post(f"{address}/api/run_planner", timeout=60).raise_for_status()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            for path in pictures(browser, address):
                sys.stdout.write(f"{path.relative_to(ROOT)}\n")
            browser.close()
    return 0


def pictures(browser: Browser, address: str) -> Iterator[Path]:
    """Take every picture; yields where each was written."""
    for look, theme in THEMES.items():
        httpx.post(f"{address}/api/theme", json={"theme": theme}, timeout=60).raise_for_status()
        for device, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            for name, path in PAGES.items():
                answer = page.goto(f"{address}{path}")
                if answer is None or not answer.ok:
                    raise SystemExit(f"{path} cannot be pictured: {answer and answer.status}")
                if path == "/":
                    page.wait_for_selector("#chart canvas")
                page.locator("#live.on").wait_for()
                target = FOLDER / f"{name}-{look}-{device}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=target)
                yield target
            page.close()


if __name__ == "__main__":
    sys.exit(main())
