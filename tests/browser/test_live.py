"""The page in touch with its service: it follows a new plan, says that it is alone, and is back."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_page_follows_the_plan_and_outlives_its_server(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    with serving(tmp_path, port) as address:
        page.goto(address)
        page.wait_for_selector("#chart canvas")
        page.wait_for_selector("#live.on")
        before = page.locator("[data-run]").get_attribute("data-run")
        httpx.post(f"{address}/api/run_planner", timeout=60).raise_for_status()
        page.wait_for_selector(f"[data-run]:not([data-run='{before}'])")
        page.wait_for_selector("#chart canvas")
    page.wait_for_selector("#live.off")
    assert "offline since" in page.locator("#live").inner_text()
    page.locator("#offline").wait_for(state="visible")
    assert "Darkstar does not answer" in page.locator("#offline").inner_text()
    # What is known stays to be seen.
    assert page.locator("table.plan tbody tr").count() >= 2
    with serving(tmp_path, port):
        page.wait_for_selector("#live.on", timeout=60_000)
        page.locator("#offline").wait_for(state="hidden")
    page.close()


def test_another_theme_keeps_the_chart(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, free_port()) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#chart canvas")
        page.wait_for_selector("#live.on")
        page.evaluate("document.querySelector('#chart canvas').dataset.same = 'yes'")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        httpx.post(
            f"{address}/api/theme", json={"theme": "Daylight"}, timeout=60
        ).raise_for_status()
        page.wait_for_function(
            "dark => getComputedStyle(document.body).backgroundColor !== dark", arg=dark
        )
        assert page.locator("#chart canvas").get_attribute("data-same") == "yes"
        page.close()


def test_the_button_says_what_a_run_is_at(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, free_port()) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#live.on")
        # What a run of seconds says is seen without waiting for one.
        page.route("**/ui/phase", lambda route: route.fulfill(body="Planning by hand…"))
        with page.expect_response("**/ui/run-planner"):
            page.get_by_role("button", name="Run planner").click()
            page.locator("#run .busy", has_text="Planning by hand…").wait_for()
        page.locator(".toast.good").wait_for()
        page.locator("#run .busy", has_text="Planning…").wait_for(state="attached")
        page.close()


def test_a_run_names_its_phase_only_while_it_is_on(tmp_path: Path) -> None:
    with serving(tmp_path, free_port()) as address:
        assert httpx.get(f"{address}/ui/phase").text == ""
        assert httpx.get(f"{address}/api/status").json()["job"]["phase"] == ""
