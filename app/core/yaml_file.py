"""Read a YAML file that a person wrote, safely: bounded in size, no aliases, no repeated keys."""

from pathlib import Path
from typing import Any

import yaml

from app.core.errors import SettingsError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 6
MAX_NODES = 2_000


class _StrictLoader(yaml.SafeLoader):
    """Safe loading that also refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[Any] = set()
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, str) or key == "<<":
                raise SettingsError(f"line {line}: every name must be plain text")
            if key in seen:
                raise SettingsError(f"line {line}: {key!r} is given twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the file's top-level mapping; raises ``SettingsError`` naming file and line."""
    return mapping_of(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return the file's content, one byte more than is allowed at most."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error


def mapping_of(content: bytes, path: Path) -> dict[str, Any]:
    """Return the mapping that ``content`` of the file says; raises ``SettingsError``."""
    loaded = data_of(content, str(path))
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: expected `name: value` lines, found {type(loaded).__name__}")
    return loaded


def data_of(content: bytes, path: str) -> Any:
    """Return whatever ``content`` says, read as strictly as a file; raises ``SettingsError``."""
    try:
        return _parsed(content)
    except SettingsError as error:
        raise SettingsError(f"{path}, {error}") from None
    # Without their causes, which quote the line at fault: it may hold a password.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise SettingsError(
            f"{path}, line {line}: not valid YAML; check quotes, colons and indentation"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid YAML ({type(error).__name__})") from None


def _parsed(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise SettingsError(f"too long; at most {MAX_BYTES} bytes are read")
    text = content.decode()
    _check_shape(text)
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter


def _check_shape(text: str) -> None:
    """Refuse aliases and absurd nesting before anything is built from them."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise SettingsError(f"line {_line(event)}: anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise SettingsError(f"line {_line(event)}: quote a value that begins with `!`")
        nodes += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise SettingsError(f"line {_line(event)}: nested too deep or too long to be settings")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
