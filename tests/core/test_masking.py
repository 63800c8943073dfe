"""No secret gets through, neither a known one nor one that looks like one."""

import logging

import pytest
from pydantic import SecretStr

from app.core.log_tail import LINE_CHARACTERS, LogTail
from app.core.masking import MASK, Masker
from app.settings import Database, HomeAssistant, Server, Settings

SETTINGS = Settings(
    home_assistant=HomeAssistant(url="http://ha.local:8123", token=SecretStr("abc.def/ghi")),
    database=Database(url=SecretStr("mariadb://u:p%40ss@db/darkstar")),
    server=Server(token=SecretStr("s" * 24)),
)


@pytest.mark.parametrize(
    "secret", ["abc.def/ghi", "abc.def%2Fghi", "p%40ss", "p@ss", "s" * 24, "mariadb://u:p%40ss@db"]
)
def test_a_known_secret_is_struck_out_in_every_form(secret: str) -> None:
    said = Masker.of(SETTINGS)(f"before {secret} after")
    assert secret not in said
    assert MASK in said
    assert said.startswith("before ")
    assert said.endswith(" after")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer hunter2", "hunter2"),
        ("bearer hunter2", "hunter2"),
        ("mqtt://anna:hunter2@broker", "hunter2"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJh.c2ln y", "eyJpc3MiOiJh"),
        ("?token=hunter2&a=1", "hunter2"),
        ("password=hunter2;", "hunter2"),
        ("https://abcdefghijklmnopqrstuvwxyz012345.ui.nabu.casa", "abcdefghijklmnop"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(text: str, gone: str) -> None:
    assert gone not in Masker()(text)


@pytest.mark.parametrize(
    "text", ["http://ha.local:8123/api", "2026-11-23T14:07:13Z", "sensor.battery_soc = 44 %"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masker.of(SETTINGS)(text) == text


def test_the_ring_keeps_the_newest_lines_and_their_ends() -> None:
    tail, nothing = LogTail(lines=3), dict[str, int]()
    log = logging.getLogger("darkstar.test.ring")
    log.propagate = False
    log.addHandler(tail)
    for index in range(5):
        log.warning("line %d", index)
    try:
        nothing.pop("x" * 2 * LINE_CHARACTERS)
    except KeyError:
        log.exception("crashed")
    log.warning("broken %d", "arguments")
    log.removeHandler(tail)
    texts = [line.text for line in tail.lines()]
    assert texts[0] == "line 4"
    assert texts[1].endswith("xxx'")
    assert len(texts[1]) <= LINE_CHARACTERS + 2
    assert texts[2] == "broken %d"
    assert [line.level for line in tail.lines()] == ["warning", "error", "warning"]


def test_a_handler_for_libraries_does_not_silence_their_warnings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    tail = LogTail()
    with tail.listening(Masker()):
        logging.getLogger("apscheduler.test").warning("late")
    assert "late" in capsys.readouterr().err
    assert tail.lines()[-1].text == "late"
    assert logging.getLogger().handlers == []
