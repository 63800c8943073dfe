"""The service on a real Mosquitto: seen, obeyed, missed when it is gone, back by itself."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.alerts.machine import Event
from app.alerts.notice import Notice
from app.core.clock import iso_utc, now, slot_floor
from app.core.frames import SLOT, SLOT_HOURS
from app.db import observed
from app.db.connection.engine import session_scope
from app.mqtt import connection as mqtt_out
from app.mqtt.connection import RETRY_MAX_SECONDS, pause_seconds
from app.recorder.run import SETTLED_AFTER, Recorder
from app.settings import Mqtt, Settings
from tests.api.test_manual import replanned
from tests.api.test_service import first_outcome, offline, running
from tests.broker import Mosquitto, listening, mosquitto
from tests.gate import free_port, gate
from tests.mqtt_schema import discovery_faults


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as made:
        yield made


@pytest.fixture
def base(tmp_path: Path) -> str:
    """Topics of the test's own."""
    return f"test/{tmp_path.name}"


def at_broker(tmp_path: Path, url: str, base: str, **more: Any) -> Settings:
    mqtt = Mqtt.model_validate(
        {
            "url": url,
            "base_topic": base,
            "discovery_prefix": f"{base}/ha",
            "commands": ["run_planner", "water_boost", "pause", "resume"],
            **more,
        }
    )
    return offline(tmp_path, demo=True).model_copy(update={"mqtt": mqtt})


@asynccontextmanager
async def planned(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    async with running(settings) as (app, client):
        await first_outcome(client)
        yield app, client


async def test_the_device_introduces_itself_and_says_what_rest_says(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    settings = at_broker(tmp_path, broker.url, base)
    async with planned(settings) as (_, client), listening(broker) as heard:
        device = base.replace("/", "_")
        payload = json.loads(await heard.until(f"{base}/ha/device/{device}/config"))
        assert discovery_faults(payload) == []
        assert await heard.until(f"{base}/availability") == "online"
        state = await heard.state(base, lambda told: told["plan_valid"])
        told = (await client.get("/api/now")).json()
        changing = {"now", "plan_age_seconds"}
        assert state.keys() == told.keys()
        if state["slot_start"] == told["slot_start"]:
            assert {k: v for k, v in state.items() if k not in changing} == {
                k: v for k, v in told.items() if k not in changing
            }
    # Whoever comes later finds it all.
    async with listening(broker) as late:
        await late.until(f"{base}/ha/device/{device}/config")
        await late.until(f"{base}/state")
        assert all(retained for topic, _, retained in late.heard if topic.startswith(base))
        # And that the service has stopped.
        assert await late.until(f"{base}/availability") == "offline"


async def test_buttons_change_the_plan(tmp_path: Path, broker: Mosquitto, base: str) -> None:
    settings = at_broker(tmp_path, broker.url, base)
    async with planned(settings) as (app, client), listening(broker) as heard:
        await heard.state(base, lambda told: told["plan_valid"])
        before = slot_floor(now())

        await heard.client.publish(f"{base}/command/water_boost", "PRESS", qos=1)
        plan = await replanned(app, client)
        heated = [row for row in plan["schedule"] if row["is_manual"]]
        assert all(row["water_kw"] > 0 for row in heated)
        assert len(heated) == 4
        first = heated[0]["slot_start"]
        assert first in {iso_utc(before + SLOT), iso_utc(before + SLOT * 2)}

        count = len(heard.heard)
        await heard.client.publish(f"{base}/command/pause", "PRESS", qos=1)
        # It is in the way of the boost, which is taken back and said so.
        assert "taken back" in (await heard.alert(base, "notice"))["message"]
        state = await heard.state(base, lambda told: told["is_manual"], after=count)
        # By day the sun may still fill the battery; nothing else moves it.
        assert state["action"] in {"hold", "pv_charge"}
        assert state["discharge_kw"] == 0
        plan = (await client.get("/api/schedule")).json()
        held = [row for row in plan["schedule"] if row["is_manual"]]
        assert held
        for row in held:
            assert row["charge_kw"] <= row["planned_pv_kwh"] / SLOT_HOURS + 1e-9
            assert row["discharge_kw"] == 0
        actions = (await client.get("/api/manual_actions")).json()["actions"]
        assert [(each["action"], each["created_from"]) for each in actions] == [("hold", "mqtt")]

        count = len(heard.heard)
        await heard.client.publish(f"{base}/command/resume", "PRESS", qos=1)
        await heard.state(base, lambda told: not told["is_manual"], after=count)
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        await heard.client.publish(f"{base}/command/resume", "PRESS", qos=1)
        assert (await heard.alert(base, "no_such_action"))["about"] == "resume"


async def test_the_planner_runs_when_its_button_is_pressed(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    settings = at_broker(tmp_path, broker.url, base)
    async with planned(settings) as (_, client), listening(broker) as heard:
        old = await heard.state(base, lambda told: told["plan_valid"])
        count = len(heard.heard)
        # Three at once: one is carried out, the others are told.
        for _ in range(3):
            await heard.client.publish(f"{base}/command/run_planner", "", qos=1)
        await heard.state(base, lambda told: told["plan_run_id"] != old["plan_run_id"], after=count)
        assert (await heard.alert(base, "run_in_progress"))["about"] == "run_planner"
        plan = (await client.get("/api/schedule")).json()
        assert plan["meta"]["trigger"] == "mqtt"
        assert plan["meta"]["plan_run_id"] == old["plan_run_id"] + 1


async def test_what_is_not_understood_is_said_and_changes_nothing(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    settings = at_broker(tmp_path, broker.url, base)
    async with planned(settings) as (_, client), listening(broker) as heard:
        await heard.state(base, lambda told: told["plan_valid"])
        command = f"{base}/command"
        for payload in (b"\xff\xfe", b"[" * 900, b"{}x", b'{"hours": 1e999}', b"x" * 5000):
            count = len(heard.heard)
            await heard.client.publish(f"{command}/pause", payload, qos=1)
            alert = await heard.alert(base, "command_invalid", after=count)
            assert "pause" in alert["message"]
        count = len(heard.heard)
        await heard.client.publish(f"{command}/explode", "PRESS", qos=1)
        assert "run_planner" in (await heard.alert(base, "command_invalid", after=count))["message"]
        assert (await client.get("/api/manual_actions")).json()["actions"] == []
        # And it still listens.
        await heard.client.publish(f"{command}/pause", '{"hours": 0.5}', qos=1)
        await heard.state(base, lambda told: told["is_manual"])


async def test_a_retained_command_is_refused_at_every_connection(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    topic = f"{base}/command/pause"
    async with listening(broker) as heard:
        await heard.client.publish(topic, "PRESS", qos=1, retain=True)
        async with planned(at_broker(tmp_path, broker.url, base)) as (_, client):
            alert = await heard.alert(base, "command_invalid")
            assert "retain" in alert["message"]
            assert (await client.get("/api/manual_actions")).json()["actions"] == []
        await heard.client.publish(topic, "", qos=1, retain=True)


async def test_home_assistants_birth_brings_the_discovery_again(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    config = f"{base}/ha/device/{base.replace('/', '_')}/config"
    async with planned(at_broker(tmp_path, broker.url, base)), listening(broker) as heard:
        await heard.until(config)
        await heard.until(f"{base}/state")
        count = len(heard.heard)
        await heard.client.publish(f"{base}/ha/status", "online", qos=1)
        await heard.until(config, after=count)
        await heard.until(f"{base}/state", after=count)
        # The will of a connection that broke earlier may come late: it is put right.
        count = len(heard.heard)
        await heard.client.publish(f"{base}/availability", "offline", qos=1, retain=True)
        await heard.until(f"{base}/availability", lambda said: said == "online", after=count)


async def test_a_broken_connection_is_seen_by_the_will(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    port = free_port()
    settings = at_broker(tmp_path, f"mqtt://127.0.0.1:{port}", base)
    async with listening(broker) as heard:
        way = gate(listen=port, host="127.0.0.1", port=broker.port)
        await way.__aenter__()
        async with planned(settings):
            await heard.until(f"{base}/availability", lambda said: said == "online")
            count = len(heard.heard)
            await way.__aexit__(None, None, None)
            await heard.until(f"{base}/availability", lambda said: said == "offline", after=count)
            # Once the way is open again it is back by itself.
            count = len(heard.heard)
            async with gate(listen=port, host="127.0.0.1", port=broker.port):
                await heard.until(
                    f"{base}/availability", lambda said: said == "online", after=count
                )
                await heard.until(f"{base}/state", after=count)


async def test_a_broker_that_restarts_empty_learns_everything_anew(
    tmp_path: Path, base: str
) -> None:
    with mosquitto(tmp_path) as own:
        async with planned(at_broker(tmp_path, own.url, base)) as (app, client):
            async with listening(own) as heard:
                await heard.state(base, lambda told: told["plan_valid"])
            own.stop()
            # Planning does not notice.
            assert (await client.post("/api/run_planner")).status_code == 200
            app.state.services.outbox.alert("test", about="meanwhile", message="kept for later")
            own.start()
            async with listening(own) as heard:
                await heard.until(f"{base}/ha/device/{base.replace('/', '_')}/config")
                await heard.state(base, lambda told: told["plan_valid"])
                assert (await heard.alert(base, "test"))["about"] == "meanwhile"
                # The alerts of the service go the same way.
                mqtt = app.state.services.alerts.teller.mqtt
                await mqtt.send(Notice(Event.RAISED, 1, "x", "info", "t", "m", now(), now()))
                assert (await heard.alert(base, "x"))["title"] == "t"
                await heard.client.publish(f"{base}/command/pause", "PRESS", qos=1)
                await heard.state(base, lambda told: told["is_manual"])


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A broker that takes connections and never says a word; gives its port."""
    writers: list[asyncio.StreamWriter] = []

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize("broker_is", ["away", "silent"])
async def test_a_broker_that_is_down_holds_nothing_up(
    tmp_path: Path, base: str, broker_is: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever waited for the broker would wait for an hour.
    monkeypatch.setattr(mqtt_out, "TIMEOUT_SECONDS", 3600)
    monkeypatch.setattr(mqtt_out, "RETRY_SECONDS", 3600)
    async with silent_server() as silent:
        port = free_port() if broker_is == "away" else silent
        async with planned(at_broker(tmp_path, f"mqtt://127.0.0.1:{port}", base)) as (_, client):
            assert (await client.get("/api/now")).json()["plan_valid"]
            assert (await client.post("/api/run_planner")).status_code == 200


async def test_a_broker_that_asks_for_a_password_gets_it(tmp_path: Path, base: str) -> None:
    words = tmp_path / "passwords"
    # mosquitto_passwd comes with the clients' package; this is "hunter2" as it stores it.
    words.write_text(
        "darkstar:$7$101$c2FsdHNhbHRzYWx0$"
        + _pbkdf2(b"hunter2", b"saltsaltsalt", rounds=101)
        + "\nlistener:$7$101$c2FsdHNhbHRzYWx0$"
        + _pbkdf2(b"ears", b"saltsaltsalt", rounds=101)
        + "\n"
    )
    words.chmod(0o644)
    with mosquitto(tmp_path, f"allow_anonymous false\npassword_file {words}") as own:
        settings = at_broker(tmp_path, own.url, base, username="darkstar", password="hunter2")  # noqa: S106
        ears = {"username": "listener", "password": "ears"}
        async with planned(settings), listening(own, **ears) as heard:
            await heard.state(base, lambda told: told["plan_valid"])


def _pbkdf2(password: bytes, salt: bytes, *, rounds: int) -> str:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password, salt, rounds)).decode()


def test_attempts_grow_rarer_and_never_fall_in_step() -> None:
    pauses = [pause_seconds(failures) for failures in range(1, 40)]
    assert all(0 < pause <= RETRY_MAX_SECONDS for pause in pauses)
    assert pauses[0] <= 2
    assert min(pauses[-10:]) >= RETRY_MAX_SECONDS / 2
    assert len(set(pauses)) == len(pauses)


async def test_sensors_that_speak_by_mqtt_are_planned_with_and_recorded(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    topic = f"{base}/house"
    settings = at_broker(
        tmp_path,
        broker.url,
        base,
        readings=[
            {"sensor": "battery_soc", "topic": topic, "unit": "%", "json_key": "soc"},
            {"sensor": "grid_power", "topic": topic, "unit": "W", "json_key": "grid"},
        ],
    )
    async with planned(settings) as (app, client), listening(broker) as heard:
        await heard.until(f"{base}/availability", lambda payload: payload == "online")
        sources = app.state.services.job.sources
        soc = settings.mqtt.readings[0]
        await heard.client.publish(topic, json.dumps({"soc": 71.5, "grid": 800}), qos=1)
        async with asyncio.timeout(60):
            while sources.readings.newest(soc) is None:  # noqa: ASYNC110 - the buffer has no event
                await asyncio.sleep(0.02)
        state = (await client.get("/api/initial_state")).json()
        assert state["soc_percent"] == 71.5
        level = next(each for each in state["inputs"] if each["name"] == "soc")
        assert (level["source"], level["quality"]) == ("MQTT", "live")
        done = await Recorder(sources).record(now=slot_floor(now()) + SLOT + SETTLED_AFTER)
        assert done.slots > 0
        async with session_scope(sources.sessions) as session:
            rows = await observed.rows(
                session, start=slot_floor(now()), end=slot_floor(now()) + SLOT
            )
        assert rows[0]["source"] == "MQTT"
        assert rows[0]["soc_percent"] == 71.5


async def test_a_renamed_device_leaves_no_ghost_behind(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    """Neither at the next start nor, should that be killed, at the one after it."""
    was, is_now = f"{base}/was", f"{base}/now"

    async with listening(broker) as heard:
        async with planned(at_broker(tmp_path, broker.url, was)):
            await heard.until(f"{was}/state")
        async with planned(at_broker(tmp_path, broker.url, is_now)):
            await heard.until(f"{is_now}/state")
            await heard.until(f"{was}/state", lambda payload: payload == "")
        await heard.until(f"{is_now}/availability", lambda payload: payload == "offline")
    async with listening(broker) as heard:
        await heard.client.publish(f"{base}/end", "of what is retained", qos=1)
        await heard.until(f"{base}/end")
        mine = {name for name, _, kept in heard.heard if kept and name.startswith(base)}
    device = is_now.replace("/", "_")
    assert mine == {
        f"{is_now}/ha/device/{device}/config",
        f"{is_now}/state",
        f"{is_now}/availability",
    }
    assert set(json.loads((tmp_path / "mqtt_published.json").read_text())) == mine


async def test_only_the_commands_that_the_owner_allows_are_obeyed(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    """Anyone on the broker can publish: a new home lets MQTT ask for a plan, and no more."""
    commands = Mqtt.model_fields["commands"].default
    assert commands == ("run_planner",)
    settings = at_broker(tmp_path, broker.url, base, commands=commands)
    async with planned(settings) as (_, client), listening(broker) as heard:
        text = await heard.until(f"{base}/ha/device/{base.replace('/', '_')}/config")
        components = json.loads(text)["components"]
        assert components["run_planner"]["command_topic"] == f"{base}/command/run_planner"
        assert components["pause"] == {"platform": "button"}, "taken away where it was"
        await heard.client.publish(f"{base}/command/pause", "PRESS", qos=1)
        alert = await heard.alert(base, "command_invalid")
        assert "mqtt.commands" in alert["message"]
        assert (await client.get("/api/manual_actions")).json()["actions"] == []


async def test_everything_on_the_alert_topic_has_one_shape(
    tmp_path: Path, broker: Mosquitto, base: str
) -> None:
    lasting = Notice(Event.RAISED, 7, "idle_plan", "warning", "Darkstar: x", "y", now(), now())
    settings = at_broker(tmp_path, broker.url, base)
    async with planned(settings) as (app, _), listening(broker) as heard:
        await heard.until(f"{base}/state")
        await heard.client.publish(f"{base}/command/dance", "PRESS", qos=1)
        refused = await heard.alert(base, "command_invalid")
        await app.state.services.alerts.teller.mqtt.send(lasting)
        told = await heard.alert(base, "idle_plan")
    assert list(refused) == list(told)
    assert (refused["event"], refused["about"], refused["alert_id"]) == ("happened", "dance", None)
    assert (told["event"], told["about"], told["alert_id"]) == ("raised", "", 7)
