"""docs/controller.md: its examples are the real thing, and its function node does what it says."""

import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.alerts.notice import happened
from app.core.clock import iso_utc
from app.core.shipped import SHIPPED
from app.db.tables.models import CurrentSlot
from app.mqtt.commands import TAKES
from app.mqtt.discovery import topics_of
from app.service.schemas.now import EXAMPLE, NowOut
from app.settings import Settings
from tests.api.test_service import first_outcome, offline, running

DOC = (SHIPPED / "docs" / "controller.md").read_text(encoding="utf-8")
HOW_TO_GET_NODE = "Node.js is not installed; install it with: apt-get install nodejs"
# Gives the function node what Node-RED gives it, feeds it messages, prints what it returns.
HARNESS = """
const store = {};
const context = { get: (k) => store[k], set: (k, v) => { store[k] = v; } };
const { code, messages } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const run = new Function("msg", "context", "node", code);
let said = "";
const node = { status: (s) => { said = s.text; } };
console.log(JSON.stringify(messages.map((m) => ({ ...run(m, context, node), status: said }))));
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


def block(language: str) -> str:
    [found] = blocks(language)
    return found


def test_the_answer_shown_is_the_documented_example() -> None:
    answer, alert = (json.loads(each) for each in blocks("json"))
    assert answer == EXAMPLE
    assert EXAMPLE.keys() == NowOut.model_fields.keys()
    said = happened("x", about="y", message="z", at=datetime(2026, 11, 23, tzinfo=UTC)).as_data()
    assert list(alert) == list(said)
    assert (alert["event"], alert["severity"]) == (said["event"], said["severity"])


async def test_the_curl_call_asks_the_route_there_is(tmp_path: Path) -> None:
    words = shlex.split(block("sh"))
    assert words[0] == "curl"
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.get(words[-1])
    assert answer.status_code == 200
    assert answer.json().keys() == EXAMPLE.keys()


def test_every_name_of_the_unit_table_exists() -> None:
    table = DOC.split("## Units and signs")[1].split("\n\n")[1]
    names = {
        name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    known = NowOut.model_fields.keys() | CurrentSlot.__table__.columns.keys()
    assert len(names) > 15
    assert names <= known


def test_every_topic_is_documented() -> None:
    topics = topics_of(Settings())
    for topic in (topics.state, topics.availability, topics.alert, topics.discovery):
        assert f"| `{topic}` |" in DOC
    for name in TAKES:
        assert f"| `{topics.command(name)}` |" in DOC


def node_red(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What the documented function node makes of messages, one after the other."""
    if (node := shutil.which("node")) is None:
        pytest.skip(HOW_TO_GET_NODE)
    work = json.dumps({"code": block("javascript"), "messages": messages})
    done = subprocess.run(  # noqa: S603
        [node, "-e", HARNESS], input=work, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def state(action: str, *, left: timedelta = timedelta(days=1), **more: Any) -> dict[str, Any]:
    """A message; unless said it is valid for longer than all tests take, from collecting them."""
    until = datetime.now(UTC) + left
    told = {**EXAMPLE, "action": action, "valid_until": iso_utc(until), **more}
    return {"topic": "darkstar/state", "payload": told}


TICK = {"topic": "", "payload": 0}


def test_the_function_node_follows_a_valid_plan() -> None:
    answers = node_red(
        state("charge"),
        TICK,
        state("export", discharge_kw=3.5, soc_target=20.0),
        state("hold", water_on=True),
        state("pv_charge"),
        state("discharge"),
    )
    told = [(answer["payload"]["mode"], answer["payload"]["power_kw"]) for answer in answers]
    assert told == [
        ("force_charge", 5.0),
        ("force_charge", 5.0),
        ("force_discharge", 3.5),
        ("no_discharge", 0),
        ("self_consumption", 0),
        ("self_consumption", 0),
    ]
    assert answers[2]["payload"]["soc_target"] == 20.0
    assert answers[3]["payload"]["water_on"] is True


@pytest.mark.parametrize(
    "messages",
    [
        [TICK],
        [state("charge", left=-timedelta(seconds=1))],
        [state("charge", plan_valid=False)],
        [state("safe", plan_valid=False, valid_until=None)],
        [state("charge", valid_until="rubbish")],
        [state("charge"), {"topic": "darkstar/availability", "payload": "offline"}, TICK],
        [state("charge"), state("charge", left=-timedelta(seconds=1)), TICK],
    ],
    ids=["nothing heard", "expired", "not valid", "safe", "rubbish", "offline", "went stale"],
)
def test_the_function_node_does_the_safe_thing_otherwise(messages: list[dict[str, Any]]) -> None:
    last = node_red(*messages)[-1]
    assert last["payload"] == {
        "action": "safe",
        "mode": "self_consumption",
        "power_kw": 0,
        "soc_target": None,
        "water_on": False,
    }
    assert last["status"] == "safe"
