"""REST: the configuration, read redacted, checked, saved, reset, and its trail."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Response
from pydantic import JsonValue

from app.api.http.parameters import BeforeId, IfMatch, Limit, seen_version
from app.api.settings import config_view
from app.api.settings.schemas import (
    ConfigCheckOut,
    ConfigOut,
    ConfigResetIn,
    ConfigSavedOut,
    ConfigSchemaOut,
    SettingChangeOut,
    SettingChangesOut,
    change_of,
)
from app.api.web.dependencies import NOT_SAVED, By, ConfigDep, ServicesDep
from app.settings.store.state import Saved

router = APIRouter(tags=["configuration"])
CHANGES: Final = Body(
    description=(
        "What to change, by group, as in config.yaml; null goes back to the default, and "
        "`set` leaves a secret. Names of the original Darkstar are understood."
    ),
    openapi_examples={
        "a larger battery": {"value": {"battery": {"capacity_kwh": 12}}},
        "Home Assistant": {
            "value": {"home_assistant": {"url": "http://192.0.2.5:8123", "token": "its token"}}
        },
        "original names": {"value": {"battery": {"max_charge_power_kw": 4.5}}},
    },
)
Changes = Annotated[dict[str, JsonValue], CHANGES]


def _saved(saved: Saved, deps: ServicesDep, response: Response) -> ConfigSavedOut:
    response.headers["ETag"] = f'"{saved.version}"'
    if saved.changed:
        deps.events.publish("config")
    return ConfigSavedOut(**change_of(saved))


@router.get("/api/config", operation_id="getConfig")
async def read(desk: ConfigDep, response: Response) -> ConfigOut:
    """Return every setting with secrets masked, where it comes from, and when a change counts."""
    seen = await desk.see()
    response.headers["ETag"] = f'"{seen.version}"'
    return config_view.config_of(seen, desk.in_force.waiting(seen.loaded.settings))


@router.get("/api/config/schema", operation_id="getConfigSchema")
async def schema() -> ConfigSchemaOut:
    """Return the JSON schema of the settings: types, bounds, units, words."""
    return ConfigSchemaOut.model_validate(config_view.schema())


@router.post("/api/config/validate", operation_id="validateConfig", responses=NOT_SAVED)
async def validate(desk: ConfigDep, changes: Changes) -> ConfigCheckOut:
    """Say what saving these changes would do; writes nothing."""
    return ConfigCheckOut(**change_of(await desk.check(changes)))


@router.put("/api/config", operation_id="putConfig", responses=NOT_SAVED)
async def put(
    desk: ConfigDep,
    deps: ServicesDep,
    changes: Changes,
    by: By,
    response: Response,
    if_match: IfMatch = None,
) -> ConfigSavedOut:
    """Save changes, all or none; they count from the next plan on, without a restart."""
    saved = await desk.save(changes, if_version=seen_version(if_match), by=by)
    return _saved(saved, deps, response)


@router.post("/api/config/save", operation_id="saveConfig", responses=NOT_SAVED)
async def save(
    desk: ConfigDep,
    deps: ServicesDep,
    changes: Changes,
    by: By,
    response: Response,
    if_match: IfMatch = None,
) -> ConfigSavedOut:
    """Save changes; the original's route for what ``PUT /api/config`` does."""
    return await put(desk, deps, changes, by, response, if_match)


@router.post("/api/config/reset", operation_id="resetConfig", responses=NOT_SAVED)
async def reset(
    desk: ConfigDep,
    deps: ServicesDep,
    by: By,
    response: Response,
    wanted: Annotated[ConfigResetIn | None, Body()] = None,
    if_match: IfMatch = None,
) -> ConfigSavedOut:
    """Go back to the defaults, of one group or of all.

    All leaves secrets, access, the database, the server and ``demo_home`` as they are: it must
    not lock anybody out.
    """
    path = wanted.group if wanted else None
    saved = await desk.reset(path, if_version=seen_version(if_match), by=by)
    return _saved(saved, deps, response)


@router.get("/api/config/changes", operation_id="getConfigChanges")
async def changes(
    desk: ConfigDep, limit: Limit = 50, before_id: BeforeId = None
) -> SettingChangesOut:
    """Return what was changed, when, by whom and from where, the newest first."""
    found = await desk.trail(limit=limit, before_id=before_id)
    return SettingChangesOut(
        changes=[
            SettingChangeOut(
                id=each.id,
                changed_at=each.changed_at,
                field=each.field,
                old=_value(each.old_value),
                new=_value(each.new_value),
                changed_from=each.changed_from,
            )
            for each in found
        ],
        next_before_id=found[-1].id if len(found) == limit else None,
    )


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)
