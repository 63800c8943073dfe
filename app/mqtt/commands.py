"""Commands that come by MQTT: understood or refused, then carried out as REST would.

A command is pressed (``PRESS``, or nothing at all) or sent with values as a JSON object. One of a
kind is carried out at a time; whatever goes wrong is said in an alert and changes nothing else.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.clock import slot_floor
from app.core.errors import DarkstarError, RunInProgressError
from app.core.frames import SLOT
from app.db import manual_actions as store
from app.manual.actions import Desk, Kept, NoSuchActionError
from app.manual.wish import Wish
from app.mqtt.discovery import BOOST_HOURS, PAUSE_HOURS, PRESS
from app.service.manual import desk
from app.service.services import Services
from app.settings.mqtt import Mqtt

MADE_FROM: Final = "mqtt"
MAX_PAYLOAD_BYTES: Final = 1024
SHOWN_BYTES: Final = 80


class CommandError(DarkstarError):
    """A command cannot be understood; the message says what can."""

    status = 422
    code = "command_invalid"


class Values(BaseModel):
    """What a command may be sent with."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NoValues(Values):
    """The command takes nothing."""


class Boost(Values):
    """How long to heat from the next slot on, in whole slots."""

    hours: Annotated[float, Field(ge=0.25, multiple_of=0.25)] = BOOST_HOURS


class Pause(Values):
    """How long to hold the battery at least, from now on."""

    hours: Annotated[float, Field(ge=0.25, multiple_of=0.25)] = PAUSE_HOURS


@dataclass(frozen=True, slots=True)
class Command:
    """One command as understood."""

    name: str
    values: Values


TAKES: Final[dict[str, type[Values]]] = {
    "run_planner": NoValues,
    "water_boost": Boost,
    "pause": Pause,
    "resume": NoValues,
}


def parse(name: str, payload: bytes, settings: Mqtt, *, retained: bool) -> Command:
    """Return the command; raises ``CommandError`` with the fix."""
    takes = TAKES.get(name)
    if takes is None:
        raise CommandError(f"there is no command {name[:40]!r}; send one of {', '.join(TAKES)}")
    if name not in settings.commands:
        raise CommandError(
            f"{name} may not be given by MQTT; add it to mqtt.commands in the settings if whoever "
            "may send to the broker may do that"
        )
    if retained:
        # The broker would send it again at every reconnection.
        raise CommandError(f"{name} was sent as a retained message; send it without retain")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise CommandError(f"{name}: {len(payload)} bytes are too many; send {PRESS}")
    if payload.strip() in {b"", PRESS.encode()}:
        return Command(name, takes.model_validate(_within(takes, settings)))
    try:
        given = json.loads(payload)
        values = takes.model_validate(given, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "payload"
        raise CommandError(f"{name}: {where}: {first['msg']}; {_how(takes)}") from None
    except (ValueError, RecursionError):
        shown = payload[:SHOWN_BYTES].decode("utf-8", "replace")
        raise CommandError(f"{name}: {shown!r} is no JSON; {_how(takes)}") from None
    hours = getattr(values, "hours", 0)
    if hours > settings.max_command_hours:
        if "hours" in values.model_fields_set:
            raise CommandError(
                f"{name}: {hours:g} hours are more than mqtt.max_command_hours, "
                f"{settings.max_command_hours:g}; send fewer"
            )
        values = takes.model_validate(_within(takes, settings))
    return Command(name, values)


def _within(takes: type[Values], settings: Mqtt) -> dict[str, float]:
    """Return the hours of a command that names none, no more than it may last."""
    hours = takes.model_fields.get("hours")
    return {} if hours is None else {"hours": min(hours.default, settings.max_command_hours)}


def _how(takes: type[Values]) -> str:
    if not takes.model_fields:
        return f"send {PRESS}"
    example = {name: field.default for name, field in takes.model_fields.items()}
    return f"send {PRESS}, or e.g. {json.dumps(example)}"


@dataclass(slots=True)
class Commands:
    """Carries commands out in the background, one of each name at a time."""

    services: Services
    _on: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def receive(self, name: str, payload: bytes, *, retained: bool) -> None:
        """Begin a command, or say in an alert why not; returns at once."""
        try:
            mqtt = self.services.job.settings.mqtt
            command = parse(name, payload, mqtt, retained=retained)
            if name in self._on:
                raise RunInProgressError(f"{name} is being carried out already")
        except DarkstarError as refusal:
            self._alert(name, refusal)
            return
        task = asyncio.get_running_loop().create_task(self._carry_out(command))
        self._on[name] = task
        task.add_done_callback(lambda _: self._on.pop(name))

    def _alert(self, name: str, error: DarkstarError) -> None:
        printable = f"{error}".encode("utf-8", "replace").decode()
        self.services.outbox.alert(error.code, about=name[:40], message=printable)

    async def _carry_out(self, command: Command) -> None:
        # The service waits for what is at work before it closes the database.
        with self.services.busy():
            try:
                await _DOES[command.name](self.services, command.values)
            except DarkstarError as error:
                self._alert(command.name, error)


async def _run_planner(services: Services, _values: Values) -> None:
    state = await services.run_planner(MADE_FROM)
    if state.last_error:
        about = f"planner_{state.last_outcome}"
        services.outbox.alert(about, about="run_planner", message=state.last_error)


async def _water_boost(services: Services, values: Values) -> None:
    hours = values.hours if isinstance(values, Boost) else Boost().hours
    async with desk(services, MADE_FROM) as at:
        start = slot_floor(at.now) + SLOT
        await _take_back_own(at, "water")
        wish = _wish("water", start, start + timedelta(hours=hours), "boost")
        _tell(services, "water_boost", await at.create([wish]))


async def _pause(services: Services, values: Values) -> None:
    hours = values.hours if isinstance(values, Pause) else Pause().hours
    async with desk(services, MADE_FROM) as at:
        start, until = slot_floor(at.now), at.now + timedelta(hours=hours)
        end = slot_floor(until) if slot_floor(until) == until else slot_floor(until) + SLOT
        # Whoever presses pause wants it to stop: what stands in the way is taken back, and told.
        await _take_back_own(at, "hold")
        kept = await at.create([_wish("hold", start, end, "pause")], replace=True)
        _tell(services, "pause", kept)


async def _resume(services: Services, _values: Values) -> None:
    async with desk(services, MADE_FROM) as at:
        if not await _take_back_own(at, "hold"):
            raise NoSuchActionError("no pause that was asked for by MQTT is in force")


async def _take_back_own(at: Desk, action: str) -> int:
    """Take back what MQTT asked for of one kind; return how many there were."""
    own = [
        each
        for each in await store.active(at.session, at=at.now)
        if each.action == action and each.created_from == MADE_FROM
    ]
    for each in own:
        await at.remove(each.id)
    return len(own)


def _wish(action: str, start: datetime, end: datetime, note: str) -> Wish:
    return Wish(action=action, start_at=start, end_at=end, note=f"{note} by MQTT")


def _tell(services: Services, about: str, kept: Kept) -> None:
    for notice in kept.notices:
        services.outbox.alert("notice", about=about, message=notice)


_DOES: Final[dict[str, Callable[[Services, Values], Awaitable[None]]]] = {
    "run_planner": _run_planner,
    "water_boost": _water_boost,
    "pause": _pause,
    "resume": _resume,
}
