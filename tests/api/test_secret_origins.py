"""A secret is sent to the place it was given for, whichever door another address comes through."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from app.settings.fields import setting_fields
from app.settings.store.files import ConfigFiles
from app.settings.store.origins import SENT_NOWHERE, SENT_TO, misdirected, same_origin
from app.settings.store.sources import load_settings
from app.settings.store.taking_over import take_over
from tests.api.test_config import CONFIG, SECRETS, TOKEN, served
from tests.api.test_service import NOWHERE

EVIL = "http://127.0.0.1:6"
MOVED = {"home_assistant": {"url": EVIL}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    return tmp_path


def secrets_of(home: Path) -> Any:
    return yaml.safe_load((home / "secrets.yaml").read_text())


def test_every_secret_says_where_it_is_sent() -> None:
    secrets = {path for path, field in setting_fields().items() if field.secret}
    assert secrets == set(SENT_TO) | SENT_NOWHERE
    assert {place for places in SENT_TO.values() for place in places} <= set(setting_fields())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://ha.local", "http://HA.local:80/", True),
        ("https://ha.local/a", "https://ha.local:443/b", True),
        ("mqtt://u:p@broker", "mqtt://broker:1883", True),
        ("https://ha.local", "http://ha.local", False),
        ("http://ha.local:8123", "http://ha.local:8124", False),
        ("http://ha.local", "http://ha.local.evil.example", False),
        ("http://ha.local", "http://evil.example#@ha.local", False),
        ("mqtts://broker", "mqtt://broker:8883", False),
        ("http://ha.local:99999", "http://ha.local", False),
        ("", "", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, *, same: bool) -> None:
    assert same_origin(one, other) is same


SECRET = "stored-canary-secret"  # noqa: S105 - opens nothing
HOMES: dict[str, dict[str, Any]] = {
    "home_assistant.url": {"home_assistant": {"url": "http://a.example", "token": SECRET}},
    "tibber.base_url": {"tibber": {"token": SECRET}},
    "entsoe.base_url": {"entsoe": {"token": SECRET}},
    "alerts.webhook.url": {"alerts": {"webhook": {"url": "http://a.example", "token": SECRET}}},
    "alerts.ntfy.topic_url": {
        "alerts": {"ntfy": {"topic_url": "https://a.example/t", "token": SECRET}}
    },
    "mqtt.url": {"mqtt": {"url": "mqtt://a.example", "username": "u", "password": SECRET}},
    "mariadb.host": {"mariadb": {"host": "a.example", "password": SECRET}},
    "mariadb.port": {"mariadb": {"host": "a.example", "password": SECRET}},
}
ELSEWHERE = {
    "mqtt.url": "mqtt://b.example",
    "alerts.ntfy.topic_url": "https://b.example/t",
    "mariadb.host": "b.example",
    "mariadb.port": 3307,
}


def tree_of(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


@pytest.mark.parametrize("path", HOMES)
async def test_no_stored_secret_follows_a_changed_address(tmp_path: Path, path: str) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "secrets.yaml").write_text(yaml.safe_dump(HOMES[path]))
    secret = next(each for each, places in SENT_TO.items() if path in places)
    change = tree_of(path, ELSEWHERE.get(path, "http://b.example"))
    again = tree_of(secret, SECRET)
    # The database stays where it is: the engine is made at the start only.
    environ = {"DARKSTAR_DATABASE__URL": f"sqlite:///{tmp_path}/x.db"}
    async with served(tmp_path, environ) as (_, client):
        for door in ("/api/config/validate", "/api/config/save"):
            refused = await client.post(door, json=change)
            assert refused.status_code == 422, refused.text
            assert [each["field"] for each in refused.json()["errors"]] == [path]
            assert secret in refused.json()["errors"][0]["fix"]
            assert SECRET not in refused.text
        masked = await client.put("/api/config", json=_both(change, tree_of(secret, "set")))
        assert masked.status_code == 422, "a masked secret is no secret"
        taken = await client.put("/api/config", json=_both(change, again))
        assert taken.status_code == 200, taken.text
        assert path in taken.json()["changed"]


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    made = dict(one)
    for name, value in other.items():
        inner = made.get(name)
        made[name] = _both(inner, value) if isinstance(inner, dict) else value
    return made


async def test_two_steps_do_not_get_round_it(home: Path) -> None:
    async with served(home) as (_, client):
        assert (await client.put("/api/config", json={"home_assistant": {"url": None}})).is_success
        refused = await client.put("/api/config", json=MOVED)
        assert refused.status_code == 422
        gone = await client.put(
            "/api/config", json={"home_assistant": {"token": None, "url": EVIL}}
        )
        assert gone.status_code == 422, "an address needs a token"
    assert TOKEN in str(secrets_of(home))


async def test_a_token_from_the_environment_is_proven_by_giving_it(home: Path) -> None:
    (home / "secrets.yaml").write_text(f"home_assistant: {{url: '{NOWHERE}'}}\n")
    async with served(home, {"DARKSTAR_HOME_ASSISTANT__TOKEN": TOKEN}) as (_, client):
        assert (await client.put("/api/config", json=MOVED)).status_code == 422
        known = {"home_assistant": {"url": EVIL, "token": TOKEN}}
        assert (await client.put("/api/config", json=known)).status_code == 200


async def test_the_settings_page_shows_it_at_the_address(home: Path) -> None:
    async with served(home) as (_, client):
        form = {"do": "save", "was": "{}", "home_assistant.url": EVIL}
        refused = await client.post("/settings/home-assistant", data=form)
        assert refused.status_code == 422
        assert "s not the place home_assistant.token was given for" in refused.text
        assert TOKEN not in refused.text
    assert secrets_of(home)["home_assistant"]["url"] == NOWHERE


async def test_the_wizard_wants_the_token_for_another_address_and_takes_the_same_one(
    home: Path,
) -> None:
    async with served(home) as (_, client):
        where = "/setup/home-assistant/connection"
        form = {"home_assistant.url": EVIL, "home_assistant.token": "", "do": "save"}
        refused = await client.post(where, data=form)
        assert "each address needs its own" in refused.text
        assert secrets_of(home)["home_assistant"]["url"] == NOWHERE
        taken = await client.post(where, data=form | {"home_assistant.token": TOKEN})
        assert taken.status_code == 303
    assert secrets_of(home)["home_assistant"] == {"url": EVIL, "token": TOKEN}


async def test_an_import_leaves_the_address_out_and_says_why(home: Path) -> None:
    text = f"home_assistant:\n  url: {EVIL}\nbattery:\n  capacity_kwh: 7\n"
    async with served(home) as (_, client):
        shown = await client.post("/settings/import", data={"text": text})
        assert "is not the place home_assistant.token was given for" in shown.text
        await client.post("/settings/import/apply", data={"text": text})
        seen = (await client.get("/api/config")).json()
    assert (seen["home_assistant"]["url"], seen["battery"]["capacity_kwh"]) == (NOWHERE, 7)


async def test_the_import_command_leaves_it_out_too(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(f"home_assistant:\n  url: {EVIL}\n")
    (tmp_path / "deep").mkdir()
    other = other.rename(tmp_path / "deep" / "config.yaml")
    found = await take_over(ConfigFiles(home / "config.yaml", {}), other, writes=True)
    assert [each.field for each in found.left_out] == ["home_assistant.url"]
    assert secrets_of(home)["home_assistant"]["url"] == NOWHERE


async def test_a_reset_does_not_send_a_token_to_the_default_address(home: Path) -> None:
    mirror = {"tibber": {"base_url": "http://127.0.0.1:7", "token": SECRET}}
    async with served(home) as (app, client):
        assert (await client.put("/api/config", json=mirror)).is_success
        one = await client.post("/api/config/reset", json={"group": "tibber.base_url"})
        assert one.status_code == 422
        assert "Tibber" not in (await client.get("/settings/reset")).text.split("</h1>")[1]
        assert (await client.post("/api/config/reset")).status_code == 200
        assert app.state.config.in_force.running.tibber.base_url == "http://127.0.0.1:7"


async def test_a_file_edited_by_hand_waits_for_the_token_or_a_restart(home: Path) -> None:
    environ = {"DARKSTAR_AUTOMATION__ENABLE_SCHEDULER": "false"}
    (home / "secrets.yaml").write_text(f"home_assistant: {{token: '{TOKEN}'}}\n")
    (home / "config.yaml").write_text(f"{CONFIG}home_assistant:\n  url: {NOWHERE}\n")
    async with served(home, environ) as (app, client):
        text = (home / "config.yaml").read_text()
        (home / "config.yaml").write_text(text.replace(NOWHERE + "\n", EVIL + "\n"))
        await client.post("/api/run_planner")
        running = app.state.services.job.settings
        assert running.home_assistant.url == NOWHERE
        warnings = (await client.get("/api/status")).json()["warnings"]
        assert any("or restart Darkstar" in each for each in warnings), warnings
        refused = await client.put("/api/config", json={"battery": {"capacity_kwh": 8}})
        assert refused.status_code == 422, "saving something else must not let it in"
        taken = await client.put("/api/config", json={"home_assistant": {"token": TOKEN}})
        assert taken.status_code == 200, taken.text
        await client.post("/api/run_planner")
        assert app.state.services.job.settings.home_assistant.url == EVIL
    assert load_settings(home / "config.yaml", environ).settings.home_assistant.url == EVIL


def test_another_path_of_the_same_server_needs_nothing() -> None:
    made = [
        Settings.model_validate({"home_assistant": {"url": f"http://a.example/{at}", "token": "t"}})
        for at in ("", "sub")
    ]
    assert list(misdirected(made[0], made[1])) == []
