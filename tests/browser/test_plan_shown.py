"""The chart shows the server's plan, and on request the one in this service's own file."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import watched
from tests.gate import free_port
from tests.served import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_the_local_plan_is_shown_on_request_and_the_servers_again(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        serving(tmp_path, free_port()) as address,
        watched(browser, address, (1440, 900)) as page,
    ):
        page.goto(address)
        page.wait_for_selector("#chart canvas")
        shown, button = page.locator("#plan-shown"), page.locator("#local-plan")
        expect(shown).to_be_hidden()
        button.click()
        expect(shown).to_contain_text("The local plan of")
        expect(shown).to_contain_text("The server has the same.")
        button.click()
        expect(shown).to_be_hidden()

        # As another service that plans for the home leaves it: this file is older.
        file = tmp_path / "schedule.json"
        plan = json.loads(file.read_text())
        plan["meta"]["plan_run_id"] = 0
        for slot in plan["schedule"]:
            slot["charge_kw"] = 1.25
        file.write_text(json.dumps(plan))
        button.click()
        expect(shown).to_contain_text("run 0. The server has that of")
        expect(button).to_have_attribute("aria-pressed", "true")
        slots = httpx.get(f"{address}/ui/chart?plan=local").json()["slots"]
        assert {slot["charge_kw"] for slot in slots} == {1.25}
        page.locator("#chart").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#chart-text")).to_contain_text("charging 1.3 kW")

        page.locator("#server-plan").click()
        expect(shown).to_be_hidden()
        expect(button).to_have_attribute("aria-pressed", "false")

        file.write_text("half a plan")
        button.click()
        expect(shown).to_contain_text("schedule.json is damaged")
        # What was drawn stays.
        expect(page.locator("#chart canvas")).to_be_visible()
        file.unlink()
        # The server's plan is asked for first and comes last.
        held: list[Route] = []
        page.route("**/ui/chart", lambda route: held.append(route))  # noqa: PLW0108 - no builtin
        button.click()
        button.click()
        expect(shown).to_contain_text("this service has not made one yet")
        with page.expect_response("**/ui/chart"):
            held[0].continue_()
        page.wait_for_timeout(300)
        expect(shown).to_contain_text("this service has not made one yet")
