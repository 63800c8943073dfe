"""What the price providers share on the way from a request to prices in time."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app.core.errors import NotPublishedYetError
from app.ingest.http.client import Question, ask, parsed_json
from app.ingest.prices.day import Interval, Refusal, Wanted

# A plan waits for all of them, one after the other.
PATIENCE_SECONDS = 15.0
_Model = TypeVar("_Model", bound=BaseModel)
Prices = Sequence[tuple[datetime, float | None]]


async def asked(client: httpx.AsyncClient, question: Question, *, source: str) -> bytes:
    """Return the body of a provider's answer, or raise an ``UpstreamError`` soon."""
    brief = replace(question, total_seconds=PATIENCE_SECONDS)
    return await ask(client, brief, source=source)


async def asked_json(client: httpx.AsyncClient, question: Question, *, source: str) -> Any:
    """Return a provider's answer as parsed JSON."""
    return await parsed_json(await asked(client, question, source=source), source)


def validated(model: type[_Model], reply: object, wanted: Wanted) -> _Model:
    """Return a reply in the shape it must have; the error says where it has another."""
    try:
        return model.model_validate(reply)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its top"
        raise wanted.refused(Refusal.SHAPE, f"unexpected reply at {where}") from error


def evenly(prices: Prices, wanted: Wanted) -> list[Interval]:
    """Give every start its end, where a source tells starts only: the step is the same all day.

    Anything uneven is refused: a missing quarter must not make its neighbour half an hour long.
    """
    starts = sorted({start for start, _ in prices})
    steps = {later - start for start, later in pairwise(starts)}
    if len(steps) != 1:
        raise wanted.refused(
            Refusal.INCOMPLETE, f"{wanted.day} has {len(starts)} prices with gaps between them"
        )
    step = steps.pop()
    return [Interval(start, start + step, price) for start, price in prices]


def in_the_day(prices: Iterable[tuple[datetime, float | None]], wanted: Wanted) -> Prices:
    """Return what starts within the delivery day; raise ``NotPublishedYetError`` if nothing does.

    For sources that answer with more days than the one asked for.
    """
    slots = wanted.slots
    found = [each for each in prices if slots[0] <= each[0] <= slots[-1]]
    if not found:
        raise NotPublishedYetError(f"{wanted.source} has no prices for {wanted.day} yet")
    return found
