"""The table of the plan and the history of runs in a real browser, by mouse and by keyboard."""

import os
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
REFRESH = "htmx.trigger(document.body, 'plan-changed')"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo home that has planned twice."""
    with serving(tmp_path_factory.mktemp("data"), free_port()) as url:
        asked = urllib.request.Request(f"{url}/api/run_planner", method="POST")  # noqa: S310
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
            assert answer.status == 200
        yield url


@pytest.fixture
def page(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """A page, watched, and no wider than its screen at the end."""
    with watched(browser, address, size) as opened:
        yield opened
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot(opened)


def shoot(page: Page) -> None:
    """Keep a picture for whoever wants to look: ``SHOTS`` names the folder."""
    if folder := os.environ.get("SHOTS"):
        name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0]
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def is_phone(page: Page) -> bool:
    return page.viewport_size == {"width": 390, "height": 844}


def test_the_table_is_folded_on_a_phone_and_whole_on_a_desk(page: Page, address: str) -> None:
    page.goto(f"{address}/plan")
    slots, blocks = page.locator("tr.slot"), page.locator("tr.block")
    assert slots.count() > 20
    first = page.locator(".day > table").first.locator("tr.slot").first
    assert first.is_visible() is not is_phone(page)
    assert blocks.last.is_visible() is is_phone(page)
    page.get_by_role("link", name="Blocks").click()
    assert not page.locator("tr.slot >> nth=-1").is_visible()
    page.locator("tr.block summary").last.focus()
    page.keyboard.press("Enter")
    page.locator("tr.slot >> nth=-1").wait_for(state="visible")
    page.get_by_role("link", name="Every quarter").click()
    assert page.locator("tr.slot >> nth=-1").is_visible()


def test_a_why_opens_and_closes_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/plan?show=slots")
    link = page.locator(".day > table tr.slot a").nth(2)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.explained")
    page.wait_for_selector("tr.slot a[aria-expanded=true]")
    said = page.locator("tr.explained").inner_text()
    assert "this is the plan" in said
    assert "SEK/kWh" in said
    assert "Rule" in said
    page.keyboard.press("Enter")
    page.locator("tr.explained").wait_for(state="detached")
    assert link.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.explained")
    page.keyboard.press("Escape")
    page.locator("tr.explained").wait_for(state="detached")
    assert link.get_attribute("aria-expanded") is None


def test_a_new_plan_closes_nothing_and_moves_nothing(page: Page, address: str) -> None:
    page.goto(f"{address}/plan?show=blocks")
    page.wait_for_selector("#live.on")
    page.locator("tr.block summary").last.click()
    page.locator("tr.slot >> nth=-1").click(position={"x": 20, "y": 10})
    page.wait_for_selector("tr.explained .others")
    page.evaluate("window.scrollTo(0, 200)")
    place = "JSON.stringify(document.querySelector('tr.explained').getBoundingClientRect())"
    before = page.evaluate(place)
    with page.expect_response("**/ui/plan-slots*") as answer:
        page.evaluate(REFRESH)
    assert "slot=" in answer.value.url
    page.locator("#plan-slots:not(.htmx-request)").wait_for()
    assert page.locator("tr.explained").is_visible()
    assert page.locator("tr.explained").count() == 1
    assert page.evaluate(place) == before
    page.get_by_role("link", name="Close").click()
    page.locator("tr.explained").wait_for(state="detached")


def test_without_scripts_a_link_opens_the_explanation(browser: Browser, address: str) -> None:
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{address}/plan?show=slots")
    plain.locator(".day > table tr.slot a").nth(1).click()
    assert "slot=" in plain.url
    assert "this is the plan" in plain.locator("tr.explained").inner_text()
    plain.get_by_role("link", name="Close").click()
    assert plain.locator("tr.explained").count() == 0
    plain.context.close()


def test_two_runs_are_chosen_and_compared_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/history")
    chosen = page.locator("input:checked")
    assert [chosen.nth(index).get_attribute("name") for index in (0, 1)] == ["to", "from"]
    page.locator("input[name=to]").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("input[name=to]:checked").get_attribute("value") == "1"
    page.keyboard.press("ArrowUp")
    page.locator("button.primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/history/diff?to=2&from=1")
    assert "in both plans" in page.locator(".verdict").inner_text()
    assert page.locator(".values").last.locator("thead a").count() == 2


def test_what_is_chosen_outlives_a_new_run(page: Page, address: str) -> None:
    page.goto(f"{address}/history")
    page.wait_for_selector("#live.on")
    kept = page.locator("input[name=to]").last
    kept.check()
    value = kept.get_attribute("value")
    with page.expect_response("**/ui/history*"):
        page.evaluate(REFRESH)
    page.locator("#history:not(.htmx-request)").wait_for()
    assert page.locator("input[name=to]:checked").get_attribute("value") == value


def test_a_run_is_replayed_and_its_quarters_explained(page: Page, address: str) -> None:
    page.goto(f"{address}/history/1")
    page.get_by_role("button", name="Replay this run").click()
    page.wait_for_selector(".replay.good")
    assert "the same to the last bit" in page.locator("#replay").inner_text()
    page.locator("tr.block summary").first.click()
    page.locator("tr.slot a").first.click()
    page.wait_for_selector("tr.explained .others")
    assert page.locator(".nav a[aria-current]").inner_text() == "History"


def test_fingers_find_their_targets(browser: Browser, address: str) -> None:
    with watched(browser, address, (390, 844)) as page:
        # Half a day without tomorrow's prices may be planned in a block or two.
        for path, targets, least in (
            ("/plan?show=slots", ".day > table tr.slot a, .switch a, .button", 4),
            ("/plan?show=blocks", "tr.block summary", 1),
            ("/history", ".pick label, .filter button, .compare button, .runs a", 4),
        ):
            page.goto(f"{address}{path}")
            heights = page.eval_on_selector_all(
                targets,
                "all => all.filter(e => e.checkVisibility())"
                ".map(e => e.getBoundingClientRect().height)",
            )
            assert len(heights) >= least, path
            assert min(heights) >= 43.5, path
