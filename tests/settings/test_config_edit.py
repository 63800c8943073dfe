"""A change written into text: only its own bytes differ, and it means what was asked for."""

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.core.shipped import SHIPPED
from app.settings import Settings
from app.settings.fields import setting_fields, value_of
from app.settings.store import yaml_edit
from app.settings.store.changes import ConfigRefusedError, wanted_of
from app.settings.store.edit import Edited, edit
from app.settings.store.files import ConfigFiles, Contents
from app.settings.store.legacy import look
from app.settings.words import WORDS

SHIPPED_CONFIG = (SHIPPED / "config.yaml").read_bytes()
DEFAULTS = (SHIPPED / "config.default.yaml").read_bytes()
LEGACY = Path(__file__).parent.parent / "fixtures" / "legacy"
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)
)


def changed(config: bytes | None, body: dict[str, Any], secrets: bytes | None = None) -> Edited:
    files = ConfigFiles(Path("config.yaml"), {})
    contents = Contents(config, secrets)
    present = files.loaded(contents)
    return edit(files, contents, present, wanted_of(body, present))


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("a:\n  # why\nb: 1\n", "a.x", 1, "a:\n  x: 1\n  # why\nb: 1\n"),
        ("a: null # none\nb: 2", "a.x", "on", "a: # none\n  x: 'on'\nb: 2"),
        ("{a: 1}", "b.c", [1, 2], "{a: 1, b: {c: [1, 2]}}"),
        ("a: {x: 1, y: 2} # k\n", "a.y", "p, q", "a: {x: 1, y: 'p, q'} # k\n"),
        (
            "a:\r\n  b: 1 # z\r\n\r\nc: 3\r\n",
            "a.d",
            3,
            "a:\r\n  b: 1 # z\r\n  d: 3\r\n\r\nc: 3\r\n",
        ),
        ("a:\n  b: |\n    x\n  c: 1\n", "a.b", "q", "a:\n  b: q\n  c: 1\n"),
        ("a:\n  b:\nc: 1\n", "a.b", 2, "a:\n  b: 2\nc: 1\n"),
        ("a:\n- 1\n# why\nb: 1\n", "a", [3], "a: [3]\n# why\nb: 1\n"),
        ("# only words\n", "a.b", True, "# only words\n\na:\n  b: true\n"),
        ("a:\n    b: 1\n", "a.c", 2, "a:\n    b: 1\n    c: 2\n"),
    ],
)
def test_a_value_is_put_in_its_place(before: str, path: str, value: Any, after: str) -> None:
    assert yaml_edit.with_value(before, tuple(path.split(".")), value) == after


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a: {x: 1, y: 2} # k\n", "a.y", "a: {x: 1} # k\n"),
        ("a:\n  b: 1 # z\n  # next\n  c: 2\n", "a.b", "a:\n  # next\n  c: 2\n"),
        ("a:\n  b:\n  - 1\n\n# about c\nc: 2\n", "a.b", "\n# about c\nc: 2\n"),
        ("a: 1\n", "a.b", "a: 1\n"),
    ],
)
def test_an_entry_is_taken_out_and_nothing_else(before: str, path: str, after: str) -> None:
    assert yaml_edit.without(before, tuple(path.split("."))) == after


@given(scalars, st.sampled_from(["battery.capacity_kwh", "ui.theme", "new.name", "solar_arrays"]))
def test_any_value_is_read_back_and_every_comment_stays(value: Any, path: str) -> None:
    text = SHIPPED_CONFIG.decode()
    made = yaml_edit.with_value(text, tuple(path.split(".")), value)
    assert look(yaml.safe_load(made), path) == value
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    assert [line.strip() for line in made.splitlines() if line.strip().startswith("#")] == comments


@pytest.mark.parametrize("path", [path for path in setting_fields() if "." in path])
def test_every_setting_can_go_back_to_its_default(path: str) -> None:
    group, _, name = path.rpartition(".")
    tree: Any = {name: None}
    for each in reversed(group.split(".")):
        tree = {each: tree}
    made = changed(DEFAULTS, tree)
    assert value_of(made.loaded.settings, path) == value_of(Settings(), path)


@pytest.mark.parametrize(
    "body",
    [
        {"battery": {"capacity_kwh": 12.5}},
        {"grid": {"max_import_kw": 20}},
        {"grid": {"max_export_kw": 3}},
        {"water_heating": {"power_kw": 2}},
        {"water_heating": {"min_hours_per_day": 1}},
        {"solar_arrays": [{"peak_power_kwp": 3, "tilt_degrees": 10}]},
        {"forecasting": {"pv_confidence_percent": None}},
        {"decision_thresholds": {"export_profit_margin_sek": 0.3}},
        {"battery": None},
        {"mariadb": {"password": "another"}},
    ],
)
def test_an_original_file_means_what_was_asked_after_every_change(body: dict[str, Any]) -> None:
    config, secrets = ((LEGACY / name).read_bytes() for name in ("config.yaml", "secrets.yaml"))
    made = changed(config, body, secrets)
    assert made.changed
    again = ConfigFiles(Path("config.yaml"), {}).loaded(made.contents)
    before = ConfigFiles(Path("config.yaml"), {}).loaded(Contents(config, secrets))
    differing = [
        path
        for path in setting_fields()
        if value_of(again.settings, path) != value_of(before.settings, path)
    ]
    assert differing == list(made.changed)
    assert b"another" not in (made.contents.config or b"")


def test_a_secret_in_the_wrong_file_moves_to_its_own() -> None:
    config = b"home_assistant:\n  url: http://192.0.2.5:8123\n  token: old-canary\n"
    made = changed(config, {"home_assistant": {"token": "new-canary"}})
    assert made.contents.config == b"home_assistant:\n  url: http://192.0.2.5:8123\n"
    assert made.contents.secrets == b"home_assistant:\n  token: new-canary\n"


def test_where_there_is_no_file_the_new_one_still_describes_the_demo_home() -> None:
    made = changed(None, {"battery": {"capacity_kwh": 9}})
    assert yaml.safe_load(made.contents.config or b"") == {
        "battery": {"capacity_kwh": 9},
        "demo_home": True,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"battery": {"capacity_kwh": float("inf")}},
        {"ui": {"theme": "\ud800"}},
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": None}}}}}}},
        {"battery": {"capacity_kwh": None, "nonsense": None}},
        {"_x": 1},
        {"system": {"grid": {"max_power_kw": 4}}, "grid": {"max_import_kw": 5}},
    ],
)
def test_what_makes_no_sense_is_refused_as_such(body: dict[str, Any]) -> None:
    with pytest.raises(ConfigRefusedError):
        changed(SHIPPED_CONFIG, body)


def test_every_setting_has_words_and_null_means_the_default_everywhere() -> None:
    assert set(WORDS) <= set(setting_fields())
    for path, field in setting_fields().items():
        assert field.words, f"{path}: describe the field, or add it to app/settings/words.py"
        nullable = type(None) in get_args(field.info.annotation)
        assert not nullable or field.default is None, path
