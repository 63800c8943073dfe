"""Read a YAML file that a person wrote, safely: bounded in size, no aliases, no repeated keys."""

from pathlib import Path
from typing import Any

import yaml

from app.errors import SettingsError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 6
MAX_NODES = 2_000


class _StrictLoader(yaml.SafeLoader):
    """Safe loading that also refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice; keep one", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the file's top-level mapping; raises ``SettingsError`` naming file and line."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SettingsError(f"{path}: {size} bytes; at most {MAX_BYTES} are read")
        text = path.read_text(encoding="utf-8")
        _check_shape(path, text)
        loaded = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: expected `name: value` lines, found {type(loaded).__name__}")
    return loaded


def _check_shape(path: Path, text: str) -> None:
    """Refuse aliases and absurd nesting before anything is built from them."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise SettingsError(f"{path}, line {_line(event)}: anchors and aliases are not allowed")
        nodes += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise SettingsError(
                f"{path}, line {_line(event)}: nested too deep or too long to be settings"
            )


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
