"""What somebody wants changed in the configuration, held against what it says now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.errors import Problem, SettingsError
from app.settings.fields import plain_value, setting_fields, value_of
from app.settings.problems import hint
from app.settings.store import legacy
from app.settings.store.sources import LoadedSettings, merged

# What GET /api/config shows in place of a secret; sent back, it leaves the secret as it is.
MASKS: Final = frozenset({"set", "**********"})
# GET /api/config has it beside the settings.
META: Final = "meta"
_MAX_DEPTH = 6


class ConfigRefusedError(SettingsError):
    """A change would make the configuration wrong; each field says why, and what helps."""

    status = 422
    code = "config_refused"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values to write, as a tree under today's names, and paths that go back to the default.

    ``origin`` leads from today's names to those the caller used, where they differ; ``secrets`` are
    the paths of those that were given in clear.
    """

    values: Mapping[str, Any]
    cleared: tuple[str, ...]
    origin: Mapping[str, str]
    secrets: frozenset[str] = frozenset()


def wanted_of(body: Mapping[str, Any], present: LoadedSettings) -> Wanted:
    """Return what a partial tree asks for; raises ``ConfigRefusedError``.

    Original names are understood. A null takes a value back to its default, a masked secret
    leaves it, and so does a value equal to the one in force.
    """
    tree = {name: value for name, value in body.items() if name != META}
    cleared = tuple(_nulls(tree))
    values, origin = _translated(_without_nulls(tree), present)
    secrets: set[str] = set()
    for path, field in setting_fields().items():
        given = legacy.look(values, path)
        if given is None:
            continue
        if field.secret and isinstance(given, str) and given in MASKS:
            legacy.take(values, path)
            continue
        if field.secret:
            secrets.add(path)
        if legacy.look(dict(present.forced), path) is not None:
            _forced(values, path, given, present)
    return Wanted(values, tuple(map(_known, cleared)), origin, frozenset(secrets))


def pruned(wanted: Wanted, present: LoadedSettings, candidate: LoadedSettings) -> Wanted:
    """Return the change without the values that are as they were: they are not to be written."""
    values: dict[str, Any] = dict(wanted.values)
    for path in setting_fields():
        if value_of(candidate.settings, path) == value_of(present.settings, path):
            legacy.take(values, path)
    return replace(wanted, values=values)


def target_tree(wanted: Wanted, present: LoadedSettings) -> dict[str, Any]:
    """Return what the files shall say, under today's names."""
    tree = dict(present.given)
    for path in wanted.cleared:
        legacy.take(tree, path)
    return merged(tree, wanted.values)


def _translated(
    tree: dict[str, Any], present: LoadedSettings
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Bring the caller's names to today's."""
    hours = legacy.look(tree, "water_heating.min_hours_per_day")
    if hours is not None and legacy.look(tree, "water_heating.power_kw") is None:
        power_kw = present.settings.water_heating.power_kw
        tree = merged(tree, {"water_heating": {"power_kw": power_kw}})
    try:
        translated, _, origin = legacy.translate(tree, is_whole=False)
    except SettingsError as error:
        raise ConfigRefusedError(str(error)) from None
    return translated, origin


def _forced(values: dict[str, Any], path: str, given: Any, present: LoadedSettings) -> None:
    """Drop a value that the environment gives anyway; refuse another."""
    field = setting_fields()[path]
    if given == plain_value(present.settings, path):
        legacy.take(values, path)
        return
    shown = None if field.secret or isinstance(given, dict | list) else repr(given)[:80]
    raise ConfigRefusedError.listing(
        (
            Problem(
                path,
                shown,
                f"is set by the environment variable {field.env}, which wins over every file; "
                "change it there, or unset it",
            ),
        )
    )


def _known(path: str) -> str:
    """Return today's name of a setting or group that goes back to its default."""
    path = legacy.RENAMED.get(path, path)
    fields = setting_fields()
    if path in fields or any(name.startswith(f"{path}.") for name in fields):
        return path
    groups = {name.rpartition(".")[0] for name in fields} - {""}
    near = hint(path, [*groups, *fields]) or "; config.default.yaml lists them all"
    raise ConfigRefusedError.listing((Problem(path[:120], None, f"no such setting{near}"),))


def _nulls(tree: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[str]:
    """Yield the path of every null outside lists."""
    if depth > _MAX_DEPTH:
        raise ConfigRefusedError.listing(
            (Problem(prefix.strip(".")[:80], None, "is nested too deep; groups hold values"),)
        )
    for name, value in tree.items():
        if value is None:
            yield f"{prefix}{name}"
        elif isinstance(value, Mapping):
            yield from _nulls(value, f"{prefix}{name}.", depth + 1)


def _without_nulls(tree: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in tree.items():
        inner = _without_nulls(value) if isinstance(value, Mapping) else value
        # A group of which nothing is said is not a group that holds nothing.
        if inner is not None and not (isinstance(value, Mapping) and not inner):
            kept[name] = inner
    return kept
