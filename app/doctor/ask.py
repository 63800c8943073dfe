"""The doctor's questions to Home Assistant, a few at a time; the only part that does I/O."""

import asyncio
import math
from dataclasses import replace
from datetime import datetime
from typing import Final

import httpx

from app.core import clock
from app.core.errors import UpstreamAuthError, UpstreamError
from app.doctor.checks.entity import WINDOW, Answer
from app.doctor.checks.report import Connection, Report, State
from app.doctor.checks.roles import Mapped, mapped
from app.doctor.diagnose import diagnose
from app.ingest.home.ha_rest import (
    AddressBannedError,
    EntityState,
    NotHomeAssistantError,
    SensorMissingError,
    read_history,
    read_state,
)
from app.ingest.http.client import make_client
from app.settings import HomeAssistant, Settings

# Home Assistant often runs on a small machine, and a day of history is a query each.
AT_ONCE: Final = 3
TOTAL_SECONDS: Final = 90
_ADDRESS_FIX: Final = (
    "check home_assistant.url ({url}), that Home Assistant runs, and that this machine reaches it"
)
_SET_UP: Final = (
    "write home_assistant.url and home_assistant.token, then map entities such as "
    "home_assistant.battery_soc_entity_id"
)


async def examine(client: httpx.AsyncClient, settings: Settings, *, now: datetime) -> Report:
    """Ask for every mapped entity and examine the answers; never raises for what HA does."""
    home, wanted = settings.home_assistant, mapped(settings)
    start = now - WINDOW
    if not home.url:
        problem = "Home Assistant is not configured: there is nothing to examine"
        return Report(start, now, Connection.NOT_CONFIGURED, problem, fix=_SET_UP)
    if not wanted:
        return Report(start, now, Connection.OK, "", fix=_SET_UP)
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            answers = await _answers(client, home, wanted, now)
    except (UpstreamAuthError, NotHomeAssistantError) as error:
        # Their words are the problem and the fix.
        problem, _, fix = str(error).partition("; ")
        return Report(start, now, _refusal(error), problem, fix=fix)
    except TimeoutError:
        problem = f"Home Assistant did not answer every question within {TOTAL_SECONDS} s"
        fix = _ADDRESS_FIX.format(url=home.url)
        return Report(start, now, Connection.UNREACHABLE, problem, fix=fix)
    if all(answer.state is State.NOT_ASKED for answer in answers):
        fix = _ADDRESS_FIX.format(url=home.url)
        return Report(start, now, Connection.UNREACHABLE, answers[0].problem, fix=fix)
    return await asyncio.to_thread(diagnose, settings, answers, now=now)


async def examine_once(settings: Settings) -> Report:
    """Examine now, with a client of its own: for the command line."""
    async with make_client() as client:
        return await examine(client, settings, now=clock.now())


def _refusal(error: UpstreamError) -> Connection:
    if isinstance(error, NotHomeAssistantError):
        return Connection.WRONG_ADDRESS
    banned = isinstance(error, AddressBannedError)
    return Connection.FORBIDDEN if banned else Connection.UNAUTHORIZED


async def _answers(
    client: httpx.AsyncClient, home: HomeAssistant, wanted: tuple[Mapped, ...], now: datetime
) -> list[Answer]:
    """Ask for the first alone: a home that is away is not asked a dozen times."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Mapped) -> Answer:
        async with gate:
            return await _answer(client, home, each, now)

    first = await one(wanted[0])
    if first.state is State.NOT_ASKED:
        return [first]
    return [first, *await asyncio.gather(*(one(each) for each in wanted[1:]))]


async def _answer(
    client: httpx.AsyncClient, home: HomeAssistant, each: Mapped, now: datetime
) -> Answer:
    try:
        said = await read_state(client, home, each.entity_id)
        state, problem = _state(said, each.entity_id)
        answer = Answer(
            each, state, said.text or "", said.unit, said.state_class, said.at, problem=problem
        )
        points = await read_history(
            client, home, each.entity_id, unit=said.unit, start=now - WINDOW, end=now
        )
    except (UpstreamAuthError, NotHomeAssistantError):
        raise
    except SensorMissingError as error:
        return Answer(each, State.MISSING, problem=str(error).partition("; ")[0])
    except UpstreamError as error:
        return Answer(each, State.NOT_ASKED, problem=str(error))
    if points.drop_nulls().is_empty() and state is State.READ:
        problem = f"Home Assistant has no history of {each.entity_id} in the last 24 hours"
        return replace(answer, state=State.NO_HISTORY, problem=problem)
    return replace(answer, points=points)


def _state(said: EntityState, entity_id: str) -> tuple[State, str]:
    """Return what kind of value an entity has now, and the words for one that is none."""
    word = (said.text or "").strip().lower()
    if word == "unavailable":
        return State.UNAVAILABLE, f"{entity_id} is unavailable since {said.at:%d %b %H:%M} UTC"
    if word in {"", "unknown", "none"}:
        return State.UNKNOWN, f"{entity_id} is {word or 'empty'}"
    try:
        finite = math.isfinite(float(word))
    except ValueError:
        finite = False
    if finite:
        return State.READ, ""
    return State.INVALID, f"{entity_id} is {said.text!r}, not a number"
