"""The appearance page in a real browser: looked at, saved, kept, and worn by every open page."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.themes import themes_now
from app.themes.model import BUILT_IN, BUILT_IN_LIGHT
from app.themes.tokens import tokens_of
from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PAGE = "/settings/appearance"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("appearance")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder, free_port()) as url:
        yield url


def choose(address: str, theme: str, accent: int = 0) -> None:
    """Choose a theme as another device does."""
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/api/theme",
        data=json.dumps({"theme": theme, "accent_index": accent}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310
        assert answer.status == 200


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The page as it is while darkstar is chosen."""
    choose(address, "darkstar")
    with watched(browser, address, size) as opened:
        opened.goto(f"{address}{PAGE}")
        opened.wait_for_selector("#live.on")
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def wears(page: Page, background: str) -> None:
    """Wait until the page is painted in a colour."""
    page.wait_for_function(
        "wanted => getComputedStyle(document.documentElement).getPropertyValue('--bg') === wanted",
        arg=background,
    )
    red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
    expect(page.locator("body")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")


def pick(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)


def test_a_theme_is_looked_at_and_dropped_again(page: Page) -> None:
    page.evaluate("window.told = 0; document.addEventListener('theme-changed', () => told++)")
    pick(page, "theme", "daylight")
    wears(page, BUILT_IN_LIGHT.background)
    expect(page.get_by_text("Preview, not saved")).to_be_visible()
    assert page.evaluate("told") == 1
    assert page.locator('meta[name="theme-color"]').get_attribute("content") == (
        BUILT_IN_LIGHT.background
    )
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.locator("link#theme").count() == 1
    page.get_by_role("button", name="Revert").click()
    wears(page, BUILT_IN.background)
    expect(page.get_by_text("Preview, not saved")).to_be_hidden()
    page.reload()
    wears(page, BUILT_IN.background)


def test_an_accent_is_looked_at(page: Page) -> None:
    pick(page, "accent", "4")
    wanted = tokens_of(BUILT_IN, 4)["accent"]
    page.wait_for_function(
        "wanted => getComputedStyle(document.documentElement).getPropertyValue('--accent')"
        " === wanted",
        arg=wanted,
    )
    expect(page.get_by_text("Preview, not saved")).to_be_visible()


def test_what_is_saved_is_kept(page: Page, folder: Path) -> None:
    pick(page, "theme", "Nord")
    pick(page, "accent", "2")
    nord = themes_now(str(folder)).named("nord")
    wears(page, nord.background)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    wears(page, nord.background)
    page.reload()
    wears(page, nord.background)
    assert page.locator('input[value="Nord"]').is_checked()
    assert page.locator('input[name="accent"][value="2"]').is_checked()
    assert "theme: Nord" in (folder / "config.yaml").read_text()
    page.goto(page.url.replace(PAGE, "/"))
    page.wait_for_selector("#chart canvas")
    wears(page, nord.background)


def test_every_theme_is_worn_without_a_complaint(page: Page, folder: Path) -> None:
    for theme in themes_now(str(folder)).found.values():
        pick(page, "theme", theme.name)
        wears(page, theme.background.lower())
    pick(page, "theme", "auto")
    wears(page, BUILT_IN_LIGHT.background)


def test_the_keyboard_goes_through_the_themes(page: Page) -> None:
    page.locator('input[name="theme"]:checked').focus()
    page.keyboard.press("ArrowRight")
    wears(page, BUILT_IN_LIGHT.background)
    outline = page.locator(".theme:has(:focus-visible)").evaluate(
        "card => getComputedStyle(card).outlineStyle"
    )
    assert outline == "solid"


def test_what_is_tapped_is_large_enough(page: Page) -> None:
    least = 44 if page.viewport_size == {"width": 390, "height": 844} else 36
    for box in page.locator(".theme, .accent, .language label, .save-bar button").all():
        size = box.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= least, box.inner_text()


def test_an_open_page_wears_what_another_device_chose(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    page.wait_for_selector("#live.on")
    wears(page, BUILT_IN.background)
    choose(address, "daylight")
    wears(page, BUILT_IN_LIGHT.background)


def test_who_is_looking_at_a_theme_is_left_alone_by_another_device(page: Page) -> None:
    hears = (
        "document.body.dispatchEvent(new CustomEvent('config-changed')),"
        " document.querySelectorAll('link#theme').length"
    )
    assert page.evaluate(hears) == 2, "the new stylesheet is on its way"
    page.wait_for_function("() => document.querySelectorAll('link#theme').length === 1")
    pick(page, "theme", "daylight")
    wears(page, BUILT_IN_LIGHT.background)
    assert page.evaluate(hears) == 1


def test_automatic_follows_the_device(page: Page, address: str) -> None:
    choose(address, "auto")
    for scheme, theme in (("light", BUILT_IN_LIGHT), ("dark", BUILT_IN)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.reload()
        wears(page, theme.background)
    page.evaluate("window.told = 0; document.addEventListener('theme-changed', () => told++)")
    page.emulate_media(color_scheme="light")
    wears(page, BUILT_IN_LIGHT.background)
    page.wait_for_function("() => told === 1")


def test_forced_colours_leave_roles_that_fit_the_systems_page(page: Page) -> None:
    page.emulate_media(forced_colors="active", color_scheme="light")
    wears(page, "#ffffff")
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.wait_for_function(
        "() => getComputedStyle(document.documentElement).getPropertyValue('--bg') === '#000000'"
    )


def test_nothing_moves_for_who_asked_for_that(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        ' \'<div class="empty" aria-busy="true"><h1>x</h1></div>\')'
    )
    moving = "getComputedStyle(document.querySelector('.empty h1'), '::after').animationName"
    assert page.evaluate(moving) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) == "turn"


def test_a_bad_file_is_told_with_its_reason(page: Page, folder: Path) -> None:
    (folder / "themes").mkdir(exist_ok=True)
    bad = folder / "themes" / "bad.json"
    bad.write_text('{"palette": [],\n')
    page.reload()
    told = page.locator(".bad-files").inner_text()
    bad.unlink()
    assert told.startswith("bad.json: is not valid JSON: line 2")
    page.reload()
    assert page.locator(".bad-files").count() == 0


def test_without_scripts_the_form_saves(browser: Browser, address: str) -> None:
    choose(address, "darkstar")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto(f"{address}{PAGE}")
    opened.locator('input[value="daylight"]').check(force=True)
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_text("Saved.")).to_be_visible()
    assert opened.locator('input[value="daylight"]').is_checked()
    context.close()
