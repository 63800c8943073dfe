"""The system page in a real browser: examined, readable on a phone, silent in the console."""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from app.core import clock
from tests.browser.conftest import watched
from tests.fakes import Fault
from tests.fakes.sensor_days import Home, SensorDays, signed_home
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
TOKEN = "fake-home-token"  # noqa: S105 - opens nothing


def sick_home() -> Home:
    """A home with a reversed battery, a mislabelled house meter, a missing sun and a gap."""
    now = clock.now()
    home = signed_home(now)
    home.change("battery_power_entity_id", lambda s: s.changed(lambda v: -v))
    home.change("consumption_entity_id", lambda s: replace(s, unit="kW"))
    home.change(
        "outdoor_temperature_entity_id",
        lambda s: s.cut(now - timedelta(hours=3), now - timedelta(hours=2), state="unavailable"),
    )
    del home.sensors["sensor.sun_power"]
    return home


@contextmanager
def examined(fakes: SensorDays, data_dir: Path) -> Iterator[str]:
    """A home whose every source is on loopback."""
    assert fakes.home is not None
    mapping = {
        f"DARKSTAR_HOME_ASSISTANT__{key.upper()}": entity
        for key, entity in fakes.home.mapping.items()
    }
    with serving(
        data_dir,
        free_port(),
        demo=False,
        config="battery:\n  roundtrip_efficiency_percent: 90\n",
        environment={**fakes.environment(), **mapping},
    ) as url:
        yield url


@pytest.fixture(scope="module")
def fakes() -> Iterator[SensorDays]:
    with SensorDays(home=sick_home()) as started:
        yield started


@pytest.fixture(scope="module")
def address(fakes: SensorDays, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with examined(fakes, tmp_path_factory.mktemp("system")) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The system page, watched."""
    with watched(browser, address, size) as opened:
        opened.goto(f"{address}/system")
        opened.wait_for_selector(".jobs")
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert TOKEN not in opened.content()


def shoot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look: ``DARKSTAR_SHOTS`` names the folder."""
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_the_button_says_that_it_is_at_work_and_shows_what_to_mend(page: Page) -> None:
    assert page.locator(".working").is_hidden()
    # Held back until what the button says meanwhile has been seen.
    held: list[Route] = []
    page.route("**/ui/doctor*", lambda route: held.append(route))  # noqa: PLW0108 - no builtin
    page.get_by_role("button", name="Examine sensors").click()
    page.locator(".working").wait_for(state="visible")
    assert page.locator("#examine .busy").is_visible()
    page.locator("#examine:disabled").wait_for()
    held[0].continue_()
    page.wait_for_selector(".verdict.red")
    # The report is there a moment before the request counts as ended.
    page.locator(".working").wait_for(state="hidden")
    assert "4 to mend" in page.locator(".verdict").inner_text()
    first = page.locator(".patient").first
    assert "mend it" in first.inner_text()
    assert (
        "home_assistant.battery_power_positive_is: discharge"
        in page.locator(".patients").inner_text()
    )
    assert "no entity sensor.sun_power" in page.locator(".patients").inner_text()
    shoot(page, "system-sick")


def test_what_passed_can_be_opened(page: Page) -> None:
    page.get_by_role("button", name="Examine sensors").click()
    page.wait_for_selector(".patient")
    # A click while the report is still being put in place would be lost.
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    well = page.locator(".patient.green details").first
    well.locator("summary").click()
    well.locator("li").first.wait_for(state="visible")
    assert well.locator("li").count() >= 3
    assert "no gap" in well.inner_text().lower()


def test_the_page_refreshes_without_closing_what_was_opened(page: Page) -> None:
    page.locator("#system summary").click()
    with page.expect_response("**/ui/system"):
        page.evaluate("htmx.ajax('GET', '/ui/system', {target: '#system', swap: 'innerMorph'})")
    page.locator("#system:not(.htmx-request)").wait_for()
    assert page.locator("#system details").evaluate("details => details.open")
    assert page.locator(".sizes tbody tr").count() >= 10
    assert page.locator("#clock").count() == 1


def test_the_diagnostics_are_shown_and_one_click_selects_them(page: Page) -> None:
    page.get_by_role("link", name="Show the text").click()
    block = page.locator("pre.diagnostics")
    block.wait_for()
    block.click(position={"x": 40, "y": 40})
    selected = page.evaluate("getSelection().toString()")
    assert selected.startswith("Darkstar diagnostics")
    assert "## settings" in selected
    saved = page.get_by_role("link", name="Save as file").get_attribute("href")
    with urllib.request.urlopen(page.url.replace("/system", saved or "")) as answer:  # noqa: S310
        assert answer.read().decode().startswith("Darkstar diagnostics")


def test_the_pages_are_a_tap_apart(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Today").click()
    page.wait_for_selector("#chart canvas")
    shoot(page, "today")
    page.get_by_role("navigation").get_by_role("link", name="System").click()
    page.wait_for_selector(".jobs")
    link = page.locator(".nav a[aria-current]")
    box = link.bounding_box()
    assert link.inner_text() == "System"
    assert box is not None
    assert box["height"] >= (44 if page.viewport_size == {"width": 390, "height": 844} else 36)


def test_the_keyboard_examines(page: Page) -> None:
    page.locator("#examine").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")


def test_a_refused_token_is_told_on_the_page(browser: Browser, tmp_path: Path) -> None:
    with SensorDays(home=signed_home(clock.now())) as fakes:
        fakes.fail("home_assistant", Fault.UNAUTHORIZED)
        with examined(fakes, tmp_path) as url:
            opened = browser.new_page(viewport={"width": 390, "height": 844})
            opened.goto(f"{url}/system")
            opened.get_by_role("button", name="Examine sensors").click()
            opened.wait_for_selector(".verdict.red")
            assert "Home Assistant refuses the token" in opened.locator(".verdict").inner_text()
            assert "home_assistant.token" in opened.locator(".verdict .fix").inner_text()
            shoot(opened, "system-refused")
            fakes.heal("home_assistant")
            opened.close()
