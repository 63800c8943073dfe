"""Manual actions in a real browser: by mouse, by keyboard, by finger, and without scripts."""

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
DESK, PHONE = (1440, 900), (390, 844)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo home that plans."""
    with serving(tmp_path_factory.mktemp("data"), free_port()) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """The dashboard without a manual action, watched."""
    httpx.delete(f"{address}/api/manual_actions").raise_for_status()
    at_rest(address)
    with watched(browser, address, size) as opened:
        opened.goto(address)
        opened.wait_for_selector("#chart canvas")
        opened.wait_for_selector("#live.on")
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def at_rest(address: str) -> None:
    """Wait until no plan is being made: a new one draws the chart anew under the hand."""
    quiet, deadline = 0, time.monotonic() + 30
    while quiet < 3:
        assert time.monotonic() < deadline
        running = httpx.get(f"{address}/api/status").json()["job"]["running"]
        quiet = 0 if running else quiet + 1
        time.sleep(0.1)


def actions(address: str) -> list[dict[str, str]]:
    """Return the actions in force."""
    found: list[dict[str, str]] = httpx.get(f"{address}/api/manual_actions").json()["actions"]
    return found


def drag(page: Page, start: float, end: float) -> None:
    """Drag over a share of the chart's width."""
    page.locator("#chart").scroll_into_view_if_needed()
    over = page.locator("#chart .u-over")
    box = over.bounding_box()
    assert box
    y = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=6)
    page.mouse.up()


def test_a_dragged_range_is_previewed_kept_and_undone(page: Page, address: str) -> None:
    drag(page, 0.2, 0.3)
    menu = page.locator("#chart-menu")
    menu.wait_for(state="visible")
    menu.get_by_role("button", name="Hold").click()
    preview = page.locator(".preview")
    preview.wait_for()
    assert "Battery" in preview.inner_text()
    assert "SEK" in preview.inner_text() or "Costs nothing" in preview.inner_text()
    assert actions(address) == []
    page.locator("#manual-form").get_by_role("button", name="Apply").click()
    page.locator(".toast.good").wait_for()
    page.locator(".actions-list li").wait_for()
    kept = actions(address)
    assert [each["action"] for each in kept] == ["hold"]
    # The form is as new, and the preview is gone from the chart.
    preview.wait_for(state="detached")
    page.locator("#toast").get_by_role("button", name="Undo").click()
    page.locator(".actions-list").wait_for(state="detached")
    assert actions(address) == []


def test_the_keyboard_does_it_all(page: Page, address: str) -> None:
    page.locator("#chart").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.locator("#chart-menu").wait_for(state="visible")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.action") == "charge"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".preview").wait_for()
    assert page.locator("#manual-form [name=action]:checked").get_attribute("value") == "water"
    page.locator("#manual-form").get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    page.locator(".actions-list li").wait_for()
    assert [each["action"] for each in actions(address)] == ["water"]
    page.get_by_role("button", name="Reset to optimal").focus()
    page.keyboard.press("Enter")
    page.locator(".actions-list").wait_for(state="detached")
    assert actions(address) == []


def test_a_kept_action_is_edited_and_taken_back(page: Page, address: str) -> None:
    form = page.locator("#manual-form")
    form.locator("[name=action][value=charge]").check()
    form.locator("[name=note]").fill("car")
    form.get_by_role("button", name="Apply").click()
    page.locator(".actions-list li").wait_for()
    page.locator(".actions-list").get_by_text("Edit").click()
    page.locator("#manual-form legend", has_text="Change the action").wait_for()
    assert form.locator("[name=note]").input_value() == "car"
    form.locator("[name=target_soc_percent]").fill("80,5")
    form.get_by_role("button", name="Apply").click()
    page.locator(".actions-list small", has_text="to 80 %").wait_for()
    assert actions(address)[0]["target_soc_percent"] == 80.5
    page.get_by_role("button", name="Take back Charge").click()
    page.locator(".actions-list").wait_for(state="detached")


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(page: Page) -> None:
    form = page.locator("#manual-form")
    form.locator("[name=target_soc_percent]").fill("much")
    form.locator("[name=note]").fill("kept")
    # The server's refusal is what is looked at, not the browser's complaint about its status.
    with page.expect_response("**/ui/manual/preview") as answered:
        form.get_by_role("button", name="Preview").click()
    assert answered.value.status == 200
    page.locator("#manual-target_soc_percent-error").wait_for()
    field = form.locator("[name=target_soc_percent]")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "much"
    assert form.locator("[name=note]").input_value() == "kept"


def test_without_scripts_the_form_works_as_well(browser: Browser, address: str) -> None:
    httpx.delete(f"{address}/api/manual_actions").raise_for_status()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/actions")
    page.get_by_role("button", name="Preview").click()
    assert "Nothing is kept yet" in page.locator(".preview").inner_text()
    page.get_by_role("button", name="Apply").click()
    assert page.url == f"{address}/actions"
    assert page.locator(".actions-list li").count() == 1
    page.get_by_role("button", name="Undo the last change").click()
    assert page.locator(".actions-list li").count() == 0
    # Undone until nothing is left, the page says so, and is a page.
    for _ in range(40):
        page.get_by_role("button", name="Undo the last change").click()
        if page.locator("#manual-form .alert").count():
            break
    assert "no manual change is left" in page.locator("#manual-form .alert").inner_text().lower()
    assert page.locator("nav").count() == 1
    context.close()


def test_a_finger_chooses_a_range(browser: Browser, address: str) -> None:
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    at_rest(address)
    page.goto(address)
    page.wait_for_selector("#chart canvas")
    page.wait_for_selector("#live.on")
    page.locator("#chart").scroll_into_view_if_needed()
    box = page.locator("#chart .u-over").bounding_box()
    assert box
    touch = context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, share in (("touchStart", 0.3), *(("touchMove", 0.3 + i / 20) for i in range(1, 7))):
        point = {"x": box["x"] + box["width"] * share, "y": y}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    menu = page.locator("#chart-menu")
    menu.wait_for(state="visible")
    # Sooner, and the browser takes both touches for one gesture; no finger is that quick.
    page.wait_for_timeout(800)
    menu.get_by_role("button", name="Charge").tap()
    page.locator(".preview").wait_for()
    sizes = page.locator("#manual button, #manual select, #chart-menu button").evaluate_all(
        "all => all.filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
    context.close()


def test_the_server_plan_is_loaded_again_and_named(page: Page) -> None:
    with page.expect_response("**/ui/chart"):
        page.get_by_role("button", name="Load server plan").or_(
            page.get_by_role("link", name="Load server plan")
        ).click()
    page.locator(".toast.good", has_text="The server plan of").wait_for()
    page.wait_for_selector("#chart canvas")


def test_the_target_left_empty_is_that_of_the_chosen_action(page: Page) -> None:
    target = page.get_by_label("Target, %")
    for name, hint in (("Export", "35"), ("Hold", ""), ("Charge", "95")):
        page.locator("label.kind", has_text=name).first.click()
        assert target.get_attribute("placeholder") == hint
