"""The wizard in a real browser: from nothing to a first plan, with a finger and by keyboard."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from app.core import clock
from tests.browser.conftest import watched
from tests.fakes import Fault
from tests.fakes.sensor_days import SensorDays, signed_home
from tests.gate import free_port
from tests.served import NOWHERE, serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
TOKEN = "fake-home-token"  # noqa: S105 - opens nothing


@pytest.fixture
def fakes() -> Iterator[SensorDays]:
    with SensorDays(home=signed_home(clock.now())) as started:
        yield started


@contextmanager
def unconfigured(fakes: SensorDays, data_dir: Path) -> Iterator[str]:
    """The demo home with prices and weather on loopback, and no Home Assistant yet."""
    known = fakes.environment()
    environment = {name: url for name, url in known.items() if "HOME_ASSISTANT" not in name}
    with serving(data_dir, free_port(), environment=environment) as url:
        yield url


@pytest.fixture
def address(fakes: SensorDays, tmp_path: Path) -> Iterator[str]:
    with unconfigured(fakes, tmp_path) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """Today's page of the demo home, watched."""
    with watched(browser, address, size) as opened:
        opened.goto(address)
        yield opened
        assert TOKEN not in opened.content()


def shoot(page: Page, name: str) -> None:
    """Check that the page fits; ``SHOTS`` names a folder for whoever wants to look."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/setup-{name}-{width}.png", full_page=True)


def onward(page: Page, to: str) -> None:
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url(f"**/setup/{to}")


def test_the_whole_way_to_a_first_plan(page: Page, fakes: SensorDays, tmp_path: Path) -> None:
    page.get_by_role("link", name="Connect your home").click()
    page.wait_for_url("**/setup")
    shoot(page, "start")
    page.get_by_role("link", name="Begin").click()

    page.get_by_label("Begin with a city nearby").select_option("Göteborg")
    page.get_by_role("button", name="Fill in its figures").click()
    expect(page.get_by_label("Latitude")).to_have_value("57.71")
    page.get_by_label("Taxes", exact=True).select_option("area")
    expect(page.get_by_label("Energy tax")).to_be_hidden()
    page.get_by_label("Grid fee").fill("0,31")
    shoot(page, "place")
    onward(page, "battery")

    page.get_by_label("Never empty it below").fill("20")
    page.get_by_label("Usable capacity").fill("12")
    onward(page, "water")

    page.get_by_role("radio", name="No").check()
    expect(page.get_by_label("Energy a day")).to_be_hidden()
    shoot(page, "water")
    onward(page, "sun")

    page.get_by_role("button", name="Add a roof").click()
    roof = page.get_by_role("group", name="Roof 2")
    roof.get_by_label("Peak power").fill("3.2")
    roof.get_by_label("Faces").select_option("west")
    shoot(page, "sun")
    onward(page, "home-assistant")

    connect(page, fakes.url("home_assistant"), TOKEN)
    expect(page.locator("#found")).to_contain_text("Connected to “Villa”")
    page.get_by_role("combobox", name="Battery level").select_option("sensor.battery_soc")
    page.get_by_role("combobox", name="House consumption").select_option("sensor.house_power")
    page.get_by_role("button", name="Test Battery level").click()
    expect(page.locator("#said-battery_soc_entity_id .chip")).to_have_text("well")
    page.get_by_role("button", name="Test House consumption").click()
    expect(page.locator("#said-consumption_entity_id")).to_contain_text("It says")
    shoot(page, "sensors")
    onward(page, "plan")

    shoot(page, "summary")
    page.get_by_role("button", name="Make the first plan").click()
    page.wait_for_url("**/setup/plan?made=true")
    expect(page.locator("#outcome")).to_contain_text("Your plan is in force.")
    expect(page.locator("#outcome")).to_contain_text("doing nothing would")
    shoot(page, "plan")
    page.get_by_role("link", name="Show today's plan").click()
    page.wait_for_selector("#chart canvas")
    assert page.locator(".banner.sample").count() == 0
    written = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert written["demo_home"] is False
    assert written["battery"] == {"capacity_kwh": 12, "min_soc_percent": 20}
    assert [each["azimuth_degrees"] for each in written["solar_arrays"]] == [180, 270]


def connect(page: Page, url: str, token: str) -> None:
    page.get_by_label("Address").fill(url)
    page.get_by_label("Long-lived access token").fill(token)
    page.get_by_role("button", name="Test connection").click()
    page.wait_for_load_state()


def test_what_is_wrong_is_told_where_it_is(
    browser: Browser, address: str, fakes: SensorDays, size: tuple[int, int]
) -> None:
    # Not watched: a browser writes every answer of 422 into its console.
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{address}/setup/battery")
    page.get_by_label("Never empty it below").fill("99")
    page.get_by_role("button", name="Save and continue").click()
    link = page.get_by_role("alert").get_by_role("link", name="Never empty it below")
    link.click()
    shoot(page, "battery-wrong")
    box = page.get_by_label("Never empty it below")
    expect(box).to_have_value("99")
    expect(box).to_have_attribute("aria-invalid", "true")

    page.goto(f"{address}/setup/home-assistant")
    connect(page, NOWHERE, TOKEN)
    expect(page.locator("#fault")).to_contain_text("Nothing answers at")
    connect(page, fakes.url("home_assistant"), "wrong")
    expect(page.locator("#fault")).to_contain_text("does not know this token")
    shoot(page, "token-refused")
    fakes.fail("home_assistant", Fault.FORBIDDEN)
    connect(page, fakes.url("home_assistant"), TOKEN)
    expect(page.locator("#fault")).to_contain_text("keeps this machine out")
    page.close()


def reach(page: Page, label: str) -> None:
    """Go on by Tab until the element with a name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        named = page.evaluate(
            """() => { const at = document.activeElement;
            const label = at.labels?.[0]?.textContent ?? at.textContent;
            return (at.getAttribute("aria-label") ?? label).trim() }"""
        )
        if named == label or named.startswith(f"{label} ("):
            return
    pytest.fail(f"Tab never comes to {label!r}")


def by_enter(page: Page, label: str, to: str) -> None:
    reach(page, label)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{to}")
    page.wait_for_load_state()


def test_the_keyboard_alone_comes_to_a_first_plan(
    browser: Browser, address: str, fakes: SensorDays
) -> None:
    with watched(browser, address, (1440, 900)) as page:
        page.goto(address)
        by_enter(page, "Connect your home", "/setup")
        by_enter(page, "Begin", "/setup/place")
        reach(page, "Grid fee")
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("0.3")
        # Enter in a field saves; it does not press the first button, which fills in a city.
        page.keyboard.press("Enter")
        page.wait_for_url("**/setup/battery")
        by_enter(page, "Save and continue", "/setup/water")
        reach(page, "Yes")
        page.keyboard.press("ArrowRight")
        by_enter(page, "Save and continue", "/setup/sun")
        by_enter(page, "Skip", "/setup/home-assistant")
        reach(page, "Address")
        page.keyboard.type(fakes.url("home_assistant"))
        reach(page, "Long-lived access token")
        page.keyboard.type(TOKEN)
        by_enter(page, "Test connection", "/setup/home-assistant#entities")
        reach(page, "Battery level")
        page.keyboard.press("ArrowDown")
        by_enter(page, "Save and continue", "/setup/plan")
        by_enter(page, "Make the first plan", "/setup/plan?made=true")
        expect(page.locator("#outcome")).to_contain_text("Your plan is in force.")


def test_it_works_without_scripts(browser: Browser, address: str, fakes: SensorDays) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/setup/home-assistant")
    connect(page, fakes.url("home_assistant"), TOKEN)
    page.get_by_role("combobox", name="Battery level").select_option("sensor.battery_soc")
    page.get_by_role("button", name="Test Battery level").click()
    expect(page.locator("#said-battery_soc_entity_id")).to_contain_text("It says")
    expect(page.get_by_role("combobox", name="Battery level")).to_have_value("sensor.battery_soc")
    onward(page, "plan")
    context.close()
