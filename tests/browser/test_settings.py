"""The settings in a real browser: refused, put right and saved, with a keyboard and on a phone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Dialog, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
HOME = """\
# The home of a test.
battery:
  capacity_kwh: 12   # as sold
"""
SECTIONS = ("home", "battery", "water", "sun", "prices", "planning", "home-assistant", "alerts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder, free_port(), config=HOME) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The page of the battery, watched."""
    with watched(browser, address, size) as opened:
        opened.goto(f"{address}/settings/battery")
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def said(folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load((folder / "config.yaml").read_text())
    return found


def test_a_refusal_stands_at_its_field_and_what_is_put_right_is_saved(
    page: Page, folder: Path
) -> None:
    lowest = page.get_by_label("Lowest charge level")
    page.get_by_role("spinbutton", name="Charging power kW", exact=True).fill("4.5")
    lowest.fill("96")
    page.get_by_role("button", name="Save", exact=True).last.click()
    summary = page.locator(".errors")
    summary.wait_for()
    assert page.evaluate("document.activeElement.className").startswith("alert errors")
    assert lowest.get_attribute("aria-invalid") == "true"
    assert lowest.input_value() == "96"
    assert (
        page.get_by_role("spinbutton", name="Charging power kW", exact=True).input_value() == "4.5"
    )
    shoot(page, "settings-refused")
    summary.get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "battery.min_soc_percent"
    lowest.fill("20")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator("#toast .toast").wait_for()
    assert "2 settings saved" in page.locator("#toast").inner_text()
    assert page.locator(".errors").count() == 0
    battery = said(folder)["battery"]
    assert battery == {"capacity_kwh": 12, "min_soc_percent": 20, "max_charge_kw": 4.5}
    assert "# as sold" in (folder / "config.yaml").read_text()
    # Back to the defaults, one by one: the next size begins with the same home.
    for name in ("Lowest charge level", "Charging power"):
        page.get_by_role("button", name=f"Take the default of {name}").click()
        page.get_by_role("button", name=f"Take the default of {name}").wait_for(state="detached")
    assert said(folder)["battery"] == {"capacity_kwh": 12}


def test_a_keyboard_is_enough(page: Page, folder: Path) -> None:
    capacity = page.get_by_role("spinbutton", name="Capacity")
    capacity.focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("11")
    page.keyboard.press("Enter")
    page.locator("#toast .toast").wait_for()
    assert said(folder)["battery"]["capacity_kwh"] == 11
    # Nothing that cannot be seen takes the focus on the way from field to field.
    capacity.focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        width = page.evaluate("document.activeElement.getBoundingClientRect().width")
        assert width > 2, page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.value") == "save":
            break
    assert page.evaluate("document.activeElement.textContent").strip().startswith("Save")
    page.get_by_role("spinbutton", name="Capacity").fill("12")
    # The words of the first saving are still there.
    with page.expect_response("**/settings/battery") as answer:
        page.get_by_role("button", name="Save", exact=True).last.press("Enter")
    assert answer.value.status == 200
    assert said(folder)["battery"]["capacity_kwh"] == 12


def test_rows_come_and_go_without_losing_what_was_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/settings/sun")
    page.get_by_label("Sun counted on").fill("93")
    page.get_by_role("button", name="Add to Roof planes").click()
    page.get_by_role("group", name="Roof planes 2").get_by_label("Tilt").fill("12")
    assert page.get_by_label("Sun counted on").input_value() == "93"
    assert page.get_by_text("not saved yet").is_visible()
    page.get_by_role("button", name="Remove Roof planes 1").click()
    page.get_by_role("group", name="Roof planes 2").wait_for(state="detached")
    assert page.get_by_role("group", name="Roof planes 1").get_by_label("Tilt").input_value() == (
        "12"
    )
    shoot(page, "settings-rows")


def test_every_section_fits_its_screen_and_can_be_touched(
    page: Page, address: str, size: tuple[int, int]
) -> None:
    for section in (*SECTIONS, "service", "import", "reset", ""):
        page.goto(f"{address}/settings/{section}".rstrip("/"))
        page.locator(".settings-nav").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), section
        unnamed = page.evaluate(
            "[...document.querySelectorAll('main input:not([type=hidden]), main select, "
            "main textarea:not([hidden])')].filter(e => !e.labels.length).map(e => e.id)"
        )
        assert unnamed == []
        low = page.evaluate(
            "[...document.querySelectorAll('main a, main button, main select, main textarea, "
            "main label.check, main input:not([type=hidden]):not([type=checkbox])')].filter(e => "
            "e.offsetWidth > 2 && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
        )
        assert size[0] > 800 or low == [], section
        shoot(page, f"settings-{section or 'overview'}")


def test_a_search_leads_to_the_setting(page: Page, address: str) -> None:
    page.goto(f"{address}/settings")
    page.get_by_label("Find a setting").fill("wear")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Cost of wear").click()
    page.wait_for_url("**/settings/battery#battery.wear_cost_per_kwh")
    assert page.get_by_label("Cost of wear").is_visible()


def test_it_works_without_scripts(browser: Browser, address: str, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/settings/water")
    page.get_by_label("Runs a day").fill("3")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_text("1 setting saved").wait_for()
    assert said(folder)["water_heating"] == {"max_blocks_per_day": 3}
    page.goto(f"{address}/settings/import")
    page.get_by_label("or its text").fill("battery_economics:\n  battery_cycle_cost_kwh: 0.15\n")
    page.get_by_role("button", name="Show what would change").click()
    assert "battery_economics.battery_cycle_cost_kwh" in page.locator(".changes").inner_text()
    page.goto(f"{address}/settings/reset")
    page.get_by_role("link", name="Keep everything").click()
    page.wait_for_url("**/settings")
    context.close()


def test_what_is_typed_and_not_saved_is_asked_about_before_it_is_left(
    page: Page, address: str
) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    power = page.get_by_role("spinbutton", name="Charging power kW", exact=True)
    before = power.input_value()
    other = "3.25" if before != "3.25" else "2.75"
    away = page.locator(".settings-nav a", has_text="Water")
    power.fill(other)
    away.click()
    page.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    assert page.url.endswith("/settings/battery")
    assert power.input_value() == other
    # Taken back or saved there is nothing to ask.
    power.fill(before)
    away.click()
    page.wait_for_url("**/settings/water")
    page.goto(f"{address}/settings/battery")
    power.fill(other)
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.locator(".banner.good").wait_for()
    away.click()
    page.wait_for_url("**/settings/water")
    assert asked == ["beforeunload"]
