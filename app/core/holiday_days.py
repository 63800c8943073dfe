"""Public holidays by country and subdivision: red days of tariffs, and days nobody works.

The package that knows them keeps 17 MB for a list of 600 days. So it is asked once, in a process
that ends with the answer: ``python -m app.core.holiday_days QUESTION``.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from typing import Any

from app.core import own_process
from app.core.errors import DarkstarError

# Wide enough for every price a home can have stored or replays; one list costs 0.1 s, once.
_YEARS = range(2015, 2061)
_ASK_SECONDS = 60


@lru_cache(maxsize=8)
def holidays_of(country: str, subdivision: str | None, kinds: tuple[str, ...]) -> tuple[date, ...]:
    """Return the holidays of 2015 to 2060, oldest first.

    ``kinds`` are categories of the ``holidays`` package, e.g. ``public`` or ``de_facto`` (in
    Sweden the eves). Raises ``ValueError`` naming what is unknown and what there is.
    """
    return _asked("holidays", country, subdivision, kinds)


@lru_cache(maxsize=8)
def free_days_of(country: str) -> tuple[date, ...]:
    """Return the public holidays of 2015 to 2060 and the eves nobody works on, oldest first.

    None where the country is not known: its weekends are all that is free.
    """
    return _asked("free_days", country)


def _asked(*question: Any) -> tuple[date, ...]:
    """Return what a process of its own finds; raises ``ValueError`` with its words."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [*own_process.command(__name__), json.dumps(question)],
            env=own_process.environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DarkstarError(f"the public holidays cannot be looked up: {error}") from error
    answer = json.loads(done.stdout)
    if "unknown" in answer:
        raise ValueError(answer["unknown"])
    return tuple(map(date.fromisoformat, answer["days"]))


def _holidays(country: str, subdivision: str | None, kinds: Sequence[str]) -> list[date]:
    package = _package()
    known: dict[str, list[str]] = package.list_supported_countries()
    if country not in known:
        raise ValueError(_unknown("country", country, list(known), "a code such as SE"))
    if subdivision is not None and subdivision not in known[country]:
        raise ValueError(_unknown("subdivision", subdivision, known[country], "null"))
    offered = package.country_holidays(country).supported_categories
    for kind in kinds:
        if kind not in offered:
            raise ValueError(_unknown("kinds", kind, offered, "public"))
    found = package.country_holidays(
        country, subdiv=subdivision, years=_YEARS, categories=tuple(kinds) or None
    )
    return sorted(found)


def _free_days(country: str) -> list[date]:
    package = _package()
    if country not in package.list_supported_countries():
        return []
    offers = package.country_holidays(country)
    kinds = (*offers.default_category.split(), "de_facto")
    return _holidays(country, None, [kind for kind in kinds if kind in offers.supported_categories])


def _package() -> Any:
    return import_module("holidays")


def _unknown(field: str, value: str, known: Sequence[str], fix: str) -> str:
    near = get_close_matches(value, known, n=1)
    listed = ", ".join(sorted(known)) if len(known) <= 20 else ""  # noqa: PLR2004 - a line
    offer = f"did you mean {near[0]}?" if near else f"write one of {listed}" if listed else ""
    return f"tariff.holiday_{field} {value!r} is not known; {offer or f'write {fix}'}"


_ANSWERS: dict[str, Callable[..., list[date]]] = {"holidays": _holidays, "free_days": _free_days}


def _answer(what: str, *question: Any) -> str:
    """Return the days as JSON, or what is unknown."""
    ask = _ANSWERS[what]
    try:
        return json.dumps({"days": [day.isoformat() for day in ask(*question)]})
    except ValueError as unknown:
        return json.dumps({"unknown": str(unknown)})


if __name__ == "__main__":
    sys.stdout.write(_answer(*json.loads(sys.argv[1])))
