"""The page in a real browser: drawn, silent in the console, alive, and asking nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo home that plans."""
    with serving(tmp_path_factory.mktemp("data"), free_port()) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The dashboard, watched."""
    with watched(browser, address, size) as opened:
        opened.goto(address)
        opened.wait_for_selector("#chart canvas")
        yield opened


def test_the_page_shows_now_the_chart_and_the_plan(page: Page) -> None:
    assert page.locator("h1").inner_text() != "No plan for now"
    assert "Sample data" in page.locator(".banner").first.inner_text()
    assert page.locator("table.plan tbody tr").count() >= 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_price_is_shown_as_a_sum_and_hour_by_hour(page: Page) -> None:
    sums = page.locator(".sum")
    assert [sums.nth(index).get_attribute("aria-label") for index in (0, 1)] == [
        "Buying now",
        "Selling now",
    ]
    page.locator(".prices summary").click()
    assert page.locator(".hours tbody tr").count() >= 10
    assert page.locator(".hours tr.current").count() == 1
    with page.expect_response("**/ui/prices"):
        page.evaluate("htmx.trigger(document.body, 'refresh')")
    page.locator("#prices:not(.htmx-request)").wait_for()
    # What the reader has opened stays open.
    assert page.locator(".prices details").evaluate("details => details.open")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(
        "document.querySelector('.hours').getBoundingClientRect().right <= window.innerWidth"
    )


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


def test_nothing_internal_is_shown_to_people(page: Page) -> None:
    text = page.locator("main").inner_text()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\bsoc\b|\bpv\b|water_today|\w+Error\b", text)
    assert "Sun forecast" in text


def test_the_chart_is_named_and_summed_up_in_words(page: Page) -> None:
    chart = page.locator("#chart")
    assert chart.get_attribute("role") == "img"
    described = page.locator(f"#{chart.get_attribute('aria-describedby')}").inner_text()
    assert "the price is lowest at" in described
    assert "sample data" in described


def test_the_keyboard_goes_to_both_ends_and_back_to_now(page: Page) -> None:
    text = page.locator("#chart-text")
    now = text.inner_text()
    page.locator("#chart").focus()
    page.keyboard.press("End")
    end = text.inner_text()
    page.keyboard.press("ArrowRight")
    assert text.inner_text() == end
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    assert text.inner_text() == now


def test_a_new_plan_moves_nothing_on_the_page(page: Page) -> None:
    # Its sentence may be a line shorter: what stands below it is measured from its end.
    place = """() => {
      const [chart, told] = ["#chart", "#today"].map(
        (name) => document.querySelector(name).getBoundingClientRect());
      return [told.top, chart.top - told.bottom, chart.left, chart.width, chart.height];
    }"""
    page.wait_for_selector("#live.on")
    # However long the words of a phase are in some language.
    page.route("**/ui/phase", lambda route: route.fulfill(body="Collecting prices and weather…"))
    before = page.evaluate(place)
    page.get_by_role("button", name="Run planner").click()
    page.locator("#run .busy", has_text="Collecting prices and weather…").wait_for()
    assert page.evaluate(place) == pytest.approx(before, abs=0.1)
    page.wait_for_selector(".toast.good")
    assert "New plan in force" in page.locator(".toast").inner_text()
    assert page.evaluate(place) == pytest.approx(before, abs=0.1)


def test_without_scripts_the_plan_is_there_and_the_button_works(
    browser: Browser, address: str
) -> None:
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(address)
    plain.get_by_role("button", name="Run planner").click()
    assert plain.url == f"{address}/"
    assert plain.locator("table.plan tbody tr").count() >= 2
    plain.context.close()


def test_a_home_without_a_plan_says_what_is_missing_with_a_silent_console(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path, free_port(), demo=False) as url:
        opened = browser.new_page()
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        opened.goto(url)
        # The page may be first: what fails then reaches it by itself.
        opened.wait_for_selector(".banner.error")
        assert "Nord Pool cannot be reached" in opened.locator(".banner").inner_text()
        assert "nothing is steered" in opened.locator(".banner").inner_text()
        assert "Nothing to draw" in opened.locator("#chart-summary").inner_text()
        opened.close()
        assert complaints == []


def test_a_dead_service_shows_offline_and_a_new_one_live(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as url:
        opened = browser.new_page()
        opened.goto(url)
        opened.wait_for_selector("#live.on")
    opened.wait_for_selector("#live.off")
    assert "offline since" in opened.locator("#live").inner_text()
    opened.get_by_role("button", name="Run planner").click()
    opened.wait_for_selector(".toast.bad")
    opened.wait_for_selector("#offline:not([hidden])")
    with serving(tmp_path, port):
        opened.wait_for_selector("#live.on")
        assert opened.locator("#offline").is_hidden()
        opened.close()
