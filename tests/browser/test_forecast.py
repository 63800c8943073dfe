"""The forecast page in a real browser: read, asked by keyboard, silent in the console."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PHONE_WIDTH = 390


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("forecast"), free_port()) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The forecast page, watched."""
    with watched(browser, address, size) as opened:
        opened.goto(f"{address}/forecast")
        opened.wait_for_selector(".spark")
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: ``SHOTS`` names the folder."""
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_the_finder_is_asked_by_keyboard_alone(page: Page) -> None:
    page.get_by_label("Energy, kWh").focus()
    page.keyboard.type("1,5")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_selector(".starts li")
    assert page.locator(".best").inner_text().startswith("Start at ")
    assert page.get_by_label("Energy, kWh").input_value() == "1,5"
    assert page.get_by_role("link", name="Calendar").get_attribute("href") == (
        "/api/best_time.ics?kwh=1.5&hours=2.0"
    )
    shoot(page, "forecast-asked")


def test_a_field_left_out_is_named_and_filling_it_in_answers(page: Page) -> None:
    page.get_by_label("Energy, kWh").fill("2")
    page.get_by_role("button", name="Find the best time").click()
    page.wait_for_selector("#finder-hours-error")
    hours = page.get_by_label("Runs for, hours")
    assert hours.get_attribute("aria-describedby") == "finder-hours-error"
    hours.fill("1")
    hours.press("Enter")
    page.wait_for_selector(".starts li")
    assert page.locator(".error-text").count() == 0


def test_a_preset_asks_at_once(page: Page) -> None:
    preset = page.get_by_role("link", name="Washing machine")
    preset.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".starts li")
    assert page.locator(".best").inner_text().startswith("Washing machine: start at ")
    assert page.get_by_label("Energy, kWh").input_value() == "0.8"
    assert page.locator(".presets [aria-current]").count() == 1
    if page.viewport_size and page.viewport_size["width"] == PHONE_WIDTH:
        boxes = [
            each.bounding_box()
            for each in page.locator(
                "#finder :is(.button, input:not([type=hidden]), select, button)"
            ).all()
        ]
        assert all(box and box["height"] >= 44 for box in boxes)


def test_without_scripts_the_form_answers_on_the_page(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto(f"{address}/forecast")
    opened.get_by_label("Energy, kWh").fill("10")
    opened.get_by_label("or draws, kW").fill("3.6")
    opened.get_by_role("button", name="Find the best time").click()
    opened.wait_for_selector(".starts li")
    assert "/forecast?" in opened.url
    context.close()


def test_the_charts_are_readable_and_have_a_table_twin(page: Page) -> None:
    charts = page.locator(".spark")
    assert charts.count() == 4
    heights = charts.first.locator("text:visible").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert min(heights) >= 10, "smaller than anybody reads"
    overlaps = charts.first.evaluate(
        """svg => { const boxes = [...svg.querySelectorAll('text.x:not(.name)')]
             .map(each => each.getBoundingClientRect()).filter(each => each.width);
           return boxes.some((box, at) => at && boxes[at - 1].right > box.left); }"""
    )
    assert not overlaps
    page.locator(".outlook.price summary").click()
    table = page.locator(".outlook.price table")
    table.wait_for(state="visible")
    assert table.locator("tbody tr:not(.day)").count() >= 47
    assert table.locator("[aria-current=time]").count() == 1


def test_a_new_plan_refreshes_the_cards_and_leaves_what_is_open(page: Page) -> None:
    page.locator(".outlook.load summary").click()
    page.get_by_label("Energy, kWh").fill("7")
    with page.expect_response("**/ui/forecast"):
        page.evaluate("document.body.dispatchEvent(new Event('plan-changed'))")
    page.locator("#forecast:not(.htmx-request)").wait_for()
    assert page.locator(".outlook.load details").evaluate("details => details.open")
    assert page.get_by_label("Energy, kWh").input_value() == "7"
    assert page.locator("#clock").count() == 1
