"""Change single values in a YAML file as text: every other byte, comments too, stays as it is.

Only what ``yaml_file`` reads is handled: no anchors, aliases or tags. Whether the text then says
what was meant is for the caller to check: it knows the meaning, this module only the places.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import yaml

Path = tuple[str, ...]
_STEP = 2  # columns a group stands further in than its name


def value_at(text: str, path: Path) -> bool:
    """Tell whether the text gives a value, null included, at the path."""
    found = _entries(text, path)
    return len(found) == len(path)


def with_value(text: str, path: Path, value: Any) -> str:
    """Return the text with the plain value (scalar, list, mapping) at the path."""
    entries = _entries(text, path)
    if len(entries) == len(path):
        return _replaced(text, entries[-1], path[-1], value)
    rest = path[len(entries) :]
    if not entries:
        root = _root(text)
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            return _into_flow(text, root, rest[0], _nest(rest[1:], value))
        return _appended(text, rest, value)
    key, group = entries[-1]
    if isinstance(group, yaml.MappingNode) and group.flow_style:
        return _into_flow(text, group, rest[0], _nest(rest[1:], value))
    if isinstance(group, yaml.MappingNode) and group.value:
        column, after = group.value[0][0].start_mark.column, _end(group)
    else:  # a name with nothing below it yet: its lines are comments, or it says null
        after = key.end_mark.index + text[key.end_mark.index :].index(":") + 1
        text = text[:after] + text[group.end_mark.index if _says_something(group) else after :]
        column = key.start_mark.column + _STEP
    lines = _lines(rest[0], _nest(rest[1:], value), column, _newline(text))
    return _with_lines(text, after, lines)


def without(text: str, path: Path) -> str:
    """Return the text without the entry; a group left with nothing goes too."""
    entries = _entries(text, path)
    if len(entries) < len(path):
        return text
    parent: Any = entries[-2][1] if len(path) > 1 else _root(text)
    if len(path) > 1 and len(parent.value) == 1:
        return without(text, path[:-1])
    key, node = entries[-1]
    if parent.flow_style:
        kept = {name.value: yaml.safe_load(_source(text, of)) for name, of in parent.value}
        del kept[path[-1]]
        return text[: parent.start_mark.index] + _flow(kept) + text[parent.end_mark.index :]
    start = key.start_mark.index - key.start_mark.column
    return text[:start] + text[_line_end(text, max(_end(node), key.end_mark.index)) :]


def _entries(text: str, path: Path) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the (name, value) nodes along the path, as far as it exists."""
    node, found = _root(text), []
    for name in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        match = next((pair for pair in pairs if pair[0].value == name), None)
        if match is None:
            break
        found.append(match)
        node = match[1]
    return found


# Most looks change nothing, and the next one is at the same text.
@lru_cache(maxsize=4)
def _root(text: str) -> Any:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _replaced(text: str, entry: tuple[yaml.Node, yaml.Node], name: str, value: Any) -> str:
    key, node = entry
    old = _source(text, node)
    in_flow = text[key.start_mark.index - key.start_mark.column : key.start_mark.index].strip()
    if in_flow or (_is_one_line(value) and isinstance(node, yaml.ScalarNode)):
        start = node.start_mark.index if old else _after_colon(text, key)
        ending = "\n" if old.endswith("\n") else ""
        space = "" if text[start - 1 : start] in {" ", ""} else " "
        new = _flow(value) if in_flow else _plain(value)
        return f"{text[:start]}{space}{new}{ending}{text[start + len(old) :]}"
    start = key.start_mark.index - key.start_mark.column
    end = _line_end(text, max(_end(node), key.end_mark.index))
    lines = _lines(name, value, key.start_mark.column, _newline(text))
    return text[:start] + lines + text[end:]


def _into_flow(text: str, group: yaml.MappingNode, name: str, value: Any) -> str:
    """Add an entry to a mapping written in braces."""
    comma = ", " if group.value else ""
    at = group.end_mark.index - 1
    if group.value:
        at = _end(group.value[-1][1])
    return f"{text[:at]}{comma}{_flow({name: value})[1:-1]}{text[at:]}"


def _appended(text: str, path: Path, value: Any) -> str:
    newline = _newline(text)
    if text and not text.endswith("\n"):
        text += newline
    gap = newline if text.strip() else ""
    return text + gap + _lines(path[0], _nest(path[1:], value), 0, newline)


def _with_lines(text: str, after: int, lines: str) -> str:
    end = _line_end(text, after)
    joint = "" if text[:end].endswith("\n") else _newline(text)
    return text[:end] + joint + lines + text[end:]


def _lines(name: str, value: Any, column: int, newline: str) -> str:
    """Return an entry as lines of its own, indented to its column."""
    indent = " " * column
    if isinstance(value, Mapping) and value:
        inner = (_lines(key, each, column + _STEP, newline) for key, each in value.items())
        return f"{indent}{_flow(name)}:{newline}{''.join(inner)}"
    if _is_one_line(value):
        return f"{indent}{_flow(name)}: {_plain(value)}{newline}"
    items = "".join(_item(each, column + _STEP, newline) for each in value)
    return f"{indent}{_flow(name)}:{newline}{items}"


def _item(value: Any, column: int, newline: str) -> str:
    """Return one item of a list, a mapping's entries below each other."""
    if not isinstance(value, Mapping) or not value:
        return f"{' ' * column}- {_flow(value)}{newline}"
    inner = column + _STEP
    lines = "".join(_lines(name, each, inner, newline) for name, each in value.items())
    return f"{' ' * column}- {lines[inner:]}"


def _is_one_line(value: Any) -> bool:
    """Tell whether a value is written beside its name: all but mappings and lists of them."""
    if isinstance(value, list | tuple):
        return not any(isinstance(each, Mapping) for each in value)
    return not isinstance(value, Mapping)


def _flow(value: Any) -> str:
    """Return a value on one line, quoted where YAML 1.1 would take it for something else."""
    listed = yaml.safe_dump(
        [value], default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
    )
    return str(listed).strip().removeprefix("[").removesuffix("]")


def _plain(value: Any) -> str:
    """Return a one-line value as it is written beside its name."""
    if not isinstance(value, str) or "\n" in value:
        return _flow(value)
    text = yaml.safe_dump(value, width=10**9, allow_unicode=True)
    return str(text).removesuffix("\n").removesuffix("\n...")


def _nest(path: Iterable[str], value: Any) -> Any:
    for name in reversed(tuple(path)):
        value = {name: value}
    return value


def _end(node: yaml.Node) -> int:
    """Return where a node's own text ends: a block's end mark is past the comments after it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return max(_end(of) for _, of in node.value)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return max(_end(each) for each in node.value)
    return int(node.end_mark.index)


def _says_something(node: yaml.Node) -> bool:
    return bool(node.end_mark.index > node.start_mark.index)


def _source(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : _end(node)]


def _after_colon(text: str, key: yaml.Node) -> int:
    return text.index(":", key.end_mark.index) + 1


def _line_end(text: str, index: int) -> int:
    """Return where the next line begins; text already at a line's start is past its own."""
    if index and text[index - 1] == "\n":
        return index
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
