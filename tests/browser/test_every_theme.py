"""Every page in every theme and both languages: silent, in its words, within its screen."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from app.core.shipped import SHIPPED
from app.themes import read_themes
from tests.browser.conftest import watched
from tests.browser.pages import PAGES
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
THEMES = sorted(read_themes(SHIPPED / "themes").found)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo home that plans."""
    with serving(tmp_path_factory.mktemp("data"), free_port()) as url:
        yield url


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_is_silent_in_every_theme_and_language(
    browser: Browser, address: str, language: str, theme: str
) -> None:
    httpx.post(f"{address}/api/theme", json={"theme": theme}, timeout=60).raise_for_status()
    with watched(browser, address, (1440, 900)) as page:
        page.set_extra_http_headers({"Accept-Language": language})
        for path in PAGES:
            answer = page.goto(f"{address}{path}")
            assert answer, path
            assert answer.status == 200, path
            if path == "/":
                page.wait_for_selector("#chart canvas")
            assert page.evaluate("document.documentElement.lang") == language
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
