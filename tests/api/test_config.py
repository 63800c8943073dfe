"""The configuration over REST: read redacted, saved with its comments, in force at once."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI

from app.main import create_app
from app.settings.fields import setting_fields
from app.settings.store.files import ConfigFiles, Contents
from app.settings.store.sources import load_settings
from tests.api.test_service import NOWHERE, PAGE, first_outcome

LEGACY = Path(__file__).parent.parent / "fixtures" / "legacy"
TOKEN, PASSWORD = "long-lived-canary", "database-canary"
CONFIG = """\
# The home of a test.
demo_home: true   # recorded data will do
nordpool:
  base_url: NOWHERE
open_meteo: {base_url: "NOWHERE"}

battery:
  capacity_kwh: 10     # as sold
  # never below
  min_soc_percent: 15
""".replace("NOWHERE", NOWHERE)
SECRETS = f"home_assistant:\n  url: {NOWHERE}\n  token: {TOKEN}\n"


@asynccontextmanager
async def served(
    folder: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    env = {"DARKSTAR_DATA_DIR": str(folder / "data"), **(environ or {})}
    (folder / "data").mkdir(exist_ok=True)
    loaded = load_settings(folder / "config.yaml", env)
    app = create_app(loaded.settings, ConfigFiles(folder / "config.yaml", env))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://localhost", headers=PAGE
        ) as client,
    ):
        yield app, client


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    return tmp_path


async def fields(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    answer = (await client.get("/api/config")).json()
    return {each["path"]: each for each in answer["meta"]["fields"]}


async def test_every_setting_is_shown_with_value_default_unit_words_and_source(home: Path) -> None:
    async with served(home, {"DARKSTAR_GRID__MAX_IMPORT_KW": "11"}) as (_, client):
        shown = await fields(client)
        answer = (await client.get("/api/config")).json()
    assert set(shown) == set(setting_fields())
    assert all(each["help"] for each in shown.values())
    soc = shown["battery.min_soc_percent"]
    assert soc["unit"] == "%"
    assert (soc["source"], soc["changed"], soc["value"], soc["default"]) == ("file", False, 15, 15)
    fuse = shown["grid.max_import_kw"]
    assert (fuse["source"], fuse["changed"], fuse["value"]) == ("env", True, 11)
    assert shown["grid.max_export_kw"]["source"] == "default"
    assert shown["home_assistant.token"]["value"] == answer["home_assistant"]["token"] == "set"
    assert shown["server.token"]["value"] is None
    assert shown["server.port"]["takes_effect"] == "restart"
    assert answer["battery"]["capacity_kwh"] == 10


async def test_a_save_changes_its_line_keeps_comments_and_counts_at_the_next_plan(
    home: Path,
) -> None:
    async with served(home) as (app, client):
        await first_outcome(client)
        saved = await client.put("/api/config", json={"battery": {"capacity_kwh": 12.5}})
        assert saved.status_code == 200, saved.text
        assert saved.json()["changed"] == ["battery.capacity_kwh"]
        run = await client.post("/api/run_planner")
        assert run.json()["last_outcome"] in {"ok", "degraded"}
        assert app.state.services.job.settings.battery.capacity_kwh == 12.5
        hashes = await _config_hashes(app)
    expected = CONFIG.replace("capacity_kwh: 10 ", "capacity_kwh: 12.5 ")
    assert (home / "config.yaml").read_text() == expected
    assert (home / "config.yaml.bak").read_text() == CONFIG
    assert hashes[0] != hashes[-1], "the plan was made with the old settings"


async def _config_hashes(app: FastAPI) -> list[str]:
    from app.db import plans  # noqa: PLC0415
    from app.db.connection.engine import session_scope  # noqa: PLC0415

    async with session_scope(app.state.services.job.sources.sessions) as session:
        return [run.config_hash for run in await plans.runs(session, limit=10)]


async def test_wrong_values_are_refused_with_field_value_reason_and_fix(home: Path) -> None:
    wrong = {"battery": {"min_soc_percent": 200, "capacty_kwh": 3}, "smoothing": 5}
    async with served(home) as (_, client):
        for method, path in (
            ("POST", "/api/config/validate"),
            ("PUT", "/api/config"),
            ("POST", "/api/config/save"),
        ):
            refused = await client.request(method, path, json=wrong)
            assert refused.status_code == 422
            assert refused.headers["content-type"] == "application/problem+json"
            errors = {each["field"]: each for each in refused.json()["errors"]}
            assert errors["battery.min_soc_percent"]["value"] == "200"
            assert "less than or equal to 100" in errors["battery.min_soc_percent"]["reason"]
            assert errors["battery.capacty_kwh"]["fix"] == "did you mean battery.capacity_kwh?"
            assert "below it" in errors["smoothing"]["fix"]
    assert (home / "config.yaml").read_text() == CONFIG


async def test_validating_says_what_would_change_and_writes_nothing(home: Path) -> None:
    async with served(home) as (app, client):
        answer = (
            await client.post(
                "/api/config/validate",
                json={"battery": {"capacity_kwh": 8}, "server": {"port": 8001}},
            )
        ).json()
        assert app.state.services.job.settings.battery.capacity_kwh == 10
    assert answer["valid"] is True
    assert answer["takes_effect"] == {
        "battery.capacity_kwh": "next plan",
        "server.port": "restart",
    }
    assert (home / "config.yaml").read_text() == CONFIG


async def test_secrets_go_to_their_own_private_file_and_into_no_answer(home: Path) -> None:
    new = "another-canary"
    async with served(home, {"DARKSTAR_MQTT__URL": f"mqtt://u:{PASSWORD}@192.0.2.1"}) as (
        _,
        client,
    ):
        await first_outcome(client)
        answers = [
            await client.put("/api/config", json={"home_assistant": {"token": new}}),
            await client.post(
                "/api/config/validate", json={"server": {"token": f"{new}-and-more"}}
            ),
            await client.put("/api/config", json={"home_assistant": {"token": [new]}}),
            await client.put("/api/config", json={"mqtt": {"url": f"mqtt://{new}"}}),
            await client.get("/api/config"),
            await client.get("/api/config/schema"),
            await client.get("/api/config/changes"),
            await client.get("/api/status"),
        ]
    for answer in answers:
        for secret in (TOKEN, PASSWORD, new):
            assert secret not in answer.text, answer.url
    assert [each.status_code for each in answers] == [200, 200, 422, 422, 200, 200, 200, 200]
    assert yaml.safe_load((home / "secrets.yaml").read_text())["home_assistant"]["token"] == new
    assert (home / "secrets.yaml").stat().st_mode & 0o777 == 0o600
    assert (home / "secrets.yaml.bak").stat().st_mode & 0o777 == 0o600
    assert new not in (home / "config.yaml").read_text()
    trail = answers[6].json()["changes"]
    assert [(each["field"], each["old"], each["new"]) for each in trail] == [
        ("home_assistant.token", "changed", "changed")
    ]


async def test_what_get_answers_can_be_put_back_without_changing_anything(home: Path) -> None:
    async with served(home, {"DARKSTAR_GRID__MAX_IMPORT_KW": "11"}) as (_, client):
        before = (await client.get("/api/config")).json()
        saved = await client.put("/api/config", json=before)
    assert saved.status_code == 200, saved.text
    assert saved.json()["changed"] == []
    assert (home / "config.yaml").read_text() == CONFIG
    assert (home / "secrets.yaml").read_text() == SECRETS


async def test_a_value_from_the_environment_is_refused_with_the_variables_name(home: Path) -> None:
    async with served(home, {"DARKSTAR_BATTERY__CAPACITY_KWH": "7"}) as (_, client):
        refused = await client.put("/api/config", json={"battery": {"capacity_kwh": 9}})
    assert refused.status_code == 422
    assert "DARKSTAR_BATTERY__CAPACITY_KWH" in refused.json()["detail"]


async def test_of_two_who_read_the_same_version_one_saves_and_one_is_told(home: Path) -> None:
    async with served(home) as (_, client):
        etag = (await client.get("/api/config")).headers["etag"]
        answers = await asyncio.gather(
            *(
                client.put(
                    "/api/config",
                    json={"battery": {"capacity_kwh": kwh}},
                    headers={"If-Match": etag},
                )
                for kwh in (11, 12, 13)
            )
        )
        assert sorted(each.status_code for each in answers) == [200, 412, 412]
        won = next(each for each in answers if each.status_code == 200)
        assert (await client.get("/api/config")).headers["etag"] == won.headers["etag"]
        refused = next(each for each in answers if each.status_code == 412)
    assert refused.json()["code"] == "config_changed"


async def test_saves_without_a_version_keep_each_others_changes(home: Path) -> None:
    async with served(home) as (_, client):
        await first_outcome(client)
        names = ["min_on_slots_charge", "min_off_slots_charge", "min_on_slots_export"]
        answers = await asyncio.gather(
            *(client.put("/api/config", json={"smoothing": {name: 5}}) for name in names)
        )
        assert {each.status_code for each in answers} == {200}
        trail = (await client.get("/api/config/changes")).json()["changes"]
    written = yaml.safe_load((home / "config.yaml").read_text())
    assert written["smoothing"] == dict.fromkeys(names, 5)
    assert len(trail) == 3


async def test_what_is_opened_at_the_start_is_saved_and_waits_for_a_restart(home: Path) -> None:
    async with served(home) as (app, client):
        answer = (
            await client.put(
                "/api/config", json={"server": {"port": 8123}, "access": {"session_days": 3}}
            )
        ).json()
        assert "server.port takes effect after a restart" in answer["message"]
        assert app.state.services.job.settings.server.port == 8000
        assert app.state.gate.settings.session_days == 3
        waiting = (await client.get("/api/config")).json()["meta"]["waiting"]
    assert waiting == {"server.port": "restart"}
    assert load_settings(home / "config.yaml", {}).settings.server.port == 8123


async def test_the_scheduler_follows_a_new_interval_and_can_be_switched_off(home: Path) -> None:
    async with served(home) as (app, client):
        await first_outcome(client)
        scheduler = app.state.services.scheduler
        await client.put("/api/config", json={"automation": {"plan_every_minutes": 5}})
        assert scheduler.get_job("plan").trigger.interval.total_seconds() == 300
        soon = (await client.get("/api/status")).json()["job"]["next_run_at"]
        assert soon is not None
        await client.put("/api/config", json={"automation": {"enable_scheduler": False}})
        assert scheduler.get_job("plan") is None
        assert (await client.post("/api/run_planner")).status_code == 200
        await client.put("/api/config", json={"automation": {"enable_scheduler": True}})
        assert scheduler.get_job("plan") is not None


async def test_a_broken_file_leaves_the_service_running_and_is_named(home: Path) -> None:
    async with served(home) as (app, client):
        await first_outcome(client)
        (home / "config.yaml").write_text("battery: [1,\n")
        shown = (await client.get("/api/config")).json()
        assert "not valid YAML" in shown["meta"]["file_error"]
        assert shown["battery"]["capacity_kwh"] == 10
        assert (await client.post("/api/run_planner")).json()["last_outcome"] != "failed"
        assert "not valid YAML" in " ".join((await client.get("/api/status")).json()["warnings"])
        refused = await client.put("/api/config", json={"battery": {"capacity_kwh": 9}})
        assert (refused.status_code, refused.json()["code"]) == (409, "config_broken")
        assert app.state.services.job.settings.battery.capacity_kwh == 10
        (home / "config.yaml").write_text(CONFIG.replace("capacity_kwh: 10", "capacity_kwh: 6"))
        await client.post("/api/run_planner")
        assert app.state.services.job.settings.battery.capacity_kwh == 6
        assert (await client.get("/api/status")).json()["warnings"] == []
        trail = (await client.get("/api/config/changes")).json()["changes"]
    assert (trail[0]["field"], trail[0]["new"]) == ("battery.capacity_kwh", 6)
    assert trail[0]["changed_from"] == "file"


async def test_a_reset_takes_back_a_group_or_all_but_what_would_lock_one_out(home: Path) -> None:
    (home / "config.yaml").write_text(
        CONFIG + "\nserver: {port: 8001}\nui: {theme: X}\ntimezone: UTC\n"
    )
    away = {"DARKSTAR_NORDPOOL__BASE_URL": NOWHERE, "DARKSTAR_OPEN_METEO__BASE_URL": NOWHERE}
    async with served(home, away) as (_, client):
        await client.put("/api/config", json={"battery": {"capacity_kwh": 3}})
        one = await client.post("/api/config/reset", json={"group": "battery"})
        assert one.json()["changed"] == ["battery.capacity_kwh"]
        assert (await fields(client))["battery.capacity_kwh"]["source"] == "default"
        everything = await client.post("/api/config/reset")
        assert everything.json()["changed"] == ["timezone", "ui.theme"]
        unknown = await client.post("/api/config/reset", json={"group": "batery"})
        assert "did you mean battery" in unknown.json()["detail"]
    left = yaml.safe_load((home / "config.yaml").read_text())
    assert left == {"demo_home": True, "server": {"port": 8001}}
    assert (home / "secrets.yaml").read_text() == SECRETS


async def test_an_original_configuration_loads_saves_under_its_names_and_loads_again(
    tmp_path: Path,
) -> None:
    copytree(LEGACY, tmp_path, dirs_exist_ok=True)
    env = {"DARKSTAR_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/x.db"}
    before = load_settings(tmp_path / "config.yaml", env).settings
    text = (tmp_path / "config.yaml").read_text()
    async with served(tmp_path, env | {"DARKSTAR_AUTOMATION__ENABLE_SCHEDULER": "false"}) as (
        _,
        client,
    ):
        saved = await client.post("/api/config/save", json={"battery": {"max_charge_kw": 4}})
        assert saved.json() | {"version": ""} == {
            "status": "success",
            "version": "",
            "changed": ["battery.max_charge_kw"],
            "takes_effect": {"battery.max_charge_kw": "next plan"},
            "message": "1 setting changed",
        }
        lines = [
            (old, new)
            for old, new in zip(
                text.splitlines(), (tmp_path / "config.yaml").read_text().splitlines(), strict=True
            )
            if old != new
        ]
        assert lines == [("  max_charge_power_kw: 6", "  max_charge_power_kw: 4")]
        await client.put("/api/config", json={"grid": {"max_import_kw": 20}})
    after = load_settings(tmp_path / "config.yaml", env).settings
    wanted = before.model_copy(
        update={
            "battery": before.battery.model_copy(update={"max_charge_kw": 4.0}),
            "grid": before.grid.model_copy(update={"max_import_kw": 20.0}),
        }
    )
    assert after == wanted


async def test_a_tariff_pack_still_counts_where_pricing_was_sent_back_unchanged(home: Path) -> None:
    async with served(home) as (app, client):
        pricing = (await client.get("/api/config")).json()["pricing"]
        await client.put("/api/config", json={"tariff": {"pack": "SE4"}, "pricing": pricing})
        assert app.state.services.job.settings.pricing.model_fields_set == set()
    assert "pricing" not in yaml.safe_load((home / "config.yaml").read_text())


async def test_without_a_file_the_settings_are_shown_and_a_save_says_why_not(
    tmp_path: Path,
) -> None:
    from tests.api.test_service import offline, running  # noqa: PLC0415

    async with running(offline(tmp_path, demo=True)) as (_, client):
        shown = await client.get("/api/config")
        refused = await client.put("/api/config", json={"battery": {"capacity_kwh": 9}})
    assert shown.json()["meta"]["file"] is None
    assert (refused.status_code, refused.json()["code"]) == (409, "no_config_file")


async def test_the_changes_are_kept_on_both_databases_and_paged(
    home: Path, database_url: str
) -> None:
    async with served(home, {"DARKSTAR_DATABASE__URL": database_url}) as (_, client):
        await first_outcome(client)
        for kwh in (11, 12, 13):
            saved = await client.put("/api/config", json={"battery": {"capacity_kwh": kwh}})
            assert saved.status_code == 200
        page = (await client.get("/api/config/changes", params={"limit": 2})).json()
        rest = (
            await client.get(
                "/api/config/changes", params={"limit": 2, "before_id": page["next_before_id"]}
            )
        ).json()
    assert [(each["old"], each["new"]) for each in page["changes"]] == [(12, 13), (11, 12)]
    assert (rest["changes"][0]["old"], rest["changes"][0]["new"]) == (10, 11)
    assert page["changes"][0]["changed_from"].startswith("this machine 127.0.0.1")


async def test_changes_made_while_the_database_is_away_are_stored_later(home: Path) -> None:
    async with served(home) as (app, client):
        await first_outcome(client)
        desk = app.state.config
        sessions = desk.sessions
        from app.db.connection.engine import close, make_engine, make_sessions  # noqa: PLC0415
        from app.settings import Settings  # noqa: PLC0415

        away = make_engine(
            Settings.model_validate({"database": {"url": "mariadb+asyncmy://x@127.0.0.1:9/x"}})
        )
        desk.sessions = make_sessions(away)
        saved = await client.put("/api/config", json={"battery": {"capacity_kwh": 9}})
        assert saved.status_code == 200
        assert (await client.get("/api/config/changes")).status_code == 503
        desk.sessions = sessions
        found = (await client.get("/api/config/changes")).json()["changes"]
        await close(away)
    assert [each["new"] for each in found] == [9]


async def test_a_disk_that_does_not_answer_is_not_waited_for_and_its_save_not_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, real = threading.Event(), ConfigFiles.write

    def slow(files: ConfigFiles, old: Contents, new: Contents) -> None:
        assert go_on.wait(60)
        real(files, old, new)

    monkeypatch.setattr("app.service.settings.SAVE_SECONDS", 0.2)
    async with served(home) as (app, client):
        await first_outcome(client)
        monkeypatch.setattr(ConfigFiles, "write", slow)
        for capacity_kwh in (8, 9):
            answer = await client.put(
                "/api/config", json={"battery": {"capacity_kwh": capacity_kwh}}
            )
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (504, "answer_too_slow")
            assert "make room" in problem["detail"]
        monkeypatch.setattr("app.service.settings.SAVE_SECONDS", 60)
        go_on.set()
        answer = await client.put("/api/config", json={"battery": {"max_charge_kw": 4}})
        assert answer.status_code == 200
        assert app.state.config.in_force.running.battery.capacity_kwh == 9


@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_a_save_killed_before_the_rename_leaves_the_old_file(home: Path, where: str) -> None:
    ended = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "tests.killed_save", str(home / "config.yaml"), where], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert (home / "config.yaml").read_text() == CONFIG
    assert list(home.glob(".*.tmp")) != []
    files = ConfigFiles(home / "config.yaml", {})
    old = files.read()
    with files.alone():
        files.write(old, type(old)(old.config + b"\n", old.secrets))  # type: ignore[operator]
    assert list(home.glob(".config.yaml.*.tmp")) == []


async def test_the_schema_says_type_bounds_unit_and_words_of_every_setting(home: Path) -> None:
    async with served(home) as (_, client):
        schema = (await client.get("/api/config/schema")).json()
    battery = schema["$defs"]["Battery"]["properties"]["capacity_kwh"]
    assert battery["x-unit"] == "kWh"
    assert battery["maximum"] == 10_000
    assert battery["description"]
    assert json.dumps(schema).count("x-takes-effect") == len(setting_fields())


async def test_a_theme_is_chosen_remembered_and_an_unknown_one_refused(home: Path) -> None:
    async with served(home) as (_, client):
        before = (await client.get("/api/themes")).json()
        chosen = await client.post("/api/theme", json={"theme": "DAYLIGHT", "accent_index": 2})
        after = (await client.get("/api/themes")).json()
        unknown = await client.post("/api/theme", json={"theme": "../config"})
        outside = await client.post("/api/theme", json={"theme": "daylight", "accent_index": 16})
    assert (before["current"], before["accent_index"], before["problems"]) == ("darkstar", 0, [])
    assert chosen.json()["status"] == "success"
    assert chosen.json()["theme"]["tokens"]["accent"] == chosen.json()["theme"]["palette"][2]
    assert (after["current"], after["accent_index"]) == ("daylight", 2)
    assert (unknown.status_code, outside.status_code) == (404, 422)
    assert yaml.safe_load((home / "config.yaml").read_text())["ui"] == {
        "theme": "daylight",
        "theme_accent_index": 2,
    }
