"""The pages of the settings: every setting is on one, and nothing that was typed is lost."""

import html
import json
import re
from pathlib import Path

import httpx
import pytest
import yaml

from app.api.settings.controls import controls, text_of, value_of_text
from app.api.settings.labels import LABELS, label
from app.api.web.setting_sections import APPEARANCE, GROUPS, SECTIONS, fields_of, section_of
from app.settings import Settings
from app.settings.fields import plain_value, setting_fields
from app.settings.store.files import ConfigFiles, ConfigNotWritableError, Contents
from app.settings.store.legacy import look
from tests.api.test_config import CONFIG, SECRETS, TOKEN, home, served

__all__ = ["home"]
LEGACY = Path(__file__).parent.parent / "fixtures" / "legacy"
_INPUT = re.compile(r"<(input|select|textarea)([^>]*)>")
HTML = {"Accept": "text/html"}
# Themes and language are chosen on a page with a preview of their own.
FORMS = [each for each in SECTIONS if each.key != APPEARANCE]
CHOSEN_BY = {"ui.theme": "theme", "ui.theme_accent_index": "accent", "ui.language": "language"}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def form_of(page: str) -> dict[str, str]:
    """What a browser would send back of a page that nobody touched, secrets and boxes aside."""
    was = json.loads(hidden(page, "was"))
    plain = {path: text for path, text in was.items() if controls()[path].kind != "rows"}
    return {**plain, "version": hidden(page, "version"), "was": json.dumps(was)}


def attributes(page: str, name: str) -> str:
    found = re.search(
        rf'<(?:input|select|textarea|fieldset)[^>]* id="{re.escape(name)}"[^>]*', page
    )
    assert found, name
    return found[0]


def test_every_group_of_settings_stands_in_one_section() -> None:
    placed = [group for section in SECTIONS for group in section.groups]
    assert sorted(placed) == sorted(Settings.model_fields)


def test_every_setting_and_group_has_a_name_in_plain_words() -> None:
    assert all(label(path) for path in setting_fields())
    assert {path.rpartition(".")[0] for path in setting_fields()} - {""} <= set(GROUPS)
    columns = {f"{path}.{name}" for path, of in controls().items() for name, _ in of.columns}
    assert set(LABELS) <= set(setting_fields()) | columns, "a name of a setting that is gone"


def test_what_a_control_shows_reads_back_as_the_value_it_shows() -> None:
    tree = Settings().model_dump(mode="json")
    for path, control in controls().items():
        if control.kind == "secret":
            continue
        value = plain_value(Settings(), path) if control.kind == "yaml" else look(tree, path)
        read = value_of_text(control, text_of(control, value)) if value is not None else None
        if control.kind == "rows":
            value = [{k: v for k, v in row.items() if v is not None} for row in value]
        assert read == value, path


async def test_every_setting_has_a_labelled_control_and_help_on_the_page_it_is_linked_at(
    home: Path,
) -> None:
    async with served(home) as (_, client):
        pages = {each.key: (await client.get(f"/settings/{each.key}")).text for each in SECTIONS}
        overview = (await client.get("/settings")).text
    for path, field in setting_fields().items():
        page = pages[section_of(path).key]
        if section_of(path).key == APPEARANCE:
            assert f'name="{CHOSEN_BY[path]}"' in page
            continue
        control = attributes(page, path)
        assert f'id="{path}-help"' in page, path
        assert "aria-describedby" in control, path
        if not control.startswith("<fieldset"):
            assert f'<label for="{path}">' in page, path
        if field.secret:
            assert 'type="password"' in control, path
    assert all(f'href="/settings/{each.key}"' in overview for each in SECTIONS)
    assert all(TOKEN not in page for page in [*pages.values(), overview])


async def test_the_right_control_with_bounds_and_choices(home: Path) -> None:
    async with served(home) as (_, client):
        battery = (await client.get("/settings/battery")).text
        planning = (await client.get("/settings/planning")).text
        place = (await client.get("/settings/home")).text
        prices = (await client.get("/settings/prices")).text
    level = attributes(battery, "battery.min_soc_percent")
    for each in ('type="number"', 'min="0"', 'max="100"', 'step="any"', 'value="15"'):
        assert each in level
    assert 'step="1"' in attributes(planning, "smoothing.min_on_slots_charge")
    assert attributes(planning, "planner.engine").startswith("<select")
    assert 'value="Europe/Stockholm" selected' in place
    assert attributes(place, "demo_home").startswith('<input type="checkbox"')
    assert "SEK/kWh" in prices
    assert attributes(prices, "tariff.grid_transfer").startswith("<textarea")


async def test_an_untouched_page_saves_nothing(home: Path) -> None:
    async with served(home) as (_, client):
        for section in FORMS:
            page = (await client.get(f"/settings/{section.key}")).text
            answer = await client.post(f"/settings/{section.key}", data=form_of(page))
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/settings/{section.key}?saved=",
            ), answer.text
    assert (home / "config.yaml").read_text() == CONFIG
    assert (home / "secrets.yaml").read_text() == SECRETS


async def test_only_what_was_changed_is_written_and_comments_stay(home: Path) -> None:
    async with served(home) as (app, client):
        form = form_of((await client.get("/settings/battery")).text)
        form["battery.capacity_kwh"] = "12,5"
        answer = await client.post("/settings/battery", data=form, headers=HTML)
        assert answer.status_code == 303
        page = (await client.get(answer.headers["location"])).text
        assert "1 setting saved. Counts from the next plan on" in page
        assert app.state.services.job.settings.battery.capacity_kwh == 12.5
    assert (home / "config.yaml").read_text() == CONFIG.replace(
        "capacity_kwh: 10 ", "capacity_kwh: 12.5 "
    )


async def test_an_error_stands_at_its_field_and_keeps_what_was_typed(home: Path) -> None:
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/battery")).text)
        form |= {
            "battery.min_soc_percent": "97",
            "battery.max_charge_kw": "2000",
            "battery.capacity_kwh": "",
            "battery.wear_cost_per_kwh": "0.3",
        }
        first = await client.post("/settings/battery", data=form, headers=HTML)
        form["battery.capacity_kwh"] = "10"
        second = await client.post("/settings/battery", data=form, headers=HTML)
        form["battery.max_charge_kw"] = "5"
        third = await client.post("/settings/battery", data=form, headers=HTML)
    assert [each.status_code for each in (first, second, third)] == [422, 422, 422]
    assert 'aria-invalid="true"' in attributes(first.text, "battery.capacity_kwh")
    wrong = attributes(second.text, "battery.max_charge_kw")
    assert 'value="2000"' in wrong
    assert 'aria-describedby="battery.max_charge_kw-error battery.max_charge_kw-help"' in wrong
    assert 'href="#battery.max_charge_kw"' in second.text
    assert "less than or equal to 1000" in second.text
    assert 'value="0.3"' in attributes(second.text, "battery.wear_cost_per_kwh")
    assert 'href="#battery.min_soc_percent"' in third.text
    assert "“Lowest charge level” (97) must not be above “Highest charge level” (95)" in third.text
    assert (home / "config.yaml").read_text() == CONFIG


async def test_an_error_under_an_original_name_stands_at_todays_field(tmp_path: Path) -> None:
    for name in ("config.yaml", "secrets.yaml"):
        (tmp_path / name).write_bytes((LEGACY / name).read_bytes())
    env = {"DARKSTAR_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/x.db"}
    async with served(tmp_path, env) as (_, client):
        form = form_of((await client.get("/settings/battery")).text)
        form["battery.max_charge_kw"] = "-1"
        answer = await client.post("/settings/battery", data=form)
    assert 'aria-invalid="true"' in attributes(answer.text, "battery.max_charge_kw")


async def test_with_htmx_only_the_form_comes_back_with_a_toast(home: Path) -> None:
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/water")).text)
        form["water_heating.power_kw"] = "2"
        asked = {"HX-Request": "true", **HTML}
        answer = await client.post("/settings/water", data=form, headers=asked)
        form["water_heating.power_kw"] = "-2"
        form["version"] = hidden(answer.text, "version")
        refused = await client.post("/settings/water", data=form, headers=asked)
    assert answer.text.startswith("\n<form") or answer.text.startswith("<form")
    assert 'id="toast" hx-swap-oob="innerHTML"' in answer.text
    assert "Counts from the next plan on" in answer.text
    assert refused.status_code == 200
    assert 'aria-invalid="true"' in attributes(refused.text, "water_heating.power_kw")
    assert "toast" not in refused.text


async def test_who_saves_after_somebody_else_is_told_and_loses_nothing(home: Path) -> None:
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/battery")).text)
        await client.put("/api/config", json={"battery": {"capacity_kwh": 8, "max_charge_kw": 3}})
        form |= {"battery.capacity_kwh": "12", "battery.max_discharge_kw": "4"}
        told = await client.post("/settings/battery", data=form, headers=HTML)
        assert told.status_code == 412
        assert 'value="12"' in attributes(told.text, "battery.capacity_kwh")
        assert 'value="3"' in attributes(told.text, "battery.max_charge_kw")
        assert "Meanwhile changed elsewhere to 8." in told.text
        again = form_of(told.text)
        again |= {"battery.capacity_kwh": "12", "battery.max_discharge_kw": "4"}
        assert (await client.post("/settings/battery", data=again)).status_code == 303
    written = yaml.safe_load((home / "config.yaml").read_text())["battery"]
    assert written == {
        "capacity_kwh": 12,
        "min_soc_percent": 15,
        "max_charge_kw": 3,
        "max_discharge_kw": 4,
    }


async def test_a_folder_that_cannot_be_written_is_told_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_files: ConfigFiles, _old: Contents, _new: Contents) -> None:
        raise ConfigNotWritableError("config.yaml cannot be written: Read-only file system")

    monkeypatch.setattr(ConfigFiles, "write", refuse)
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/battery")).text)
        form["battery.capacity_kwh"] = "12"
        answer = await client.post("/settings/battery", data=form, headers=HTML)
        monkeypatch.setattr("app.api.settings.pages.os.access", lambda *_: False)
        before = (await client.get("/settings/battery")).text
    assert answer.status_code == 409
    assert "Read-only file system" in answer.text
    assert 'value="12"' in attributes(answer.text, "battery.capacity_kwh")
    assert "mounted read-only" in before


async def test_one_value_goes_back_to_its_default_and_unsaved_ones_stay(home: Path) -> None:
    (home / "config.yaml").write_text(CONFIG.replace("min_soc_percent: 15", "min_soc_percent: 20"))
    async with served(home) as (_, client):
        page = (await client.get("/settings/battery")).text
        assert "reset:battery.min_soc_percent" in page
        assert "reset:battery.capacity_kwh" not in page
        form = form_of(page) | {"do": "reset:battery.min_soc_percent"}
        form["battery.max_charge_kw"] = "4"
        answer = await client.post("/settings/battery", data=form, headers=HTML)
    assert 'value="15"' in attributes(answer.text, "battery.min_soc_percent")
    assert 'value="4"' in attributes(answer.text, "battery.max_charge_kw")
    assert "not saved yet" in answer.text
    written = yaml.safe_load((home / "config.yaml").read_text())
    assert written["battery"] == {"capacity_kwh": 10}


async def test_a_reset_of_all_asks_first_and_names_what_changes(home: Path) -> None:
    text = CONFIG.replace("capacity_kwh: 10", "capacity_kwh: 7")
    (home / "config.yaml").write_text(text)
    away = {"DARKSTAR_NORDPOOL__BASE_URL": "http://127.0.0.1:9"}
    away["DARKSTAR_OPEN_METEO__BASE_URL"] = "http://127.0.0.1:9"
    async with served(home, away) as (_, client):
        asked = (await client.get("/settings/reset")).text
        assert re.search(r"Capacity</th><td[^>]*>7</td><td[^>]*>10</td>", asked)
        late = await client.post("/settings/reset", data={"version": "another"}, headers=HTML)
        assert late.status_code == 412
        assert (home / "config.yaml").read_text() == text
        done = await client.post("/settings/reset", data={"version": hidden(asked, "version")})
        assert done.headers["location"] == "/settings?saved=battery.capacity_kwh"
    assert yaml.safe_load((home / "config.yaml").read_text()) == {"demo_home": True}


async def test_rows_are_added_filled_refused_at_their_cell_and_saved(home: Path) -> None:
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/sun")).text)
        cells = {"peak_power_kwp": "8.5", "azimuth_degrees": "180", "tilt_degrees": "35"}
        form |= {f"solar_arrays.0.{name}": text for name, text in cells.items()}
        form |= {"solar_arrays": "", "solar_arrays.0.inverter": "", "do": "add:solar_arrays"}
        added = await client.post("/settings/sun", data=form, headers=HTML)
        assert added.status_code == 200
        assert 'id="solar_arrays.1.peak_power_kwp"' in added.text
        form |= {
            "do": "save",
            "solar_arrays.1.peak_power_kwp": "4",
            "solar_arrays.1.azimuth_degrees": "400",
            "solar_arrays.1.tilt_degrees": "20",
            "solar_arrays.1.inverter": "",
        }
        refused = await client.post("/settings/sun", data=form, headers=HTML)
        assert 'aria-invalid="true"' in attributes(refused.text, "solar_arrays.1.azimuth_degrees")
        form["solar_arrays.1.azimuth_degrees"] = "90"
        assert (await client.post("/settings/sun", data=form)).status_code == 303
        page = (await client.get("/settings/sun")).text
        form = form_of(page) | {k: v for k, v in form.items() if k.startswith("solar_arrays")}
        form["do"] = "remove:solar_arrays:0"
        removed = await client.post("/settings/sun", data=form, headers=HTML)
        assert 'value="4"' in attributes(removed.text, "solar_arrays.0.peak_power_kwp")
        assert 'id="solar_arrays.1.peak_power_kwp"' not in removed.text
    arrays = yaml.safe_load((home / "config.yaml").read_text())["solar_arrays"]
    assert [each["azimuth_degrees"] for each in arrays] == [180, 90]


async def test_rules_of_a_tariff_are_text_with_errors_by_entry(home: Path) -> None:
    rules = "- hours: [06-22]\n  per_kwh: 0.5\n- per_kwh: 0.2\n"
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/prices")).text)
        for wrong, words in (
            (rules.replace("0.5", "much"), "entry 1, per_kwh"),
            ("- hours: [06-22\n", "not valid YAML"),
        ):
            answer = await client.post(
                "/settings/prices", data=form | {"tariff.grid_transfer": wrong}, headers=HTML
            )
            assert answer.status_code == 422
            assert words in answer.text
            assert html.escape(wrong.strip()) in answer.text
            assert 'aria-invalid="true"' in attributes(answer.text, "tariff.grid_transfer")
        form["tariff.grid_transfer"] = rules
        assert (await client.post("/settings/prices", data=form)).status_code == 303
    written = yaml.safe_load((home / "config.yaml").read_text())["tariff"]["grid_transfer"]
    assert written == [{"hours": ["06-22"], "per_kwh": 0.5}, {"per_kwh": 0.2}]


async def test_boxes_and_lists_of_choices(home: Path) -> None:
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/alerts")).text)
        # A browser sends nothing for a box that is not ticked but the hidden field before it.
        answer = await client.post(
            "/settings/alerts",
            content=httpx.QueryParams(
                [
                    *((k, v) for k, v in form.items() if k != "alerts.safe_default_on"),
                    ("alerts.safe_default_on", ""),
                    ("alerts.safe_default_on", "idle_plan"),
                ]
            )
            .__str__()
            .encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 303, answer.text
        form = form_of((await client.get("/settings/planning")).text)
        form |= {"arbitrage.enable_export": "false", "s_index.days_ahead": "2\n3"}
        assert (await client.post("/settings/planning", data=form)).status_code == 303
    written = yaml.safe_load((home / "config.yaml").read_text())
    assert written["alerts"] == {"safe_default_on": ["idle_plan"]}
    assert written["arbitrage"] == {"enable_export": False}
    assert written["s_index"] == {"days_ahead": [2, 3]}


async def test_a_secret_is_written_to_its_own_file_and_never_shown(home: Path) -> None:
    new = "a-new-canary"
    async with served(home) as (_, client):
        form = form_of((await client.get("/settings/home-assistant")).text)
        bad = form | {"home_assistant.token": new, "home_assistant.pv_entity_id": "Not An Entity"}
        refused = await client.post("/settings/home-assistant", data=bad, headers=HTML)
        assert refused.status_code == 422
        assert new not in refused.text
        form["home_assistant.token"] = new
        assert (await client.post("/settings/home-assistant", data=form)).status_code == 303
        assert new not in (await client.get("/settings/home-assistant")).text
    assert yaml.safe_load((home / "secrets.yaml").read_text())["home_assistant"]["token"] == new
    assert new not in (home / "config.yaml").read_text()


async def test_what_the_environment_sets_is_shown_but_not_asked(home: Path) -> None:
    async with served(home, {"DARKSTAR_BATTERY__CAPACITY_KWH": "7"}) as (_, client):
        page = (await client.get("/settings/battery")).text
    assert " disabled" in attributes(page, "battery.capacity_kwh")
    assert "DARKSTAR_BATTERY__CAPACITY_KWH" in page


async def test_a_search_finds_settings_by_name_help_and_path(home: Path) -> None:
    async with served(home) as (_, client):
        for query, href in (
            ("lowest charge", "/settings/battery#battery.min_soc_percent"),
            ("min_soc", "/settings/battery#battery.min_soc_percent"),
            ("BIDDING zone", "/settings/prices#nordpool.price_area"),
        ):
            page = (await client.get("/settings", params={"q": query})).text
            assert f'href="{href}"' in page, query
        nothing = (await client.get("/settings", params={"q": "<zeppelin>"})).text
        assert "Nothing by these words" in nothing
        assert "<zeppelin>" not in nothing
        group = await client.get("/settings/nordpool")
        assert group.headers["location"] == "/settings/prices#nordpool"
        assert (await client.get("/settings/zeppelin")).status_code == 404


async def test_without_a_login_a_save_leads_to_the_login_page_and_back(home: Path) -> None:
    async with served(home) as (app, client):
        app.state.gate.token.ensure()
        app.state.gate.token.accepts(app.state.gate.token.renew())
        page = await client.get("/settings/battery")
        assert "Log in before you change something" in page.text
        form = form_of(page.text)
        plain = await client.post("/settings/battery", data=form, headers=HTML)
        swap = await client.post("/settings/battery", data=form, headers={"HX-Request": "true"})
    assert plain.headers["location"] == "/login?next=/settings/battery"
    assert (swap.status_code, swap.headers["hx-redirect"]) == (401, plain.headers["location"])


async def test_a_form_of_another_page_is_refused(home: Path) -> None:
    async with served(home) as (_, client):
        answer = await client.post("/settings/battery", data={"battery.capacity_kwh": "3"})
    assert answer.status_code == 422
    assert (home / "config.yaml").read_text() == CONFIG


async def test_an_original_configuration_is_shown_before_it_is_taken_over(home: Path) -> None:
    text = (LEGACY / "config.yaml").read_text() + "\nmystery: {box: 1}\n"
    async with served(home) as (_, client):
        files = {"file": ("config.yaml", text.encode())}
        shown = await client.post("/settings/import", files=files, data={"text": ""})
        assert shown.status_code == 200, shown.text
        assert "system.grid.max_power_kw" in shown.text
        assert "<code>system.battery.capacity_kwh</code>" not in shown.text, "battery's own wins"
        assert re.search(r"demo_home</code></small></th><td[^>]*>follows from", shown.text)
        assert "<code>mystery</code>: no such setting" in shown.text
        assert (home / "config.yaml").read_text() == CONFIG
        done = await client.post(
            "/settings/import/apply", data={"text": text, "version": hidden(shown.text, "version")}
        )
        assert done.status_code == 303, done.text
        late = await client.post("/settings/import/apply", data={"text": text, "version": "old"})
        assert late.status_code == 412
        back = await client.get("/settings/import/apply")
        assert back.headers["location"] == "/settings/import"
        broken = await client.post("/settings/import", data={"text": "a: [1,"})
        assert broken.status_code == 422
        assert "line 1" in broken.text
        assert "a: [1," in broken.text
    written = yaml.safe_load((home / "config.yaml").read_text())
    assert written["demo_home"] is False
    assert "mystery" not in written
    assert (home / "config.yaml").read_text().startswith("# The home of a test.")


async def test_every_name_of_an_original_file_is_told_on_the_page_in_both_languages(
    home: Path,
) -> None:
    text = (LEGACY.parent / "legacy_november" / "config.yaml").read_text()
    async with served(home) as (_, client):
        shown = await client.post("/settings/import", data={"text": text})
        assert shown.status_code == 200, shown.text
        assert "Not understood" not in shown.text
        assert "learning.enable has no effect: Darkstar learns" in shown.text
        assert "<code>input_sensors.battery_soc</code>" in shown.text
        swedish = await client.post(
            "/settings/import", data={"text": text}, headers={"Accept-Language": "sv"}
        )
        assert "learning.enable har ingen verkan: Darkstar lär" in swedish.text
        assert "has no effect" not in swedish.text
        assert "is now" not in swedish.text


def test_a_section_lists_its_settings_in_the_order_of_its_groups() -> None:
    paths = [each.path for each in fields_of("home")]
    assert paths[:2] == ["demo_home", "timezone"]
    assert paths[-1].startswith("grid.")
