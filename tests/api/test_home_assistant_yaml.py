"""The package for Home Assistant: valid YAML, this host's address, and commands that work."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jinja2 import Environment, StrictUndefined

from app.core.clock import iso_utc, now, slot_floor
from app.core.frames import SLOT
from app.settings import Access
from tests.api.test_service import first_outcome, offline, running

PATH = "/integrations/home-assistant.yaml"


class Secret(str):
    """The name behind ``!secret``."""

    __slots__ = ()


class HomeAssistantLoader(yaml.SafeLoader):
    """Reads YAML as Home Assistant does: with ``!secret``, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return dict(super().construct_mapping(node, deep=deep))


HomeAssistantLoader.add_constructor(
    "!secret", lambda loader, node: Secret(loader.construct_scalar(node))
)


def read(text: str) -> dict[str, Any]:
    return dict(yaml.load(text, HomeAssistantLoader))  # noqa: S506 - a SafeLoader


def home_assistants_templates(at: datetime) -> Environment:
    """The few functions of Home Assistant's templates that the package uses."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML
    environment.globals |= {
        "now": lambda: at,
        "as_timestamp": lambda instant: instant.timestamp(),
    }
    environment.filters["timestamp_custom"] = lambda seconds, form, local: datetime.fromtimestamp(
        seconds, None if local else UTC
    ).strftime(form)
    return environment


def rendered(value: str, **names: object) -> str:
    return home_assistants_templates(now()).from_string(value).render(**names)


def entities(package: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in package["rest"]:
        yield from resource["sensor"] + resource["binary_sensor"]


async def test_every_sensor_of_the_package_reads_the_real_answer(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.get(PATH, headers={"Host": "192.0.2.7:8123"})
        assert answer.headers["content-type"] == "text/yaml; charset=utf-8"
        package = read(answer.text)
        assert package["rest"][0]["resource"] == "http://192.0.2.7:8123/api/now"
        assert "headers" not in package["rest"][0]
        told = (await client.get("/api/now")).json()
    ids = [entity["unique_id"] for entity in entities(package)]
    assert len(ids) == len(set(ids)) == 14
    for entity in entities(package):
        value = rendered(entity["value_template"], value_json=told)
        assert value not in {"", "None"}, entity
        if "availability" in entity:
            assert rendered(entity["availability"], value_json=told) == "True"
            nothing = dict.fromkeys(told)
            assert rendered(entity["availability"], value_json=nothing) == "False"
    units = {entity.get("unit_of_measurement") for entity in entities(package)}
    assert units == {None, "%", "kW", "SEK", "SEK/kWh", "s"}


async def test_every_command_of_the_package_is_understood(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        commands = read((await client.get(PATH)).text)["rest_command"]

        async def call(name: str) -> httpx.Response:
            command = commands[f"darkstar_{name}"]
            assert command["headers"]["Authorization"] == Secret("darkstar_token")
            payload = rendered(command["payload"]) if "payload" in command else None
            kind = command.get("content_type", "text/plain")
            return await client.request(
                command["method"].upper(),
                command["url"],
                content=payload,
                headers={"Content-Type": kind},
            )

        start = slot_floor(now())
        boost = (await call("water_boost")).json()["actions"][0]
        assert boost["action"] == "water"
        assert boost["start_at"] in {iso_utc(start + SLOT), iso_utc(start + SLOT * 2)}
        hold = (await call("pause")).json()["actions"][0]
        assert hold["action"] == "hold"
        assert hold["start_at"] in {iso_utc(start), iso_utc(start + SLOT)}
        listed = (await client.get("/api/manual_actions")).json()["actions"]
        assert [each["action"] for each in listed] == ["hold"]
        assert (await call("reset_to_optimal")).status_code == 200
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        assert (await call("run_planner")).status_code in {200, 409}


async def test_every_entity_of_the_skeleton_is_one_the_package_makes(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        text = (await client.get(PATH)).text
    made = {
        f"{kind}.{entity['name'].lower().replace(' ', '_')}"
        for resource in read(text)["rest"]
        for kind in ("sensor", "binary_sensor")
        for entity in resource[kind]
    }
    used = set(re.findall(r"(?:binary_)?sensor\.darkstar_[a-z_]+", text))
    assert used
    assert used <= made


async def test_where_reading_needs_the_token_the_sensors_bring_it(tmp_path: Path) -> None:
    settings = offline(tmp_path, demo=True)
    closed = settings.model_copy(update={"access": Access(reads="login")})
    async with running(closed) as (_, client):
        answer = await client.get(PATH)
        assert answer.status_code == 200, answer.text
        headers = read(answer.text)["rest"][0]["headers"]
    assert headers == {"Authorization": Secret("darkstar_token")}


@pytest.mark.parametrize(
    ("host", "refusal"),
    [
        ("evil.example", (421, "unknown_host")),
        ('192.0.2.7:80"x', (400, "host_unusable")),
        ("[::1]:8000 # evil", (400, "host_unusable")),
        ("192.0.2.7:", (400, "host_unusable")),
        ("a@127.0.0.1:80", (400, "host_unusable")),
    ],
)
async def test_a_host_that_is_not_ours_gets_no_package(
    tmp_path: Path, host: str, refusal: tuple[int, str]
) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        answer = await client.get(PATH, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == refusal


async def test_an_address_with_colons_keeps_its_brackets(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        answer = await client.get(PATH, headers={"Host": "[2001:db8::1]:8000"})
        resource = read(answer.text)["rest"][0]["resource"]
        assert resource == "http://[2001:db8::1]:8000/api/now"
