"""What REST clients see of the configuration; secrets are ``set`` or null."""

from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from app.service.schemas.plan import Out
from app.settings.store.state import Saved

TakesEffect = Literal["next plan", "restart"]
_FIELD: Final[dict[str, Any]] = {
    "path": "battery.capacity_kwh",
    "value": 12.0,
    "default": 10.0,
    "unit": "kWh",
    "help": "Usable capacity; 0 = there is no battery.",
    "source": "file",
    "env": "DARKSTAR_BATTERY__CAPACITY_KWH",
    "secret": False,
    "changed": True,
    "takes_effect": "next plan",
}
_META: Final[dict[str, Any]] = {
    "version": "4f1d0c8a72e95b36",
    "file": "config.yaml",
    "file_error": "",
    "notices": ["battery.max_charge_power_kw is now battery.max_charge_kw"],
    "waiting": {"server.port": "restart"},
    "fields": [_FIELD],
}
_CHANGED: Final[dict[str, Any]] = {
    "version": "b07c2e915a6fd348",
    "changed": ["battery.capacity_kwh", "server.port"],
    "takes_effect": {"battery.capacity_kwh": "next plan", "server.port": "restart"},
    "message": "2 settings change; server.port takes effect after a restart",
}


class SettingOut(Out):
    """One setting as a settings page shows it; its type and bounds are in the schema."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FIELD]})

    path: str
    value: JsonValue = Field(description="what the files and the environment say; secrets: set")
    default: JsonValue
    unit: str = Field(description="empty for a text or a plain number")
    help: str
    source: Literal["env", "file", "default"]
    env: str = Field(description="the environment variable that would force it")
    secret: bool
    changed: bool = Field(description="whether it differs from its default")
    takes_effect: TakesEffect


class ConfigMetaOut(Out):
    """Where the settings come from, and every setting with what a page needs to show it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_META]})

    version: str = Field(description="the ETag; goes into If-Match of a change")
    file: str | None = Field(description="the name of the file that a save writes")
    file_error: str = Field(description="why the file cannot be read; the last good one counts")
    notices: list[str]
    waiting: dict[str, TakesEffect] = Field(description="saved, but not in force yet")
    fields: list[SettingOut]


class ConfigOut(BaseModel):
    """The settings by group, as in config.yaml, and beside them ``meta``."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "battery": {"capacity_kwh": 12.0, "min_soc_percent": 15.0},
                    "home_assistant": {"url": "http://192.0.2.5:8123", "token": "set"},
                    "meta": _META,
                }
            ]
        },
    )

    meta: ConfigMetaOut


class ConfigSchemaOut(BaseModel):
    """A JSON schema (2020-12) of all settings, with ``x-unit`` and ``x-takes-effect``."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "title": "Settings",
                    "type": "object",
                    "properties": {"battery": {"$ref": "#/$defs/Battery"}},
                    "$defs": {
                        "Battery": {
                            "type": "object",
                            "properties": {
                                "capacity_kwh": {
                                    "type": "number",
                                    "minimum": 0,
                                    "maximum": 10000,
                                    "default": 10,
                                    "description": "Usable capacity; 0 = there is no battery.",
                                    "x-unit": "kWh",
                                    "x-takes-effect": "next plan",
                                }
                            },
                        }
                    },
                }
            ]
        },
    )

    title: str
    type: str
    properties: dict[str, Any]


class ConfigCheckOut(Out):
    """What a change would do; where it would be refused the answer is a problem instead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid": True, **_CHANGED}]})

    valid: Literal[True] = True
    version: str = Field(description="the version it would make")
    changed: list[str]
    takes_effect: dict[str, TakesEffect] = Field(description="when each changed setting counts")
    message: str


class ConfigSavedOut(Out):
    """What a change did."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "success", **_CHANGED}]})

    status: Literal["success"] = "success"
    version: str
    changed: list[str]
    takes_effect: dict[str, TakesEffect] = Field(description="when each changed setting counts")
    message: str


class ConfigResetIn(BaseModel):
    """What to take back to its default: a group, a setting, or without either everything."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"group": "smoothing"}]}
    )

    group: str | None = Field(
        default=None,
        max_length=120,
        pattern=r"^\w+(\.\w+)*$",
        description="a group such as battery, or one setting such as battery.capacity_kwh",
    )


class SettingChangeOut(Out):
    """One changed setting; of a secret only that it changed."""

    id: int
    changed_at: AwareDatetime
    field: str
    old: JsonValue
    new: JsonValue
    changed_from: str = Field(description="who and from where, or `file`: edited by hand")


class SettingChangesOut(Out):
    """The trail of the configuration, the newest change first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {
                            "id": 3,
                            "changed_at": "2026-11-23T18:04:11Z",
                            "field": "battery.capacity_kwh",
                            "old": 10,
                            "new": 12,
                            "changed_from": "session 192.0.2.21",
                        }
                    ],
                    "next_before_id": None,
                }
            ]
        }
    )

    changes: list[SettingChangeOut]
    next_before_id: int | None = Field(description="ask for older ones with it; null: no more")


def change_of(saved: Saved) -> dict[str, Any]:
    """Return what a change comes to, in data and in words."""
    late = [path for path in saved.changed if path in saved.restart]
    takes_effect = {path: "restart" if path in late else "next plan" for path in saved.changed}
    count = len(saved.changed)
    words = "nothing changes" if not count else f"{count} setting{'s' * (count > 1)} changed"
    if late:
        words += f"; {', '.join(late)} takes effect after a restart"
    return {
        "version": saved.version,
        "changed": list(saved.changed),
        "takes_effect": takes_effect,
        "message": words,
    }
