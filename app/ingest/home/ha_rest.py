"""Home Assistant's REST API: one entity's state, one entity's past, every fault with its fix.

No message, and no error behind one, holds the token: it travels in a header that is built here and
nowhere kept.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import polars as pl
from pydantic import AwareDatetime, BaseModel, ValidationError

from app.core.clock import iso_utc
from app.core.errors import UpstreamAuthError, UpstreamError
from app.ingest.home.consumption import POINTS, points_of
from app.ingest.http.client import (
    ForbiddenError,
    NotFoundError,
    TooLongError,
    UnusableTokenError,
    get_json,
)
from app.settings import HomeAssistant

SOURCE: Final = "Home Assistant"
# A state comes to 280 bytes, so a meter that reports every second fills this in eight hours.
HISTORY_DAY_BYTES: Final = 8 * 1024 * 1024
_STATE_BYTES: Final = 1024 * 1024
_DAY: Final = timedelta(days=1)
_SHORTEST: Final = timedelta(hours=1)


class TokenRefusedError(UpstreamAuthError):
    """Home Assistant does not know our token (HTTP 401)."""

    code = "home_assistant_token_refused"


class AddressBannedError(UpstreamAuthError):
    """Home Assistant or a proxy before it does not let us in, whatever the token (HTTP 403)."""

    code = "home_assistant_forbidden"


class NotHomeAssistantError(UpstreamError):
    """Something answers at the configured address, but it is no Home Assistant API (HTTP 404)."""

    code = "home_assistant_not_there"


class SensorMissingError(UpstreamError):
    """Home Assistant has no such entity (HTTP 404)."""

    code = "sensor_missing"


class _State(BaseModel):
    state: str | None
    last_updated: AwareDatetime
    # Newer versions also say when an unchanged value was last confirmed.
    last_reported: AwareDatetime | None = None
    attributes: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class EntityState:
    """What an entity says now: its text, its unit ("" without one), when it last said so (UTC).

    ``state_class`` tells whether Home Assistant keeps statistics of it; "" without one.
    ``last_reset`` is when a counter that says so began anew.
    """

    text: str | None
    unit: str
    at: datetime
    state_class: str = ""
    last_reset: datetime | None = None


async def read_state(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str
) -> EntityState:
    """Return an entity's state; a missing entity is told apart from a wrong address."""
    try:
        reply = await _get(client, settings, f"/api/states/{quote(entity_id, safe='')}")
        state = _State.model_validate(reply)
    except NotFoundError:
        raise await _who_is_missing(client, settings, entity_id) from None
    except ValidationError as error:
        raise UpstreamError(f"{SOURCE}: unexpected reply for {entity_id}") from error
    unit = str(state.attributes.get("unit_of_measurement") or "")
    at = max(state.last_updated, state.last_reported or state.last_updated)
    state_class = str(state.attributes.get("state_class") or "")
    return EntityState(state.state, unit, at, state_class, _last_reset(state.attributes))


def _last_reset(attributes: dict[str, Any]) -> datetime | None:
    """Return when a counter says it began anew; one that never did may name the year 1970."""
    try:
        said = datetime.fromisoformat(str(attributes.get("last_reset") or ""))
    except ValueError:
        return None
    return said if said.tzinfo else None


async def read_history(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    *,
    unit: str,
    start: datetime,
    end: datetime,
) -> pl.DataFrame:
    """Return the recorded states of [start, end] (``POINTS``) in ``unit``, asked for by the day.

    ``unit`` is the one the entity has now; what it said in another one is converted, or a null
    where that cannot be. The first point of each day is the state in force when it began. A state
    that is no number is a null: nobody knows the value from there on.
    """
    found = pl.DataFrame(schema=POINTS)
    begin = start
    while begin < end:
        until = min(end, begin + _DAY)
        for part in await _history(client, settings, entity_id, unit, begin, until):
            found = pl.concat([found, _continued(found, part)])
        begin = until
    return found


def _continued(before: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    """Leave out the state a part begins with if it is the one before: nobody reported it then."""
    if before.is_empty() or part.is_empty() or part["value"][0] != before["value"][-1]:
        return part
    return part[1:]


async def _history(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    unit: str,
    begin: datetime,
    end: datetime,
) -> list[pl.DataFrame]:
    """Return the states of a stretch, in halves where it is too long for one answer."""
    try:
        return [await _history_day(client, settings, entity_id, unit, begin, end)]
    except TooLongError:
        if end - begin <= _SHORTEST:
            raise
    middle = begin + (end - begin) / 2
    halves = ((begin, middle), (middle, end))
    return [
        part for half in halves for part in await _history(client, settings, entity_id, unit, *half)
    ]


async def _history_day(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    entity_id: str,
    unit: str,
    begin: datetime,
    end: datetime,
) -> pl.DataFrame:
    reply = await _get(
        client,
        settings,
        f"/api/history/period/{quote(iso_utc(begin), safe='')}",
        # With attributes: a minimal response does not say in which unit a state was.
        params={"filter_entity_id": entity_id, "end_time": iso_utc(end)},
        max_bytes=HISTORY_DAY_BYTES,
    )
    return await asyncio.to_thread(points_of, reply, entity_id, unit=unit)


async def _who_is_missing(
    client: httpx.AsyncClient, settings: HomeAssistant, entity_id: str
) -> UpstreamError:
    """Return the error for a 404: the entity's, or the whole API's."""
    try:
        await _get(client, settings, "/api/")
    except NotFoundError:
        return NotHomeAssistantError(
            f"{SOURCE}: the address {settings.url} answers, but not as {SOURCE} does (HTTP 404); "
            "write home_assistant.url without a path, e.g. http://homeassistant.local:8123"
        )
    return SensorMissingError(
        f"{SOURCE} has no entity {entity_id}; check its name in the settings, "
        "and in Home Assistant under Developer tools, States"
    )


async def _get(
    client: httpx.AsyncClient,
    settings: HomeAssistant,
    path: str,
    *,
    params: dict[str, str] | None = None,
    max_bytes: int = _STATE_BYTES,
) -> Any:
    token = settings.token.get_secret_value() if settings.token else ""
    try:
        return await get_json(
            client,
            f"{settings.url}{path}",
            source=SOURCE,
            params=params,
            headers={"Authorization": f"Bearer {token}"},
            max_bytes=max_bytes,
        )
    except ForbiddenError as error:
        raise AddressBannedError(
            f"{SOURCE} refused access (HTTP 403); look for this machine's address in its "
            "ip_bans.yaml and in the rules of a proxy before it, then restart Home Assistant"
        ) from error
    except UnusableTokenError:
        raise
    except UpstreamAuthError as error:
        raise TokenRefusedError(
            f"{SOURCE} refused the token (HTTP 401); make a long-lived access token on your "
            "profile page in Home Assistant and put it into secrets.yaml as home_assistant.token"
        ) from error
