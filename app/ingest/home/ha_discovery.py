"""What a Home Assistant says of itself: whose home, which version, and every entity it has."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic import BaseModel, ValidationError

from app.core.errors import UpstreamAuthError
from app.ingest.home.ha_rest import (
    SOURCE,
    AddressBannedError,
    NotHomeAssistantError,
    TokenRefusedError,
)
from app.ingest.http.client import (
    ForbiddenError,
    NotFoundError,
    Question,
    UnusableTokenError,
    ask,
    parsed_json,
)
from app.settings import HomeAssistant

# Somebody waits at the button; three tries of a machine that is away take two seconds.
_PATIENCE_SECONDS: Final = 10
MADE_BY: Final = "Darkstar Energy Manager"
"""What every entity of ours gives as its attribution, by MQTT."""
# The package for homes without a broker, and versions before the attribution, are told by name.
OWN_NAME: Final = re.compile(
    r"(binary_)?sensor\.darkstar_(action|reason|soc_target|(dis)?charge_power|export_power"
    r"|next_(change|action)|price|(cost|saving)_today|plan_(age|made|valid)|valid_until|optimality"
    r"|water_heating)(_\d+)?"
)
# Ten thousand entities with their attributes.
_STATES_BYTES: Final = 16 * 1024 * 1024


class _Config(BaseModel):
    version: str
    location_name: str = ""


class _Listed(BaseModel):
    entity_id: str
    state: str | None = None
    attributes: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class KnownEntity:
    """One entity: its id, what people call it, and what it says now."""

    entity_id: str
    name: str
    text: str
    unit: str
    device_class: str


@dataclass(frozen=True, slots=True)
class KnownHome:
    """A Home Assistant that let us in, with its entities but our own."""

    version: str
    name: str
    entities: tuple[KnownEntity, ...]


async def discover(client: httpx.AsyncClient, settings: HomeAssistant) -> KnownHome:
    """Return what is there; raises an ``UpstreamError`` of the kind that says why not."""
    config = await _ask(client, settings, "/api/config")
    states = await _ask(client, settings, "/api/states")
    return await asyncio.to_thread(_home, config, states)


def _home(config: Any, states: Any) -> KnownHome:
    try:
        said = _Config.model_validate(config)
        listed = [_Listed.model_validate(each) for each in states]
    except (ValidationError, TypeError):
        raise NotHomeAssistantError(
            f"what answers at this address is not {SOURCE}; write the address without a path"
        ) from None
    entities = tuple(_entity(each) for each in listed if not _is_own(each))
    return KnownHome(said.version, said.location_name, entities)


def _is_own(listed: _Listed) -> bool:
    """Whether it is what this service says itself: a plan must not feed on plans."""
    by_us = _text(listed.attributes, "attribution") == MADE_BY
    return by_us or OWN_NAME.fullmatch(listed.entity_id) is not None


def _entity(listed: _Listed) -> KnownEntity:
    return KnownEntity(
        entity_id=listed.entity_id,
        name=_text(listed.attributes, "friendly_name") or listed.entity_id,
        text=listed.state or "",
        unit=_text(listed.attributes, "unit_of_measurement"),
        device_class=_text(listed.attributes, "device_class"),
    )


def _text(attributes: Mapping[str, Any], name: str) -> str:
    return str(attributes.get(name) or "")


async def _ask(client: httpx.AsyncClient, settings: HomeAssistant, path: str) -> Any:
    token = settings.token.get_secret_value() if settings.token else ""
    question = Question(
        f"{settings.url}{path}",
        headers={"Authorization": f"Bearer {token}"},
        max_bytes=_STATES_BYTES,
        total_seconds=_PATIENCE_SECONDS,
    )
    try:
        return await parsed_json(await ask(client, question, source=SOURCE), SOURCE)
    except UnusableTokenError:
        # A kind of refusal, but ours: nothing was sent.
        raise
    except NotFoundError:
        raise NotHomeAssistantError(f"no {SOURCE} at {settings.url} (HTTP 404)") from None
    except ForbiddenError:
        raise AddressBannedError(f"{SOURCE} keeps this machine out (HTTP 403)") from None
    except UpstreamAuthError:
        raise TokenRefusedError(f"{SOURCE} does not know this token (HTTP 401)") from None
