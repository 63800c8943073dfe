"""House rules that no linter knows: the clock, collecting, size; imports are `lint-imports`."""

import ast
import re
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parent.parent / "app"
MODULES = sorted(APP.rglob("*.py"))
MAX_LINES = 400
MOST_MODULES = 15
# Polars frames are collected where they leave the lazy world, each for its reason:
MAY_COLLECT = {
    "planner/run.py",  # the one collect of a planning run
    "gather/slots.py",  # the joined input of a run
    "gather/prices.py",  # prices, as they are used
    "gather/lookahead.py",  # what the estimate beyond the prices is made from
}
MAY_ASK_THE_CLOCK = {"core/clock.py"}
MAY_CATCH_ALL = {"plans/job.py"}


def calls(tree: ast.AST, *, name: str, of: str | None = None) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and (of is None or (isinstance(node.func.value, ast.Name) and node.func.value.id == of))
        for node in ast.walk(tree)
    )


def catches_all(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and (
        node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"}
    )


def faults(path: str, source: str) -> list[str]:
    """Return every house rule that a module breaks."""
    tree = ast.parse(source)
    found = []
    if len(source.splitlines()) > MAX_LINES:
        found.append(f"more than {MAX_LINES} lines")
    if calls(tree, name="to_numpy"):
        found.append("needs numpy, which no lock of the service holds")
    if calls(tree, name="collect") and path not in MAY_COLLECT:
        found.append("collects")
    asks = calls(tree, name="now", of="datetime") or calls(tree, name="utcnow")
    if (asks or calls(tree, name="time", of="time")) and path not in MAY_ASK_THE_CLOCK:
        found.append("asks the clock")
    if path not in MAY_CATCH_ALL and any(catches_all(node) for node in ast.walk(tree)):
        found.append("catches everything")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_every_module_keeps_the_house_rules(path: Path) -> None:
    assert faults(path.relative_to(APP).as_posix(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        ("planner/x.py", "frame.lazy().collect()", "collects"),
        ("home.py", "datetime.now()", "asks the clock"),
        ("x.py", "frame['a'].to_numpy()", "needs numpy, which no lock of the service holds"),
        ("x.py", "try:\n    pass\nexcept Exception:\n    pass", "catches everything"),
        ("x.py", "x = 1\n" * 401, "more than 400 lines"),
    ],
)
def test_a_broken_rule_is_seen(path: str, source: str, fault: str) -> None:
    assert fault in faults(path, source)


def crowded(folder: Path) -> bool:
    """Say whether a folder holds more modules than fit into a glance."""
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    return len(modules) > MOST_MODULES


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in MODULES}), ids=lambda path: str(path.relative_to(APP))
)
def test_a_room_is_not_crowded(folder: Path) -> None:
    assert not crowded(folder)


def test_a_crowded_room_is_seen(tmp_path: Path) -> None:
    for number in range(MOST_MODULES):
        (tmp_path / f"x{number}.py").touch()
    assert not crowded(tmp_path)
    (tmp_path / "one_more.py").touch()
    assert crowded(tmp_path)


ROOT = APP.parent
TOLD = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def gone(text: str) -> list[str]:
    """Return the modules that a document names and that are not there."""
    named = re.findall(r"`(app/[\w/]+\.py)`", text)
    return [path for path in named if not (ROOT / path).is_file()]


@pytest.mark.parametrize(
    "document", [path for path in TOLD if path.name != "CHANGELOG.md"], ids=lambda path: path.name
)
def test_documents_name_modules_that_are_there(document: Path) -> None:
    assert gone(document.read_text(encoding="utf-8")) == []


def test_a_module_that_is_gone_is_seen() -> None:
    assert gone("in `app/main.py` and `app/gone.py`") == ["app/gone.py"]
