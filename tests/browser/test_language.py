"""Both languages in a real browser: what scripts say, too, and nothing in the console."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
WORDS = {
    "en": ("en-GB", "Prices and plan", "Sun", "Examine sensors", "live"),
    "sv": ("sv-SE", "Priser och plan", "Sol", "Undersök sensorer", "aktuellt"),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo home."""
    with serving(tmp_path_factory.mktemp("language"), free_port()) as url:
        yield url


@pytest.fixture(params=WORDS)
def spoken(
    request: pytest.FixtureRequest, browser: Browser, address: str, size: tuple[int, int]
) -> Iterator[tuple[str, Page]]:
    """A language, and a page of a browser that asks for it."""
    with watched(browser, address, size) as opened:
        opened.set_extra_http_headers({"Accept-Language": WORDS[request.param][0]})
        yield request.param, opened


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_today_speaks_it_in_its_chart_and_its_table(spoken: tuple[str, Page], address: str) -> None:
    (language, page), (_, title, sun, _, live) = spoken, WORDS[spoken[0]]
    page.goto(address)
    page.wait_for_selector("#chart canvas")
    page.locator("#live.on").wait_for()
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("#chart-title").inner_text() == title
    assert page.locator("#legend").get_by_role("button", name=sun, exact=True).count() == 1
    assert page.locator("#live").inner_text() == live
    marks = {"en": ".", "sv": ","}
    assert marks[language] in page.locator(".dials dd").nth(2).inner_text()
    assert fits(page)


def test_the_system_page_speaks_it(spoken: tuple[str, Page], address: str) -> None:
    language, page = spoken
    page.goto(f"{address}/system")
    page.wait_for_selector(".jobs")
    assert page.locator("html").get_attribute("lang") == language
    assert page.get_by_role("button", name=WORDS[language][3]).count() == 1
    assert fits(page)
    with page.expect_response("**/ui/system"):
        page.evaluate("htmx.ajax('GET', '/ui/system', {target: '#system', swap: 'innerMorph'})")
    page.locator("#system:not(.htmx-request)").wait_for()
    jobs = {"en": "Jobs", "sv": "Jobb"}
    assert page.locator("#jobs-title").inner_text() == jobs[language]
