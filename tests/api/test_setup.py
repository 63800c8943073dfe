"""The wizard over HTTP: what changed is written and nothing else, faults stand at their field."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI

from app.api.setup.ha_view import tried
from app.core import clock
from app.settings import Settings
from tests.api.test_config import CONFIG, served
from tests.api.test_service import NOWHERE
from tests.fakes import FakeUpstreams, Fault
from tests.fakes.sensor_days import SensorDays, signed_home

STEPS = ("", "/place", "/battery", "/water", "/sun", "/home-assistant", "/plan")
TOKEN = "fake-home-token"  # noqa: S105 - opens nothing


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


@asynccontextmanager
async def opened(home: Path, **environ: str) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    async with served(home, {"DARKSTAR_AUTOMATION__ENABLE_SCHEDULER": "false", **environ}) as found:
        yield found


def said(page: str) -> dict[str, str]:
    """What a page's form would send if its main button were pressed."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]+>", page):
        at = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        chosen = at.get("type") not in {"radio", "checkbox"} or " checked" in tag
        if "name" in at and chosen and " disabled" not in tag:
            found[at["name"]] = at.get("value", "")
    for opening, inside in re.findall(r"(<select [^>]+>)(.*?)</select>", page, re.DOTALL):
        options = re.findall(r'<option(?: value="([^"]*)")?( selected)?>', inside)
        name = re.findall(r'name="([^"]+)"', opening)[0]
        if " disabled" not in opening:
            found[name] = next((value for value, is_it in options if is_it), options[0][0])
    return found


async def send(client: httpx.AsyncClient, path: str, *without: str, **more: str) -> httpx.Response:
    """Fill in a step as it stands, changed by ``more`` (``__`` for a dot), and send it."""
    form = said((await client.get(path)).text)
    form |= {name.replace("__", "."): value for name, value in more.items()}
    return await client.post(path, data={k: v for k, v in form.items() if k not in without})


def settings(home: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((home / "config.yaml").read_text()))


async def test_every_step_shows_where_one_is(home: Path) -> None:
    async with opened(home) as (_, client):
        for number, step in enumerate(STEPS, start=1):
            page = await client.get(f"/setup{step}")
            assert page.status_code == 200
            current = re.findall(r'aria-current="step"><span[^>]*>(\d)</span>', page.text)
            assert current == [str(number)]
        assert (await client.get("/setup/nowhere")).status_code == 422


async def test_a_step_that_changes_nothing_writes_nothing_and_goes_on(home: Path) -> None:
    onward = dict(itertools.pairwise(STEPS[1:6]))
    async with opened(home) as (_, client):
        for step, after in onward.items():
            answer = await send(client, f"/setup{step}")
            assert answer.status_code == 303, answer.text
            assert answer.headers["location"] == f"/setup{after}"
    assert (home / "config.yaml").read_text() == CONFIG
    assert not (home / "config.yaml.bak").exists()


async def test_the_battery_step_writes_the_changed_line_only_and_keeps_comments(
    home: Path,
) -> None:
    async with opened(home) as (app, client):
        answer = await send(client, "/setup/battery", battery__capacity_kwh="13,5")
        assert answer.status_code == 303
        assert app.state.services.job.settings.battery.capacity_kwh == 13.5
    assert (home / "config.yaml").read_text() == CONFIG.replace(
        "capacity_kwh: 10 ", "capacity_kwh: 13.5 "
    )


async def test_no_battery_is_a_capacity_of_zero_and_can_be_taken_back(home: Path) -> None:
    async with opened(home) as (_, client):
        await send(client, "/setup/battery", has="no", battery__capacity_kwh="nonsense")
        assert settings(home)["battery"]["capacity_kwh"] == 0
        again = (await client.get("/setup/battery")).text
        assert re.search(r'id="has-no" checked', again)
        await send(client, "/setup/battery", has="yes", battery__capacity_kwh="8")
    assert settings(home)["battery"]["capacity_kwh"] == 8


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("battery.capacity_kwh", "ten", "Write a number here."),
        ("battery.capacity_kwh", "", "Fill this in."),
        ("battery.roundtrip_efficiency_percent", "120", "less than or equal to 100"),
        ("battery.min_soc_percent", "97", "must not be above “Never fill it above”"),
    ],
)
async def test_a_wrong_value_is_told_at_its_field_and_kept(
    home: Path, field: str, value: str, words: str
) -> None:
    async with opened(home) as (_, client):
        sent = {field.replace(".", "__"): value, "battery__max_charge_kw": "4.5"}
        answer = await send(client, "/setup/battery", **sent)
    at = field.replace(".", "-")
    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#{at}"' in answer.text, "the summary does not lead to the field"
    box = re.findall(rf'<input id="{at}"[^>]+>', answer.text)[0]
    assert 'aria-invalid="true"' in box
    assert f"{at}-error" in box
    kept = said(answer.text)
    assert (kept[field], kept["battery.max_charge_kw"]) == (value, "4.5")
    assert (home / "config.yaml").read_text() == CONFIG, "half a step was saved"


async def test_water_is_saved_too(home: Path) -> None:
    async with opened(home) as (_, client):
        await send(client, "/setup/water", water_heating__min_kwh_per_day="7")
        assert settings(home)["water_heating"] == {"min_kwh_per_day": 7}
        await send(client, "/setup/water", has="no")
    assert settings(home)["water_heating"]["power_kw"] == 0


async def test_a_city_fills_the_form_and_saves_nothing(home: Path) -> None:
    async with opened(home) as (_, client):
        answer = await send(client, "/setup/place", do="city", city="Bergen")
        assert answer.status_code == 200
        filled = said(answer.text)
        assert filled["nordpool.price_area"] == "NO5"
        assert filled["location.latitude"] == "60.39"
        assert (home / "config.yaml").read_text() == CONFIG
        saved = await client.post("/setup/place", data=filled)
        assert saved.status_code == 303, saved.text
    found = settings(home)
    assert found["timezone"] == "Europe/Oslo"
    assert found["nordpool"] == {"base_url": NOWHERE, "price_area": "NO5", "currency": "NOK"}
    assert found["demo_home"] is False, "sample prices exist in kronor only"


async def test_published_taxes_take_the_place_of_ones_own_and_back(home: Path) -> None:
    async with opened(home) as (app, client):
        own = await send(
            client, "/setup/place", pricing__energy_tax_per_kwh="0.5", pricing__vat_percent="24"
        )
        assert own.status_code == 303
        assert settings(home)["pricing"] == {"energy_tax_per_kwh": 0.5, "vat_percent": 24}
        pack = await send(client, "/setup/place", tariff__pack="area")
        assert pack.status_code == 303, pack.text
        assert settings(home)["tariff"] == {"pack": "SE4"}
        assert not settings(home).get("pricing"), "the home's own figure would win"
        back = await send(client, "/setup/place", tariff__pack="", pricing__vat_percent="23")
        assert back.status_code == 303
        assert app.state.services.job.settings.tariff.pack is None
    assert settings(home)["pricing"]["vat_percent"] == 23


async def test_an_area_that_needs_a_tax_rate_asks_for_it_at_the_field(home: Path) -> None:
    area = {"nordpool__price_area": "SE1", "tariff__pack": "area"}
    async with opened(home) as (_, client):
        answer = await send(client, "/setup/place", **area)
        assert answer.status_code == 422
        assert 'id="tariff-tax_zone-error"' in answer.text
        none = await send(client, "/setup/place", nordpool__price_area="EE", tariff__pack="area")
        assert "no published figures for EE" in none.text
        done = await send(client, "/setup/place", **area, tariff__tax_zone="reduced")
        assert done.status_code == 303
    assert settings(home)["tariff"] == {"pack": "SE1", "tax_zone": "reduced"}


async def test_the_provider_chosen_stands_first(home: Path) -> None:
    async with opened(home) as (_, client):
        await send(client, "/setup/place", prices__providers="elprisetjustnu")
    assert settings(home)["prices"]["providers"][:2] == ["elprisetjustnu", "nordpool"]


async def test_what_the_environment_forces_is_shown_and_left_alone(home: Path) -> None:
    async with opened(home, DARKSTAR_BATTERY__CAPACITY_KWH="11") as (_, client):
        page = (await client.get("/setup/battery")).text
        assert "DARKSTAR_BATTERY__CAPACITY_KWH" in page
        assert " disabled" in re.findall(r'<input id="battery-capacity_kwh"[^>]+>', page)[0]
        answer = await send(client, "/setup/battery", battery__max_charge_kw="4")
        assert answer.status_code == 303
    assert settings(home)["battery"]["max_charge_kw"] == 4


async def test_roofs_are_added_one_by_one_and_keep_what_is_not_asked(home: Path) -> None:
    more = "solar_inverters:\n  - {name: barn, max_power_kw: 5}\nsolar_arrays:\n"
    more += "  - {peak_power_kwp: 4, azimuth_degrees: 170, tilt_degrees: 30, inverter: barn}\n"
    (home / "config.yaml").write_text(CONFIG + more)
    async with opened(home) as (_, client):
        page = (await client.get("/setup/sun")).text
        assert ">170<" in page, "a bearing that is no compass point is offered as it is"
        wider = await send(client, "/setup/sun", do="add", solar_arrays__0__peak_power_kwp="4.4")
        form = said(wider.text)
        assert form["solar_arrays.1.peak_power_kwp"] == ""
        assert form["solar_arrays.0.peak_power_kwp"] == "4.4", "what was typed is gone"
        form |= {"solar_arrays.1.peak_power_kwp": "3", "solar_arrays.1.azimuth_degrees": "270"}
        saved = await client.post("/setup/sun", data=form)
        assert saved.status_code == 303, saved.text
        assert [each["peak_power_kwp"] for each in settings(home)["solar_arrays"]] == [4.4, 3]
        assert settings(home)["solar_arrays"][0]["inverter"] == "barn"
        wrong = await send(client, "/setup/sun", solar_arrays__1__tilt_degrees="95")
        assert 'id="solar_arrays-1-tilt_degrees-error"' in wrong.text
        await send(client, "/setup/sun", has="no", grid__max_import_kw="17")
    assert settings(home)["solar_arrays"] == []
    assert settings(home)["grid"] == {"max_import_kw": 17}


async def test_a_stale_page_does_not_undo_what_somebody_else_changed(home: Path) -> None:
    async with opened(home) as (_, client):
        form = said((await client.get("/setup/battery")).text)
        await client.put("/api/config", json={"battery": {"min_soc_percent": 25}})
        answer = await client.post("/setup/battery", data=form)
        assert answer.status_code == 422
        assert "changed since you read it" in answer.text
    assert settings(home)["battery"]["min_soc_percent"] == 25


async def test_a_wizard_without_a_file_to_write_says_so(home: Path) -> None:
    async with opened(home) as (app, client):
        app.state.config.files = None
        answer = await send(client, "/setup/battery", battery__capacity_kwh="9")
    assert answer.status_code == 422
    assert "without a config file" in answer.text


async def test_who_may_not_write_is_told_before_filling_in(home: Path) -> None:
    async with opened(home) as (app, _):
        transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 4000))
        async with httpx.AsyncClient(transport=transport, base_url="http://192.0.2.1") as client:
            page = await client.get("/setup/battery")
            assert "/login?next=/setup/battery" in page.text
            refused = await client.post(
                "/setup/battery", data={"has": "no"}, headers={"Origin": "http://192.0.2.1"}
            )
            assert refused.status_code == 401
    assert (home / "config.yaml").read_text() == CONFIG


async def test_the_sample_banner_leads_to_the_wizard(home: Path) -> None:
    async with opened(home) as (_, client):
        await client.post("/api/run_planner")
        page = (await client.get("/")).text
        assert '<a href="/setup">Connect your home</a>' in page
        assert "Begin" in (await client.get("/setup")).text


async def test_the_demo_home_can_be_left_and_switched_on_again(home: Path) -> None:
    async with opened(home) as (_, client):
        page = (await client.get("/setup/plan")).text
        assert "leave_demo" in page
        made = await client.post("/setup/plan", data={"leave_demo": "true"})
        assert made.status_code == 303
        assert settings(home)["demo_home"] is False
        ended = (await client.get(made.headers["location"])).text
        assert "No plan could be made." in ended, "nothing live can be reached here"
        back = await client.post("/setup")
        assert back.headers["location"] == "/"
    assert settings(home)["demo_home"] is True


async def test_beside_a_real_sensor_the_demo_home_is_off_and_cannot_be_switched_on(
    home: Path,
) -> None:
    real = {
        "DARKSTAR_HOME_ASSISTANT__URL": NOWHERE,
        "DARKSTAR_HOME_ASSISTANT__TOKEN": TOKEN,
        "DARKSTAR_HOME_ASSISTANT__BATTERY_SOC_ENTITY_ID": "sensor.soc",
    }
    async with opened(home, **real) as (_, client):
        page = (await client.get("/setup")).text
        assert "home_assistant.battery_soc_entity_id is a sensor of a real home" in page
        assert "Switch the demo home on" not in page
        assert "leave_demo" not in (await client.get("/setup/plan")).text


async def test_the_first_plan_is_told_in_words_and_money(home: Path) -> None:
    async with opened(home) as (_, client):
        made = await client.post("/setup/plan")
        assert made.headers["location"] == "/setup/plan?made=true"
        page = (await client.get(made.headers["location"])).text
        meta = (await client.get("/api/schedule")).json()["meta"]
    outcome = page.split('id="outcome"')[1].split("</div>")[0]
    assert "Your plan is in force." in outcome
    saved = meta["cost_do_nothing"] - meta["cost"]
    # Some evenings fill the battery for the days after the horizon: they cost more until then.
    better = rf" That is {saved:.2f} SEK better\." if saved > 0 else ""
    told = r"(costs|earns) [\d.]+ SEK; doing nothing would (cost|earn) [\d.]+ SEK\."
    assert re.search(rf"{told}{better}</", outcome), outcome
    assert 'href="/"' in outcome
    assert "battery level" in page.split("</dl>")[1], "what is sample is not told"


@pytest.fixture
def fakes() -> Iterator[FakeUpstreams]:
    with FakeUpstreams() as started:
        yield started


async def connect(client: httpx.AsyncClient, url: str, token: str, **more: str) -> httpx.Response:
    form = {"home_assistant.url": url, "home_assistant.token": token, "do": "test", **more}
    return await client.post("/setup/home-assistant/connection", data=form)


async def test_a_connection_that_works_is_saved_with_its_token_kept_apart(
    home: Path, fakes: FakeUpstreams
) -> None:
    url = fakes.url("home_assistant")
    async with opened(home) as (_, client):
        answer = await connect(client, url, TOKEN)
        assert answer.status_code == 303, answer.text
        page = (await client.get("/setup/home-assistant")).text
        assert "Connected to “Villa”: Home Assistant 2026.11.2, 3 of 3 entities measure." in page
        assert "57.3 %: sensor.battery_soc" in page
        assert TOKEN not in page
        again = await connect(client, url, "")
        assert again.status_code == 303, "the stored token counts"
        log = (await client.get("/api/log")).text
        assert TOKEN not in log
    secrets = home / "secrets.yaml"
    assert yaml.safe_load(secrets.read_text())["home_assistant"]["token"] == TOKEN
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in (home / "config.yaml").read_text()
    assert settings(home)["home_assistant"] == {"url": url}


FAULTS = {
    "token": (Fault.UNAUTHORIZED, "does not know this token"),
    "banned": (Fault.FORBIDDEN, "keeps this machine out"),
    "elsewhere": (Fault.NOT_FOUND, "no Home Assistant"),
    "a page": (Fault.HTML, "no Home Assistant"),
    "broken": (Fault.SERVER_ERROR, "failed (HTTP 500)"),
    "hangs up": (Fault.HANG_UP, "Nothing answers at"),
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.values(), ids=FAULTS)
async def test_what_keeps_us_out_is_told_and_nothing_is_saved(
    home: Path, fakes: FakeUpstreams, fault: Fault, words: str
) -> None:
    fakes.fail("home_assistant", fault)
    async with opened(home) as (_, client):
        answer = await connect(client, fakes.url("home_assistant"), TOKEN)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Nothing is saved yet." in answer.text
        assert TOKEN not in answer.text
        assert said(answer.text)["home_assistant.url"] == fakes.url("home_assistant")
        assert not (home / "secrets.yaml").exists()
        anyway = await connect(client, fakes.url("home_assistant"), TOKEN, do="save")
        assert anyway.status_code == 303
    assert (home / "secrets.yaml").exists()


async def test_a_machine_that_is_not_there_is_told_from_one_that_is_silent(home: Path) -> None:
    async with opened(home) as (_, client):
        nowhere = await connect(client, NOWHERE, TOKEN)
        unknown = await connect(client, "http://no-such-machine.invalid:8123", TOKEN)
        odd = await connect(client, "homeassistant", TOKEN)
        empty = await connect(client, "", "")
        tokenless = await connect(client, NOWHERE, "")
        unusable = await connect(client, NOWHERE, "töken")
    assert "Nothing answers at" in nowhere.text
    assert "No machine is called no-such-machine.invalid" in unknown.text
    assert "Write a web address" in odd.text
    assert "Write the address" in empty.text
    assert 'id="home_assistant-token-error"' in tokenless.text
    assert "characters that no token has" in unusable.text


async def test_the_stored_token_is_never_sent_to_another_address(
    home: Path, fakes: FakeUpstreams
) -> None:
    async with opened(home) as (_, client):
        await connect(client, fakes.url("home_assistant"), TOKEN)
        with FakeUpstreams() as other:
            answer = await connect(client, other.url("home_assistant"), "")
            assert answer.status_code == 422
            assert "each address needs its own" in answer.text
            assert other.requests == []


async def test_entities_are_saved_by_their_part_and_an_odd_one_is_refused(
    home: Path, fakes: FakeUpstreams
) -> None:
    soc = "home_assistant__battery_soc_entity_id"
    async with opened(home) as (_, client):
        await connect(client, fakes.url("home_assistant"), TOKEN)
        saved = await send(client, "/setup/home-assistant", **{soc: "sensor.battery_soc"})
        assert saved.headers["location"] == "/setup/plan"
        assert settings(home)["home_assistant"]["battery_soc_entity_id"] == "sensor.battery_soc"
        odd = await send(client, "/setup/home-assistant", **{soc: "Battery SoC"})
        assert odd.status_code == 422
        assert "is not an entity id" in odd.text
        await send(client, "/setup/home-assistant", **{soc: ""})
    assert "battery_soc_entity_id" not in settings(home)["home_assistant"]


async def test_a_home_without_a_battery_is_not_asked_for_its_sensors(
    home: Path, fakes: FakeUpstreams
) -> None:
    async with opened(home) as (_, client):
        await connect(client, fakes.url("home_assistant"), TOKEN)
        assert "battery_soc_entity_id" in (await client.get("/setup/home-assistant")).text
        await send(client, "/setup/battery", has="no")
        page = (await client.get("/setup/home-assistant")).text
    assert "battery_soc_entity_id" not in page
    assert "consumption_entity_id" in page


async def test_an_entity_is_tested_by_value_unit_and_sign(home: Path) -> None:
    now = clock.now()
    days = signed_home(now)
    days.change("pv_entity_id", lambda s: s.changed(lambda v: -v))
    with SensorDays(home=days) as fakes:
        async with opened(home) as (_, client):
            await connect(client, fakes.url("home_assistant"), TOKEN)
            page = (await client.get("/setup/home-assistant")).text
            right = page.split('name="home_assistant.pv_entity_id"')[1].split("</select>")[0]
            assert right.index("sensor.sun_power") < right.index("Has the right unit")
            pv = await examined(client, "pv_entity_id", "sensor.sun_power")
            house = await examined(client, "consumption_entity_id", "sensor.house_power")
            level = await examined(client, "battery_soc_entity_id", "sensor.sun_power")
            gone = await examined(client, "battery_soc_entity_id", "sensor.nowhere")
            none = await examined(client, "battery_soc_entity_id", "")
            whole = await client.post(
                "/setup/home-assistant/test/pv_entity_id",
                data={"home_assistant.pv_entity_id": "sensor.sun_power"},
            )
    assert "negative" in pv
    assert "mend it" in pv
    assert re.search(r"It says [\d.]+ k?W", house)
    assert ">well<" in house
    assert "where % is needed" in level
    assert "no entity sensor.nowhere" in gone
    assert "Choose an entity first." in none
    assert "negative" in whole.text.split('id="said-pv_entity_id"')[1]
    assert "<!doctype html>" in whole.text
    assert "home_assistant" not in settings(home) or "pv_entity_id" not in str(settings(home))


async def examined(client: httpx.AsyncClient, key: str, entity_id: str) -> str:
    answer = await client.post(
        f"/setup/home-assistant/test/{key}",
        data={f"home_assistant.{key}": entity_id},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert "<!doctype html>" not in answer.text
    return answer.text


@pytest.mark.parametrize(
    ("url", "goes_along"),
    [
        ("https://home.example:8123/", True),
        ("http://home.example:8123", False),
        ("https://home.example:8124", False),
    ],
)
def test_a_stored_token_keeps_to_scheme_host_and_port(url: str, *, goes_along: bool) -> None:
    stored = {"url": "https://home.example:8123", "token": TOKEN}
    home = Settings.model_validate({"home_assistant": stored})
    assert (tried({"home_assistant.url": url}, home) is not None) is goes_along
