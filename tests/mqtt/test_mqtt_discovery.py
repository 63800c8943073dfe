"""What Home Assistant is told about the device, and the settings and commands around it."""

import json
from typing import Any, get_args

import pytest
from jinja2 import Environment, StrictUndefined
from pydantic import SecretStr, ValidationError

from app.ingest.home.ha_discovery import MADE_BY
from app.mqtt.commands import TAKES, Boost, CommandError, Pause, parse
from app.mqtt.discovery import discovery, topics_of
from app.service.schemas.now import EXAMPLE, Action, NowOut
from app.settings import Mqtt, NordPool, Server, Settings
from tests.mqtt_schema import discovery_faults

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there
ALL = Mqtt(commands=tuple(TAKES))


def described(**mqtt: Any) -> dict[str, Any]:
    settings = Settings(
        mqtt=Mqtt(**{"commands": tuple(TAKES)} | mqtt), nordpool=NordPool(currency="NOK")
    )
    return dict(json.loads(discovery(settings)))


def test_home_assistant_takes_the_payload() -> None:
    payload = described()
    assert discovery_faults(payload) == []
    platforms = {name: each["platform"] for name, each in payload["components"].items()}
    assert {name for name, what in platforms.items() if what == "button"} == set(TAKES)
    wanted = {"action", "reason", "soc_target", "charge_power", "next_change", "price"}
    wanted |= {"cost_today", "saving_today", "plan_age", "optimality"}
    assert wanted <= {name for name, what in platforms.items() if what == "sensor"}
    assert platforms["water_heating"] == platforms["plan_valid"] == "binary_sensor"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda p: p.pop("origin"), "'origin' is a required property"),
        (lambda p: p.update(extra=1), "Additional properties"),
        (lambda p: p["device"].update(identifiers=[]), "non-empty"),
        (lambda p: p["components"]["pause"].pop("command_topic"), "not valid"),
        (lambda p: p["components"]["pause"].pop("unique_id"), "'unique_id' is a required"),
        (lambda p: p["components"]["action"].update(state_class="total"), "wrong state class"),
        (lambda p: p["components"]["charge_power"].update(unit_of_measurement="hp"), "wrong unit"),
        (lambda p: p.pop("state_topic"), "has no state"),
        (lambda p: p["components"]["cost_today"].update(state_class="measurement"), "not valid"),
        (lambda p: p["components"]["pause"].update(unique_id="darkstar_resume"), "twice"),
    ],
)
def test_the_check_sees_a_payload_that_is_wrong(change: Any, fault: str) -> None:
    payload = described()
    change(payload)
    assert any(fault in words for words in discovery_faults(payload)), discovery_faults(payload)


def test_every_template_reads_the_answer_and_an_empty_one() -> None:
    full = NowOut.model_validate(EXAMPLE).model_dump(mode="json")
    optional = {
        name for name in full if type(None) in get_args(NowOut.model_fields[name].annotation)
    }
    empty = full | dict.fromkeys(optional) | {"action": "safe", "water_on": False}
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML
    numbers = 0
    for name, each in described()["components"].items():
        for key in ("value_template", "last_reset_value_template", "json_attributes_template"):
            if key not in each:
                continue
            template = environment.from_string(each[key])
            assert template.render(value_json=full) not in {"", "None"}, name
            # Home Assistant takes the word None for "unknown", and nothing empty.
            assert template.render(value_json=empty) != "", name
        if each.get("unit_of_measurement"):
            float(environment.from_string(each["value_template"]).render(value_json=full))
            numbers += 1
    assert numbers == 9
    long = full | {"reason_text": "ä" * 400}
    reason = described()["components"]["reason"]["value_template"]
    assert len(environment.from_string(reason).render(value_json=long)) <= 255
    assert described()["components"]["action"]["options"] == list(get_args(Action))


def test_attributes_change_with_the_state_and_say_who_made_them() -> None:
    """Home Assistant stores a row whenever an attribute changes: none may hold an age."""
    full = NowOut.model_validate(EXAMPLE).model_dump(mode="json")
    later = full | {"now": "2026-11-23T02:17:30Z", "plan_age_seconds": 87.0, "plan_run_id": 8}
    later |= {"valid_until": "2026-11-23T02:45:00Z", "slot_start": "2026-11-23T02:30:00Z"}
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML
    marked = 0
    for name, each in described()["components"].items():
        if each["platform"] == "button":
            continue
        template = environment.from_string(each["json_attributes_template"])
        told = template.render(value_json=full)
        assert told == template.render(value_json=later), name
        assert json.loads(told)["attribution"] == MADE_BY
        marked += 1
    assert marked == 17
    assert described()["components"]["plan_age"]["enabled_by_default"] is False


@pytest.mark.parametrize(
    ("server", "page", "own", "url"),
    [
        (ANYWHERE, None, "192.0.2.7", "http://192.0.2.7:8000"),
        ("::", None, "2001:db8::7", "http://[2001:db8::7]:8000"),
        ("192.0.2.8", None, "10.0.0.1", "http://192.0.2.8:8000"),
        ("127.0.0.1", None, "192.0.2.7", None),
        (ANYWHERE, None, "127.0.0.1", None),
        (ANYWHERE, None, None, None),
        ("127.0.0.1", "https://plan.example", "192.0.2.7", "https://plan.example"),
    ],
)
def test_the_device_links_to_our_pages_where_their_address_is_known(
    server: str, page: str | None, own: str | None, url: str | None
) -> None:
    settings = Settings(mqtt=Mqtt(page_url=page), server=Server(host=server))
    device = json.loads(discovery(settings, own_address=own))["device"]
    assert device.get("configuration_url") == url


def test_topics_follow_the_settings_and_ids_hold_no_slash() -> None:
    payload = described(base_topic="home/dark.star", discovery_prefix="ha")
    assert payload["state_topic"] == "home/dark.star/state"
    assert payload["device"]["identifiers"] == ["home_dark_star"]
    assert payload["components"]["pause"]["unique_id"] == "home_dark_star_pause"
    settings = Settings(mqtt=Mqtt(base_topic="home/dark.star", discovery_prefix="ha"))
    assert topics_of(settings).discovery == "ha/device/home_dark_star/config"
    assert payload["components"]["price"]["unit_of_measurement"] == "NOK/kWh"


@pytest.mark.parametrize(
    ("name", "payload", "values"),
    [
        ("pause", b"PRESS", Pause(hours=2)),
        ("pause", b"", Pause(hours=2)),
        ("pause", b'{"hours": 0.5}', Pause(hours=0.5)),
        ("water_boost", b" PRESS\n", Boost(hours=1)),
        ("water_boost", b"{}", Boost(hours=1)),
    ],
)
def test_a_press_takes_the_defaults_and_json_its_values(
    name: str, payload: bytes, values: object
) -> None:
    assert parse(name, payload, ALL, retained=False).values == values


@pytest.mark.parametrize(
    ("name", "payload", "words"),
    [
        ("pause", b'{"hours": 0}', "greater than or equal to 0.25"),
        ("pause", b'{"hours": 0.3}', "multiple of 0.25"),
        ("pause", b'{"hours": NaN}', "finite"),
        ("pause", b'{"minutes": 5}', "minutes"),
        ("pause", b"press", "is no JSON; send PRESS"),
        ("pause", b'{"hours": 4.25}', "more than mqtt.max_command_hours, 4"),
        ("water_boost", b'{"hours": 1e300}', "more than mqtt.max_command_hours"),
        ("run_planner", b'{"hours": 1}', "hours"),
        ("run_planner", b"[]", "send PRESS"),
        ("water_boost", b"\xff", "is no JSON"),
        ("resume", b"[" * 1000, "resume"),
        ("nothing", b"PRESS", "send one of run_planner, water_boost, pause, resume"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(name: str, payload: bytes, words: str) -> None:
    with pytest.raises(CommandError, match="send") as refused:
        parse(name, payload, ALL, retained=False)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://192.0.2.10", ("192.0.2.10", 1883, False, None, None)),
        ("mqtts://broker.example:9999/", ("broker.example", 9999, True, None, None)),
        ("mqtt://me:p%40ss%2F@[::1]:1883", ("::1", 1883, False, "me", "p@ss/")),
    ],
)
def test_a_url_says_where_the_broker_is(url: str, broker: tuple[Any, ...]) -> None:
    found = Mqtt(url=SecretStr(url)).broker
    assert (found.host, found.port, found.tls, found.username, found.password) == broker
    assert "p@ss" not in f"{found} {found!r}"
    assert Mqtt(url=SecretStr(url)).enabled
    assert not Mqtt().enabled


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "http://hunter2@192.0.2.10"}, "must begin with mqtt://"),
        ({"url": "mqtt://me:hunter2/x@192.0.2.10:1883"}, "is not a URL|must end after the port"),
        ({"url": "mqtt://:hunter2@:1883"}, "name a host"),
        ({"url": "mqtt://me:hunter2@h", "username": "you"}, "keep one"),
        ({"url": "mqtt://h", "password": "hunter2"}, "set username"),
        ({"url": "mqtt://h", "ca_file": "ca.pem"}, "mqtts://"),
        ({"base_topic": "a/#"}, "is not a topic"),
        ({"base_topic": "/a"}, "is not a topic"),
        ({"discovery_prefix": ""}, "is not a topic"),
    ],
)
def test_a_broker_that_cannot_be_is_refused_without_its_password(
    given: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        Mqtt.model_validate(given)
    assert "hunter2" not in str(refused.value)
