"""Public holidays by country and subdivision: red days of tariffs, and days nobody works."""

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from typing import Any

# Wide enough for every price a home can have stored or replays; one list costs 0.1 s, once.
_YEARS = range(2015, 2061)


@lru_cache(maxsize=8)
def holidays_of(country: str, subdivision: str | None, kinds: tuple[str, ...]) -> tuple[date, ...]:
    """Return the holidays of 2015 to 2060, oldest first.

    ``kinds`` are categories of the ``holidays`` package, e.g. ``public`` or ``de_facto`` (in
    Sweden the eves). Raises ``ValueError`` naming what is unknown and what there is.
    """
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
        country, subdiv=subdivision, years=_YEARS, categories=kinds or None
    )
    return tuple(sorted(found))


@lru_cache(maxsize=8)
def free_days_of(country: str) -> tuple[date, ...]:
    """Return the public holidays of 2015 to 2060 and the eves nobody works on, oldest first.

    None where the country is not known: its weekends are all that is free.
    """
    package = _package()
    if country not in package.list_supported_countries():
        return ()
    offers = package.country_holidays(country)
    kinds = (*offers.default_category.split(), "de_facto")
    return holidays_of(
        country, None, tuple(kind for kind in kinds if kind in offers.supported_categories)
    )


def _package() -> Any:
    # Loaded only where it is asked: the package costs 0.16 s at import.
    return import_module("holidays")


def _unknown(field: str, value: str, known: Sequence[str], fix: str) -> str:
    near = get_close_matches(value, known, n=1)
    listed = ", ".join(sorted(known)) if len(known) <= 20 else ""  # noqa: PLR2004 - a line
    offer = f"did you mean {near[0]}?" if near else f"write one of {listed}" if listed else ""
    return f"tariff.holiday_{field} {value!r} is not known; {offer or f'write {fix}'}"
