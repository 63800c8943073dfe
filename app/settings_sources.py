"""Fill ``Settings`` from config.yaml, secrets.yaml beside it, and ``DARKSTAR_*`` variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from app import legacy
from app.errors import SettingsError
from app.settings import Settings
from app.yaml_file import read_mapping

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "DARKSTAR_"
_SPECIAL = {"DARKSTAR_CONFIG"}
_SECRET_WORDS = ("token", "password", "url", "secret")


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, the file they came from, and what their owner should know about them."""

    settings: Settings
    config_path: Path | None
    notices: tuple[str, ...]


def load_settings(
    config_path: Path | None = None, environ: Mapping[str, str] | None = None
) -> LoadedSettings:
    """Merge files and environment; raises ``SettingsError`` naming field, value and fix."""
    env = dict(os.environ if environ is None else environ)
    path = _config_file(config_path, env)
    config = read_mapping(path) if path else {"demo_home": True}
    secrets_path = path.with_name("secrets.yaml") if path else None
    secrets = read_mapping(secrets_path) if secrets_path and secrets_path.exists() else {}
    tree, notices, origin = legacy.translate(_merged(config, secrets))
    env_tree, unknown = _environment(env)
    try:
        settings = Settings(**_merged(tree, env_tree))
    except ValidationError as error:
        raise SettingsError(_explain(error, origin)) from error
    return LoadedSettings(settings, path, tuple(notices + unknown))


def _config_file(given: Path | None, env: Mapping[str, str]) -> Path | None:
    """Return the file to read: the argument, DARKSTAR_CONFIG, or the one shipped beside the app."""
    named = given or (Path(env["DARKSTAR_CONFIG"]) if env.get("DARKSTAR_CONFIG") else None)
    if named:
        if not named.is_file():
            raise SettingsError(f"config file {named} does not exist; check DARKSTAR_CONFIG")
        return named
    shipped = ROOT / "config.yaml"
    return shipped if shipped.is_file() else None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two trees key by key; ``above`` wins."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return result


def _environment(env: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the settings tree of the environment, and a notice for every unknown name."""
    ours = {name: value for name, value in env.items() if name.startswith(PREFIX)}
    # Compose passes unset variables as empty ones: empty means not set.
    ours = {name: value for name, value in ours.items() if value and name not in _SPECIAL}
    ours = _with_secret_files(ours)
    known = set(_env_names(Settings, PREFIX))
    unknown = [name for name in ours if name.upper() not in known]
    notices = [f"environment variable {name} is not known{_hint(name, known)}" for name in unknown]
    source = EnvSettingsSource(Settings, env_prefix=PREFIX, env_nested_delimiter="__")
    # The source reads os.environ when it is made; what counts here is the mapping given.
    source.env_vars = {name.lower(): value for name, value in ours.items() if name not in unknown}
    try:
        return source(), notices
    except ValueError as error:
        raise SettingsError(f"environment: {error}; write lists as JSON") from error


def _with_secret_files(env: dict[str, str]) -> dict[str, str]:
    """Replace ``NAME_FILE`` by ``NAME`` with the file's content, for secrets in containers."""
    result = dict(env)
    for name in env:
        if not name.endswith("_FILE"):
            continue
        plain = name.removesuffix("_FILE")
        if plain in env:
            raise SettingsError(f"{plain} and {name} are both set; keep one")
        try:
            result[plain] = Path(result.pop(name)).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}: cannot be read: {error.strerror}") from error
    return result


def _env_names(model: type[BaseModel], prefix: str) -> list[str]:
    """Return every environment name the settings know."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        groups = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
        names.append(f"{prefix}{name}".upper())
        for group in groups:
            names += _env_names(group, f"{prefix}{name}__")
    return names


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    """Return one line a problem: field path as the owner wrote it, value, reason, fix."""
    lines = []
    for problem in error.errors(include_url=False):
        path = ".".join(str(part) for part in problem["loc"])
        shown = origin.get(path, path)
        secret = any(word in path.rsplit(".", 1)[-1] for word in _SECRET_WORDS)
        value = problem["input"]
        said = "***" if secret or isinstance(value, dict | SecretStr) else repr(value)
        reason = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            reason = f"no such setting{_hint(path, _dotted(Settings))}"
        lines.append(
            f"{shown} = {said}: {reason}"
            if not isinstance(value, dict)
            else f"{shown or 'settings'}: {reason}"
        )
    return "settings refused:\n  " + "\n  ".join(lines)


def _dotted(model: type[BaseModel]) -> set[str]:
    return {
        name.removeprefix(PREFIX).replace("__", ".").lower() for name in _env_names(model, PREFIX)
    }


def _hint(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
