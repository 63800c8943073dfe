"""What the other sensors of a sensor's device do: a value that stays is no silence while they move.

Over an integration that reports changes only, such as MQTT, Home Assistant 2025.4 moves neither
``last_updated`` nor ``last_reported`` of a value that is said again. Asked by WebSocket: the same
question to ``/api/template`` is an administrator's, and counts as a failed login for all others.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from app.core.errors import UpstreamError
from app.ingest.home.charge_level import Company
from app.ingest.home.ha_socket import SOURCE, ask_all
from app.settings import HomeAssistant

# Several questions in one conversation; a run would rather plan without.
PATIENCE_SECONDS: Final = 4
_COMMANDS: Final = ({"type": "config/entity_registry/list_for_display"}, {"type": "get_states"})
_LIVELY_UNITS: Final = frozenset({"W", "kW", "VA", "V", "A", "Hz"})
# They may move while the device behind a bridge is gone.
_NO_WITNESS: Final = frozenset({"duration", "signal_strength", "timestamp"})


class _Entity(BaseModel):
    ei: str
    di: str | None = None


class _Registry(BaseModel):
    entities: list[_Entity]


class _Said(BaseModel):
    entity_id: str
    state: str
    last_updated: AwareDatetime
    attributes: dict[str, Any] = {}


_States: Final = TypeAdapter(list[_Said])


async def read_companies(settings: HomeAssistant, ids: Iterable[str]) -> dict[str, Company]:
    """Return the company of each entity; without a device there is none. Raises ``UpstreamError``.

    The whole registry and all states are asked for: once, and only when a value has stood still.
    """
    wanted = tuple(ids)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            registry, states = await ask_all(settings, _COMMANDS)
    except TimeoutError as error:
        raise UpstreamError(f"{SOURCE} did not answer within {PATIENCE_SECONDS} s") from error
    return await asyncio.to_thread(_companies, registry, states, wanted)


def _companies(registry: Any, states: Any, wanted: Sequence[str]) -> dict[str, Company]:
    try:
        devices = {each.ei: each.di for each in _Registry.model_validate(registry).entities}
        said = _States.validate_python(states)
    except ValidationError as error:
        raise UpstreamError(f"{SOURCE}: unexpected shape of its entities") from error
    return {entity_id: _company(entity_id, devices, said) for entity_id in wanted}


def _company(entity_id: str, devices: Mapping[str, str | None], said: Sequence[_Said]) -> Company:
    device = devices.get(entity_id)
    if device is None:
        return Company()
    others = [
        each
        for each in said
        if each.entity_id != entity_id and devices.get(each.entity_id) == device
    ]
    heard = list(_quantities(others))
    return Company(
        max((each.last_updated for each in heard), default=None),
        is_lively=any(
            each.attributes["unit_of_measurement"] in _LIVELY_UNITS and float(each.state)
            for each in heard
        ),
    )


def _quantities(said: Sequence[_Said]) -> Iterator[_Said]:
    """Return the sensors that show a number with a unit, and can bear witness."""
    for each in said:
        about = each.attributes
        if not each.entity_id.startswith("sensor.") or not about.get("unit_of_measurement"):
            continue
        if about.get("device_class") in _NO_WITNESS:
            continue
        try:
            float(each.state)
        except ValueError:
            continue
        yield each


def confirmed_at(at: datetime, company: Company | None) -> datetime:
    """Return when a value was confirmed last: by itself, or by its device going on."""
    heard = company.heard_at if company else None
    return at if heard is None else max(at, heard)
