"""Fill ``Settings`` from config.yaml, secrets.yaml beside it, and ``DARKSTAR_*`` variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from app.core.errors import Problem, SettingsError
from app.core.shipped import SHIPPED
from app.core.yaml_file import read_mapping
from app.settings import Settings
from app.settings.problems import hint, leaves, refusal
from app.settings.store import legacy
from app.settings.tariff_layers import missing

PREFIX = "DARKSTAR_"
_SPECIAL = {"DARKSTAR_CONFIG"}
SECRETS: Final = "secrets.yaml"
# A home that is described nowhere is the demo home.
NO_CONFIG: Final[Mapping[str, Any]] = {"demo_home": True}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, the file they came from, and what their owner should know about them.

    ``given`` is what the files say, under today's names; ``forced`` what the environment says,
    which wins; ``origin`` leads from today's names to those in the file, where they differ.
    """

    settings: Settings
    config_path: Path | None
    notices: tuple[str, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    forced: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)


def load_settings(
    config_path: Path | None = None, environ: Mapping[str, str] | None = None
) -> LoadedSettings:
    """Merge files and environment; raises ``SettingsError`` naming field, value and fix."""
    env = dict(os.environ if environ is None else environ)
    path = _config_file(config_path, env)
    config = read_mapping(path) if path else NO_CONFIG
    secrets_path = path.with_name(SECRETS) if path else None
    secrets = read_mapping(secrets_path) if secrets_path and secrets_path.exists() else {}
    return settle(legacy.translate(merged(config, secrets)), env, path)


def settle(
    translated: tuple[dict[str, Any], list[str], dict[str, str]],
    env: Mapping[str, str],
    path: Path | None,
) -> LoadedSettings:
    """Put the environment over a translated tree; raises ``SettingsError`` for what is wrong."""
    tree, notices, origin = translated
    if private := [name for name in tree if name.startswith("_")]:
        raise SettingsError.listing((Problem(private[0], None, "no such setting"),))
    env_tree, unknown = _environment(dict(env))
    try:
        settings = Settings(**merged(tree, env_tree))
    except ValidationError as error:
        # Without its cause: pydantic's text would carry the values, secrets too.
        raise refusal(error, Settings, origin) from None
    told = (*notices, *unknown, *_demo_ended(settings), *missing(settings))
    return LoadedSettings(settings, path, told, tree, env_tree, origin)


def _demo_ended(settings: Settings) -> tuple[str, ...]:
    """Say that sample data stands in no more although the demo home is still asked for."""
    if not settings.demo_ended_by:
        return ()
    told = (
        f"the demo home has ended: {settings.demo_ended_by} is a sensor of a real home, and no "
        "sample data stands in beside one; write demo_home: false"
    )
    return (told,)


def _config_file(given: Path | None, env: Mapping[str, str]) -> Path | None:
    """Return the file to read: the argument, DARKSTAR_CONFIG, or the one shipped beside the app."""
    named = given or (Path(env["DARKSTAR_CONFIG"]) if env.get("DARKSTAR_CONFIG") else None)
    if named:
        if not named.is_file():
            raise SettingsError(f"config file {named} does not exist; check DARKSTAR_CONFIG")
        return named
    shipped = SHIPPED / "config.yaml"
    return shipped if shipped.is_file() else None


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two trees key by key; ``above`` wins."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = merged(under, value) if both else value  # type: ignore[arg-type]
    return result


def _environment(env: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the settings tree of the environment, and a notice for every unknown name."""
    ours = {name: value for name, value in env.items() if name.startswith(PREFIX)}
    # An empty variable is one not set: compose writes ${NAME:-} that way.
    ours = {name: value for name, value in ours.items() if value and name not in _SPECIAL}
    ours = _with_secret_files(ours)
    known = [_env_name(path) for path, leaf in leaves(Settings) if not leaf.in_list]
    unknown = [name for name in ours if name.upper() not in known]
    notices = [f"environment variable {name} is not known{hint(name, known)}" for name in unknown]
    source = EnvSettingsSource(Settings, env_prefix=PREFIX, env_nested_delimiter="__")
    # The source reads os.environ when it is made; what counts here is the mapping given.
    source.env_vars = {name.lower(): value for name, value in ours.items() if name not in unknown}
    try:
        return source(), notices
    except ValueError as error:
        raise SettingsError(f"environment: {error}; write lists as JSON") from None


def _env_name(path: str) -> str:
    return PREFIX + path.replace(".", "__").upper()


def _with_secret_files(env: dict[str, str]) -> dict[str, str]:
    """Replace ``NAME_FILE`` by ``NAME`` with the file's content, for secrets in containers."""
    result = dict(env)
    for path, leaf in leaves(Settings):
        plain = _env_name(path)
        name = f"{plain}_FILE"
        if not leaf.secret or name not in env:
            continue
        if plain in env:
            raise SettingsError(f"{plain} and {name} are both set; keep one")
        result[plain] = _secret_file(name, Path(result.pop(name)))
    return result


def _secret_file(name: str, path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path} is not UTF-8 text") from None
    if not secret:
        raise SettingsError(f"{name}: {path} is empty; write the secret into it")
    return secret
